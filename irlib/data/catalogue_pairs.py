"""Sets of pairs, and two without references: rain, haze, blur, low light, underwater, CDD-11.

Counts are those of the published splits. Terms say what the authors' own pages or repositories
state, or that none was found there; they are no legal advice.
"""

from irlib.data.benchmark_layouts import (
    Layout,
    before_underscore,
    haze_scene,
    rain_number,
    scene_and_stem,
)
from irlib.data.benchmarks import BENCHMARKS, Benchmark

CDD11_GROUPS = (
    "low",
    "haze",
    "rain",
    "snow",
    "low_haze",
    "low_rain",
    "low_snow",
    "haze_rain",
    "haze_snow",
    "low_haze_rain",
    "low_haze_snow",
)
"""The eleven sub-degradations of CDD-11, folder names as its authors write them."""

# The photographs are Berkeley's; several code bases cut the last row and column off.
_RAIN_SIZES = frozenset({(481, 321), (321, 481), (480, 320), (320, 480)})
_NONE_STATED = "none stated; research use, cite the paper"
_INPUT_TARGET = ("input/, target/", ("target/*",), ("input/*",))


def _rain(words: str, degraded: str, target: str) -> Layout:
    return Layout(words, (target,), (degraded,), target_key=rain_number, degraded_key=rain_number)


def _haze(words: str, target: str, *degraded: str) -> Layout:
    return Layout(words, (target,), degraded, degraded_key=haze_scene, named_by_stem=True)


_RAIN_LAYOUTS = (
    _rain("rainy/rain-X, gt/norain-X", "rainy/*", "gt/*"),
    _rain("rain/X2/norain-Xx2, norain/norain-X", "rain/X2/*", "norain/*"),
    _rain("rain/rain-X, norain/norain-X", "rain/*", "norain/*"),
    _rain("input/, target/", "input/*", "target/*"),
    _rain("rainy/rain-X beside norain-X", "rainy/rain-*", "norain-*"),
    _rain("rain-X and norain-X in one folder", "rain-*", "norain-*"),
)
_SOTS_LAYOUTS = (
    _haze("hazy/0001_0.8_0.2, gt/0001", "gt/*", "hazy/*"),
    _haze("hazy/, clear/", "clear/*", "hazy/*"),
    _haze("synthetic/, original/", "original/*", "synthetic/*", "synthetic/*/*"),
    _haze("input/, target/", "target/*", "input/*"),
    _haze("IN/, GT/", "gt/*", "in/*"),
)
_GOPRO_LAYOUTS = (
    Layout(
        "<scene>/blur, <scene>/sharp",
        ("*/sharp/*",),
        ("*/blur/*",),
        target_key=scene_and_stem,
        degraded_key=scene_and_stem,
    ),
    Layout("blur/, sharp/", ("sharp/*",), ("blur/*",)),
    Layout(*_INPUT_TARGET),
)
_LOL_LAYOUTS = (Layout("low/, high/", ("high/*",), ("low/*",)), Layout(*_INPUT_TARGET))


def _cdd11(name: str, split: str, count: int, folders: tuple[str, ...]) -> Benchmark:
    return Benchmark(
        name=name,
        title=f"CDD-11 {split}",
        task="composite",
        split=split,
        count=count,
        size="1080x720",
        terms=_NONE_STATED,
        published_by="Guo et al., OneRestore, ECCV 2024; the OneRestore project page",
        folders=folders,
        layouts=(
            Layout(
                "clear/ and one folder for each of the 11 sub-degradations",
                ("clear/*",),
                tuple(f"{group}/*" for group in CDD11_GROUPS),
                group=lambda path: path.parts[-2].lower(),
            ),
            Layout(
                "input/NAME_low_haze, target/NAME",
                *_INPUT_TARGET[1:],
                degraded_key=before_underscore,
                group=lambda path: path.stem.partition("_")[2].lower(),
            ),
        ),
        sizes=frozenset({(1080, 720), (720, 1080)}),
        groups=CDD11_GROUPS,
        inputs_per_target=len(CDD11_GROUPS),
    )


PAIR_SETS = (
    Benchmark(
        name="rain100l",
        title="Rain100L",
        task="derain",
        split="test",
        count=100,
        size="481x321 or 321x481",
        terms=_NONE_STATED,
        published_by="Yang et al., Deep Joint Rain Detection and Removal, CVPR 2017",
        folders=("Rain100L", "rain_data_test_Light", "derain/Rain100L", "test/derain/Rain100L"),
        layouts=_RAIN_LAYOUTS,
        sizes=_RAIN_SIZES,
        names=tuple(str(i) for i in range(1, 101)),
    ),
    Benchmark(
        name="raintrainl",
        title="RainTrainL",
        task="derain",
        split="train",
        count=200,
        size="481x321 or 321x481",
        terms=_NONE_STATED,
        published_by="Yang et al., Deep Joint Rain Detection and Removal, CVPR 2017",
        folders=("RainTrainL", "rain_data_train_Light", "Train/Derain", "derain/RainTrainL"),
        layouts=_RAIN_LAYOUTS,
        sizes=_RAIN_SIZES,
        names=tuple(str(i) for i in range(1, 201)),
    ),
    Benchmark(
        name="ots",
        title="RESIDE OTS",
        task="dehaze",
        split="train",
        count=72135,
        size="varies, about 550x413",
        terms=_NONE_STATED,
        published_by="Li et al., RESIDE, TIP 2019; the RESIDE project page (the 2,061 scenes "
        "that the all-in-one papers use, 35 hazes each)",
        folders=("OTS", "RESIDE/OTS", "RESIDE_OTS", "Train/Dehaze", "dehaze/OTS"),
        layouts=(
            _haze(
                "synthetic/partN/NAME_A_beta, original/NAME",
                "original/*",
                "synthetic/*",
                "synthetic/*/*",
            ),
            _haze("haze/partN, clear/", "clear/*", "haze/*", "haze/*/*"),
            _haze("hazy/, clear/", "clear/*", "hazy/*", "hazy/*/*"),
            _haze("input/, target/", "target/*", "input/*"),
        ),
        inputs_per_target=35,
        spare_targets=True,
    ),
    Benchmark(
        name="sots-outdoor",
        title="RESIDE SOTS-outdoor",
        task="dehaze",
        split="test",
        count=500,
        size="varies, about 550x413",
        terms=_NONE_STATED,
        published_by="Li et al., RESIDE, TIP 2019; the RESIDE project page",
        folders=(
            "SOTS_outdoor",
            "SOTS/outdoor",
            "RESIDE/SOTS/outdoor",
            "SOTS",
            "dehaze/SOTS",
            "test/dehaze",
        ),
        layouts=_SOTS_LAYOUTS,
        inputs_per_target=None,
    ),
    Benchmark(
        name="gopro",
        title="GoPro test",
        task="deblur",
        split="test",
        count=1111,
        size="1280x720",
        terms="see the authors' page; research use, cite the paper",
        published_by="Nah, Kim and Lee, CVPR 2017; the DeepDeblur project page",
        folders=("GOPRO_Large/test", "GoPro/test", "test/GoPro", "GoPro", "deblur/GoPro"),
        layouts=_GOPRO_LAYOUTS,
        sizes=frozenset({(1280, 720)}),
    ),
    Benchmark(
        name="gopro-train",
        title="GoPro train",
        task="deblur",
        split="train",
        count=2103,
        size="1280x720",
        terms="see the authors' page; research use, cite the paper",
        published_by="Nah, Kim and Lee, CVPR 2017; the DeepDeblur project page",
        folders=("GOPRO_Large/train", "GoPro/train", "train/GoPro", "Train/Deblur"),
        layouts=_GOPRO_LAYOUTS,
        sizes=frozenset({(1280, 720)}),
    ),
    Benchmark(
        name="lol",
        title="LOL test (eval15)",
        task="lowlight",
        split="test",
        count=15,
        size="600x400",
        terms=_NONE_STATED,
        published_by="Wei et al., Deep Retinex Decomposition, BMVC 2018; the RetinexNet page",
        folders=(
            "LOL/eval15",
            "LOLdataset/eval15",
            "LOL-v1/eval15",
            "eval15",
            "LOL_eval15",
            "LOL/test",
            "LOL",
        ),
        layouts=_LOL_LAYOUTS,
        sizes=frozenset({(600, 400)}),
    ),
    Benchmark(
        name="lol-train",
        title="LOL train (our485)",
        task="lowlight",
        split="train",
        count=485,
        size="600x400",
        terms=_NONE_STATED,
        published_by="Wei et al., Deep Retinex Decomposition, BMVC 2018; the RetinexNet page",
        folders=(
            "LOL/our485",
            "LOLdataset/our485",
            "LOL-v1/our485",
            "our485",
            "LOL_our485",
            "LOL/train",
        ),
        layouts=_LOL_LAYOUTS,
        sizes=frozenset({(600, 400)}),
    ),
    Benchmark(
        name="uieb",
        title="UIEB",
        task="underwater",
        split="train and test",
        count=890,
        size="varies",
        terms="CC BY-NC-ND 4.0; academic use only",
        published_by="Li et al., UIEB, TIP 2020; the Water-Net project page",
        folders=("UIEB", "underwater/UIEB"),
        layouts=(
            Layout("raw-890/, reference-890/", ("reference-890/*",), ("raw-890/*",)),
            Layout("raw/, reference/", ("reference/*",), ("raw/*",)),
            Layout(*_INPUT_TARGET),
        ),
    ),
    Benchmark(
        name="uieb-c60",
        title="UIEB challenge set (C60)",
        task="underwater",
        split="test",
        count=60,
        size="varies",
        terms="CC BY-NC-ND 4.0; academic use only",
        published_by="Li et al., UIEB, TIP 2020; the Water-Net project page",
        folders=("UIEB/challenging-60", "challenging-60", "C60", "UIEB/C60", "UIEB_C60"),
        layouts=(
            Layout("images without references", degraded=("*",)),
            Layout("input/", degraded=("input/*",)),
        ),
    ),
    Benchmark(
        name="u45",
        title="U45",
        task="underwater",
        split="test",
        count=45,
        size="256x256",
        terms="no licence file; asks to cite the paper",
        published_by="Li, Li and Wang, A Fusion Adversarial Underwater Image Enhancement Network "
        "with a Public Test Dataset, 2019; its repository",
        folders=("U45", "underwater/U45", "real/underwater"),
        layouts=(Layout("images without references", degraded=("*",)),),
        sizes=frozenset({(256, 256)}),
    ),
    Benchmark(
        name="lsui",
        title="LSUI",
        task="underwater",
        split="train and test",
        count=4279,
        size="varies",
        terms="the authors' repository is MIT; cite the paper",
        published_by="Peng, Zhu and Bian, U-shape Transformer, TIP 2023; its project page",
        folders=("LSUI", "underwater/LSUI"),
        layouts=(Layout("input/, GT/", ("gt/*",), ("input/*",)), Layout(*_INPUT_TARGET)),
    ),
    _cdd11("cdd11", "test", 2200, ("CDD-11_test", "CDD11", "CDD-11/test", "CDD-11_test_100")),
    _cdd11("cdd11-train", "train", 13013, ("CDD-11_train", "CDD-11/train")),
)
for _benchmark in PAIR_SETS:
    BENCHMARKS.register(_benchmark.name)(_benchmark)
