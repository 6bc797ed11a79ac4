"""Pocket foundation models: small stand-ins for CLIP, DINOv2 and VGG, trained in minutes.

They learn from the photographs inside scikit-image and from dead leaves, so that the book needs no
download. ``irlib foundation train clip|dino|vgg|namer`` trains them, ``irlib foundation evidence``
shows what each has learned. Taught in the appendices; the namer in chapter 15.
"""
