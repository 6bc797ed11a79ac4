"""Training sets of networks that learn one task: Rain13K, DIV2K, Flickr2K.

Counts are those of the published splits. Terms say what the authors' own pages or repositories
state, or that none was found there; they are no legal advice.
"""

from irlib.data.benchmark_layouts import Layout
from irlib.data.benchmarks import BENCHMARKS, Benchmark

SINGLE_TASK_SETS = (
    Benchmark(
        name="rain13k",
        title="Rain13K",
        task="derain",
        split="train",
        count=13712,
        size="varies",
        terms="none stated; research use, cite the papers of the sets it was gathered from",
        published_by="Zamir et al., MPRNet, CVPR 2021, and Restormer, CVPR 2022; their project "
        "pages",
        folders=("Rain13K", "train/Rain13K", "Datasets/train/Rain13K", "derain/Rain13K"),
        layouts=(Layout("input/, target/", ("target/*",), ("input/*",)),),
    ),
    Benchmark(
        name="div2k",
        title="DIV2K train",
        task="denoise",
        split="train",
        count=800,
        size="varies, about 2040x1404",
        terms="academic research only; see its project page",
        published_by="Agustsson and Timofte, NTIRE 2017 (CVPR workshops); the DIV2K project page",
        folders=("DIV2K/DIV2K_train_HR", "DIV2K_train_HR", "DIV2K/train", "denoise/DIV2K", "DIV2K"),
        layouts=(Layout("images 0001 to 0800", target=("*",)),),
        names=tuple(f"{i:04d}" for i in range(1, 801)),
    ),
    Benchmark(
        name="flickr2k",
        title="Flickr2K",
        task="denoise",
        split="train",
        count=2650,
        size="varies, about 2040x1400",
        terms="none stated; research use, cite the paper",
        published_by="Timofte et al., NTIRE 2017 (CVPR workshops); the EDSR project page",
        folders=("Flickr2K/Flickr2K_HR", "Flickr2K_HR", "denoise/Flickr2K", "Flickr2K"),
        layouts=(Layout("images 000001 to 002650", target=("*",)),),
        names=tuple(f"{i:06d}" for i in range(1, 2651)),
    ),
)
for _benchmark in SINGLE_TASK_SETS:
    BENCHMARKS.register(_benchmark.name)(_benchmark)
