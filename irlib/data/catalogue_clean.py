"""Sets of clean photographs, to which noise is added: BSD400, WED, CBSD68, Urban100, Kodak24.

Counts are those of the published splits. Terms say what the authors' own pages or repositories
state, or that none was found there; they are no legal advice.
"""

from irlib.data.benchmark_layouts import Layout, Rule, berkeley_number, urban_number
from irlib.data.benchmarks import BENCHMARKS, Benchmark

_CBSD68 = """
    101085 101087 102061 103070 105025 106024 108005 108070 108082 109053 119082 12084 123074
    126007 130026 134035 14037 143090 145086 147091 148026 148089 157055 159008 160068 16077
    163085 167062 167083 170057 175032 175043 182053 189080 19021 196073 197017 208001 210088
    21077 216081 219090 220075 223061 227092 229036 236037 24077 241004 241048 253027 253055
    260058 271035 285079 291000 295087 296007 296059 299086 300091 302008 304034 304074 306005
    3096 33039 351093
"""
CBSD68_NAMES = tuple(_CBSD68.split())
"""The 68 test photographs, by their numbers in the Berkeley set."""

_BERKELEY_SIZES = frozenset({(481, 321), (321, 481)})
_BERKELEY_TERMS = "no licence file; research use, cite Martin et al. ICCV 2001"


def _images(words: str, *patterns: str, key: Rule = berkeley_number) -> Layout:
    return Layout(words, target=patterns, target_key=key)


CLEAN_SETS = (
    Benchmark(
        name="bsd400",
        title="BSD400",
        task="denoise",
        split="train",
        count=400,
        size="481x321 or 321x481",
        terms=_BERKELEY_TERMS,
        published_by="the Berkeley segmentation data set BSDS500 (its train and test images); "
        "Arbelaez et al., TPAMI 2011",
        folders=("BSD400", "BSDS500", "BSR/BSDS500", "denoise/BSD400", "Train/Denoise/BSD400"),
        layouts=(
            _images("images, with or without a leading a", "*"),
            _images("data/images/train and /test", "data/images/train/*", "data/images/test/*"),
            _images("images/train, images/test", "images/train/*", "images/test/*"),
            _images("train/, test/", "train/*", "test/*"),
            _images("images/", "images/*"),
        ),
        sizes=_BERKELEY_SIZES,
        forbidden=frozenset(CBSD68_NAMES),
    ),
    Benchmark(
        name="wed",
        title="WED",
        task="denoise",
        split="train",
        count=4744,
        size="varies",
        terms="research use, cite the paper; see its project page",
        published_by="Ma et al., Waterloo Exploration Database, TIP 2017; its project page",
        folders=("WED", "WaterlooED", "exploration_database_and_code", "denoise/WED"),
        layouts=(
            _images("images 00001 to 04744", "*"),
            _images("pristine_images/", "pristine_images/*"),
        ),
        names=tuple(f"{i:05d}" for i in range(1, 4745)),
    ),
    Benchmark(
        name="cbsd68",
        title="CBSD68",
        task="denoise",
        split="test",
        count=68,
        size="481x321 or 321x481",
        terms=_BERKELEY_TERMS,
        published_by="Martin et al., ICCV 2001 (the Berkeley photographs); the 68 are those of "
        "Roth and Black, Fields of Experts",
        folders=("CBSD68", "bsd68", "denoise/CBSD68", "denoise/bsd68", "test/denoise/bsd68"),
        layouts=(
            _images("images", "*"),
            _images("original_png/", "original_png/*"),
            _images("original/", "original/*"),
            _images("original_jpg/", "original_jpg/*"),
        ),
        sizes=_BERKELEY_SIZES,
        names=CBSD68_NAMES,
    ),
    Benchmark(
        name="urban100",
        title="Urban100",
        task="denoise",
        split="test",
        count=100,
        size="varies, about 1024x768",
        terms="none stated; research use, cite the paper",
        published_by="Huang, Singh and Ahuja, CVPR 2015; the SelfExSR project page",
        folders=("Urban100", "denoise/Urban100", "test/denoise/urban100"),
        layouts=(
            _images("images img_001 to img_100", "img_???.*", key=urban_number),
            _images("HR/", "HR/*", key=urban_number),
            _images("image_SRF_2/", "image_SRF_2/*_HR.*", key=urban_number),
            _images("image_SRF_4/", "image_SRF_4/*_HR.*", key=urban_number),
            _images("*_HR images", "*_HR.*", key=urban_number),
        ),
        names=tuple(f"img_{i:03d}" for i in range(1, 101)),
    ),
    Benchmark(
        name="kodak24",
        title="Kodak24",
        task="denoise",
        split="test",
        count=24,
        size="768x512 or 512x768",
        terms="released by Kodak for unrestricted use, as its collectors state",
        published_by="the Kodak lossless true colour image suite, collected by R. Franzen",
        folders=("Kodak24", "Kodak", "denoise/Kodak24", "test/denoise/Kodak24"),
        layouts=(_images("images kodim01 to kodim24", "*"),),
        sizes=frozenset({(768, 512), (512, 768)}),
        names=tuple(f"kodim{i:02d}" for i in range(1, 25)),
    ),
)
for _benchmark in CLEAN_SETS:
    BENCHMARKS.register(_benchmark.name)(_benchmark)
