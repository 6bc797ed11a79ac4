"""irlib: the library of the book on all-in-one image restoration.

One network that removes noise, haze, rain, blur and darkness without being told which. Import the
part you need, for example ``from irlib import degradations, models``; heavy libraries (Lightning,
Matplotlib, timm, open_clip, scikit-image) load when first used.
"""

import os

# A restoration network makes and drops large tensors all the time, and on Linux each new one costs
# a page fault for every 4 KB. With this PyTorch asks for pages of 2 MB; it reads the variable when
# the first tensor is made, so importing torch before irlib does no harm. THP_MEM_ALLOC_ENABLE=0
# keeps small pages.
os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")

__version__ = "0.1.0"
