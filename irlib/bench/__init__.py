"""How fast this machine makes training pairs and runs networks, always beside another way.

The other way is kept here: loaders that decode a file for each pair, and plain networks that follow
their specification layer by layer (``plain_*``), with the weights of ours.
"""
