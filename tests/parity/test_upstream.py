"""Comparing with the authors' code in a checkout: equal, different, incomplete, of someone else."""

import importlib
import sys
from pathlib import Path
from types import ModuleType

import pytest
import torch
import typer
from torch import nn
from typer.testing import CliRunner

from irlib.cli.parity import parity
from irlib.errors import IrlibError, UsageError
from irlib.models import upstream
from irlib.models.checkout import class_from, imports_from
from irlib.models.upstream import compare_upstream, fill, find_upstream

FILE = "basicsr/models/archs/NAFNet_arch.py"


@pytest.fixture(autouse=True)
def small_images(monkeypatch):
    blocks = {"enc_blk_nums": [1], "middle_blk_num": 1, "dec_blk_nums": [1]}
    small = upstream.Upstream(
        (FILE,), "NAFNet", lambda: {"img_channel": 3, "width": 4, **blocks}, sizes=((2, 16, 8),)
    )
    monkeypatch.setitem(upstream.UPSTREAM, "nafnet", small)


def test_an_equal_network_is_equal(tmp_path, write_checkout):
    result = compare_upstream(write_checkout(tmp_path))
    assert result.passed, result
    assert (result.system, result.fixture) == ("nafnet", FILE)
    assert 0 < result.difference < 1e-5  # zero would mean that the same code ran twice
    assert result.first_differing_layer is None
    assert result.parameters > 1000


@pytest.mark.parametrize(
    ("change", "layer"),
    [
        (("eps=1e-6", "eps=1e-3"), "encoders.0.0.norm1"),
        (("AdaptiveAvgPool2d", "AdaptiveMaxPool2d"), "encoders.0.0.sca.1"),
        (("self.middle_blks(x)", "self.middle_blks(x.flip(2))"), "middle_blks.0.norm1"),
        (("return image +", "return 2 * image +"), "output"),
    ],
)
def test_a_different_network_is_found_with_the_layer(tmp_path, change, layer, write_checkout):
    result = compare_upstream(write_checkout(tmp_path, change))
    assert not result.passed
    assert result.difference > 1e-4
    assert result.first_differing_layer == layer


def test_weights_are_not_left_as_a_fresh_network_has_them():
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))
    network.register_parameter("gamma", nn.Parameter(torch.zeros(1, 4, 1, 1)))
    fill(network, seed=1)
    assert network.gamma.abs().min() > 0
    assert network[1].running_var.std() > 0
    assert network[1].num_batches_tracked == 0


def test_nothing_of_the_checkout_remains(tmp_path, write_checkout):
    mine = sys.modules["basicsr"] = ModuleType("basicsr")
    path = list(sys.path)
    try:
        compare_upstream(write_checkout(tmp_path))
        assert sys.modules["basicsr"] is mine
        assert not [name for name in sys.modules if name.startswith("basicsr.")]
        assert sys.path == path
        assert not list(tmp_path.rglob("__pycache__"))
    finally:
        del sys.modules["basicsr"]


def test_a_missing_folder_file_or_system_is_said(tmp_path, write_checkout):
    with pytest.raises(UsageError, match="no folder"):
        compare_upstream(tmp_path / "nowhere")
    with pytest.raises(UsageError, match=r"no checkout that irlib knows.*class NAFNet in basicsr"):
        compare_upstream(tmp_path)
    with pytest.raises(UsageError, match="no code of the authors of perceive-ir"):
        compare_upstream(tmp_path, "perceive-ir")
    with pytest.raises(UsageError, match="did you mean"):
        compare_upstream(tmp_path, "nafnt")
    root = write_checkout(tmp_path)
    with pytest.raises(UsageError, match="Expected one of restormer: class Restormer in"):
        compare_upstream(root, "restormer")
    with imports_from(root), pytest.raises(UsageError, match=r"no net/model\.py in"):
        class_from(root, "net/model.py", "NAFNet")


def test_another_class_is_said(tmp_path, write_checkout):
    root = write_checkout(tmp_path)
    expected = "has no class Naf; it has LayerNorm2d, NAFBlock, NAFNet"
    with imports_from(root), pytest.raises(UsageError, match=expected):
        class_from(root, FILE, "Naf")


def test_a_missing_package_or_file_of_the_checkout_is_said(tmp_path, write_checkout):
    root = write_checkout(tmp_path, ("from torch import nn\n\n\ndef", "import absent_p\n\n\ndef"))
    with pytest.raises(UsageError, match="needs the Python package 'absent_p'"):
        compare_upstream(root)
    (root / FILE).with_name("arch_util.py").unlink()
    with pytest.raises(UsageError, match=r"imports basicsr\.models\.archs\.arch_util, which the"):
        compare_upstream(root)


def test_code_that_is_no_python_or_stops_is_said(tmp_path, write_checkout):
    for number, (change, words) in enumerate(
        [
            (("def gate(x):", "def gate(x) s:"), r"NAFNet_arch\.py, line \d+, is no valid Python"),
            (("def gate(x):", "undefined_name\ndef gate(x):"), "stops on import: NameError"),
            (("levels = len", "levels = length"), "stops when it is made: NameError"),
            (("skips.pop()", "skips.pop().cuda(99)"), "stops when it restores: "),
        ]
    ):
        root = write_checkout(tmp_path / str(number), change)
        with pytest.raises(IrlibError, match=words):
            compare_upstream(root)


def test_tensors_that_do_not_fit_are_said(tmp_path, write_checkout):
    root = write_checkout(tmp_path, ("self.norm1,", "self.extra = nn.Linear(1, 1); self.norm1,"))
    with pytest.raises(UsageError, match=r"extra\.weight"):
        compare_upstream(root)


def test_finding_out_whose_checkout_it_is_runs_nothing(tmp_path):
    (tmp_path / "net").mkdir()
    stop = "raise SystemExit\n"
    (tmp_path / "net" / "model.py").write_text(f"{stop}class PromptIR(nn.Module):\n    pass\n")
    assert find_upstream(tmp_path) == ("promptir", "net/model.py")


def test_every_system_compared_is_one_we_have():
    from irlib.models import list_models

    assert set(upstream.UPSTREAM) <= set(list_models())
    for name, it in upstream.UPSTREAM.items():
        assert all(Path(file).suffix == ".py" for file in it.files), name
        assert it.arguments()


AIRNET = """
from mmcv.ops import modulated_deform_conv2d
from torch import nn

class AirNet(nn.Module):
    def __init__(self, opt):
        super().__init__()
        self.operator = modulated_deform_conv2d
        raise ValueError(f"batch {opt.batch_size}, {modulated_deform_conv2d.__name__}")
"""


def checkout_of(root, file, text):
    path = root / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return root


def test_an_operator_of_a_package_that_is_not_installed_is_stood_in_for(tmp_path):
    root = checkout_of(tmp_path, "net/model.py", AIRNET)
    if "mmcv" not in sys.modules:
        with pytest.raises(IrlibError, match=r"ValueError: batch 5, modulated_deform_conv2d"):
            compare_upstream(root)
        assert not [name for name in sys.modules if name.split(".")[0] in ("mmcv", "net")]


def test_what_stands_in_is_named_and_gone_afterwards(tmp_path):
    with imports_from(tmp_path, {"absent_p.ops": lambda: {"three": 3}}) as stood_in:
        assert stood_in == ["absent_p"]
        assert importlib.import_module("absent_p.ops").three == 3
    assert not [name for name in sys.modules if name.startswith("absent_p")]
    with imports_from(tmp_path, {"torch.ops": dict}) as stood_in:
        assert stood_in == []  # what is installed is used


def test_the_stand_in_is_a_convolution_where_nothing_is_deformed():
    operator = upstream.UPSTREAM["airnet"].stand_ins["mmcv.ops"]()["modulated_deform_conv2d"]
    x, weight = torch.rand(2, 4, 6, 5), torch.rand(3, 4, 3, 3)
    offset, mask = torch.zeros(2, 18, 6, 5), torch.ones(2, 9, 6, 5)
    given = operator(x, offset, mask, weight, None, 1, 1, 1, 1, 1)
    assert torch.allclose(given, nn.functional.conv2d(x, weight, padding=1), atol=1e-5)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_code_that_asks_for_a_gpu_is_refused_without_one(tmp_path):
    text = "class PromptIR:\n    linear_text = None\n"
    root = checkout_of(tmp_path, "net/model.py", text)
    assert find_upstream(root)[0] == "am-promptir"
    with pytest.raises(UsageError, match="moves tensors to a GPU by itself"):
        compare_upstream(root)


def test_what_networks_are_told_fits_ours():
    from irlib import models

    images, generator = torch.rand(2, 3, 32, 32), torch.Generator().manual_seed(0)
    small = {
        "dfpir": {"dim": 8, "num_blocks": (1, 1, 1, 1), "num_refinement_blocks": 1},
        "instructir": {"dim": 4, "encoder_blocks": (1,), "decoder_blocks": (1,), "text_dim": 16},
        "am-promptir": {"dim": 16, "num_blocks": (1, 1, 1, 1), "num_refinement_blocks": 1},
    }
    for name, config in small.items():
        _, ours = upstream.UPSTREAM[name].told(images, generator)
        with torch.no_grad():
            assert models.create(name, **config).eval()(images, *ours).shape == images.shape


def run(*arguments: str):
    app = typer.Typer()
    app.command()(parity)
    return CliRunner().invoke(app, list(arguments))


def test_the_command_prints_the_table_and_its_status(tmp_path, write_checkout):
    answer = run("--upstream", str(write_checkout(tmp_path / "a")))
    assert answer.exit_code == 0
    assert "Running the authors' code" in answer.output
    assert "1 of 1 within 1e-05" in answer.output
    different = write_checkout(tmp_path / "b", ("eps=1e-6", "eps=1e-3"))
    answer = run("--upstream", str(different), "--system", "nafnet")
    assert answer.exit_code == 1
    assert "DIFFERS, first in encoders.0.0.norm1" in answer.output


def test_the_command_warns_and_refuses_what_makes_no_sense(tmp_path):
    help_text = " ".join(run("--help").output.replace("│", " ").split())
    assert "This runs the code in it" in help_text
    assert isinstance(run("--system", "nafnet").exception, UsageError)
    both = run("--fixtures", str(tmp_path), "--upstream", str(tmp_path))
    assert isinstance(both.exception, UsageError)
