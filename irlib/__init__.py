"""irlib: the library of the book on all-in-one image restoration.

One network that removes noise, haze, rain, blur and darkness without being told which. Import the
part you need, for example ``from irlib import degradations, models``; heavy libraries (Lightning,
Matplotlib, timm, open_clip, scikit-image) load when first used.
"""

__version__ = "0.1.0"
