"""``irlib train --init``: from the authors' checkpoints too, without running code from them."""

import torch

from irlib import cli, models
from irlib.models.official_names import official_name

QUICK = ("--scale", "smoke", "--steps", "1", "--batch", "1", "--scenes", "1")


def published(path):
    """A NAFNet of its own widths, by the authors' names, as they wrap it."""
    torch.manual_seed(0)
    small = {"encoder_blocks": (1, 1), "middle_blocks": 1, "decoder_blocks": (1, 1)}
    network = models.create("nafnet", dim=4, **small).eval()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.02 * torch.randn(parameter.shape))
    state = {official_name("nafnet", key): t for key, t in network.state_dict().items()}
    torch.save({"params": state}, path)
    return network


def test_training_goes_on_from_an_authors_checkpoint(tmp_path):
    network = published(tmp_path / "theirs.pth")
    words = ["train", "nafnet", *QUICK, "--accelerator", "cpu", "--rate", "1e-9"]
    words += ["--init", str(tmp_path / "theirs.pth"), "--run", str(tmp_path / "run")]
    assert cli.run(words) == 0
    trained = models.load_weights(tmp_path / "run" / "weights.safetensors")
    assert trained.config == network.config
    image = torch.rand(1, 3, 16, 16)
    with torch.no_grad():
        torch.testing.assert_close(trained(image), network(image), atol=1e-5, rtol=0)


def test_a_checkpoint_of_another_network_is_refused_before_the_long_part(tmp_path, capsys):
    published(tmp_path / "theirs.pth")
    words = ["train", "restormer", *QUICK, "--init", str(tmp_path / "theirs.pth")]
    assert cli.run(words) == 2
    assert "not a checkpoint of restormer" in capsys.readouterr().err


def test_a_checkpoint_that_holds_code_is_refused(tmp_path, capsys):
    class Dangerous:
        def __reduce__(self):
            return exec, ("raise SystemExit('code of a checkpoint was run')",)

    torch.save({"params": Dangerous()}, tmp_path / "theirs.pth")
    words = ["train", "nafnet", *QUICK, "--init", str(tmp_path / "theirs.pth")]
    assert cli.run(words) == 1
    assert "reads tensors only" in capsys.readouterr().err
