"""Stage 2 opens the judges that its recipe needs, notes who they are, and trains with them."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from irlib import cli, foundation, models
from irlib.data.embedded import EmbeddedPairs
from irlib.errors import UsageError
from irlib.foundation import Frozen, Source
from irlib.perceiver import PromptSet, save_prompts
from irlib.perceiver.stage_two import open_objective
from irlib.training import stage_two
from irlib.training.logs import read_log

DIM = 7


class StubDino(Frozen):
    def __init__(self):
        torch.manual_seed(0)
        super().__init__(nn.Linear(3, 4 * DIM), Source("pocket", "dino-pocket"))
        self.dim = DIM

    @torch.no_grad()
    def features(self, images):
        return list(self.network(images.mean(dim=(2, 3))).chunk(4, dim=1))


class StubVgg(Frozen):
    def __init__(self):
        torch.manual_seed(1)
        super().__init__(nn.Conv2d(3, 4, 3), Source("pocket", "vgg-pocket"))

    def features(self, images):
        return [F.avg_pool2d(self.network(images), 2**n) for n in range(4)]


@pytest.fixture
def judges(clip, tmp_path, monkeypatch):
    """Small random networks in place of the pocket ones, and prompts for the CLIP."""
    asked = []

    def load(name, network):
        return lambda source="pocket", *_, **__: asked.append((name, str(source))) or network

    monkeypatch.setattr(foundation, "load_clip", load("clip", clip))
    monkeypatch.setattr(foundation, "load_dino", load("dino", StubDino()))
    monkeypatch.setattr(foundation, "load_vgg", load("vgg", StubVgg()))
    save_prompts(PromptSet(clip), tmp_path / "prompts.safetensors")
    return tmp_path / "prompts.safetensors", asked


@pytest.fixture(scope="module")
def data():
    return EmbeddedPairs(patch=16, scenes=1, scene_size=48, photo_share=0.0, positive=True)


def test_the_recipe_notes_every_judge(judges, data, clip, tmp_path):
    prompts, asked = judges
    medium = models.create("restormer", preset_name="smoke")
    facts = {"recipe": {"tasks": ["denoise", "derain"]}}
    models.save_weights(medium, tmp_path / "medium.safetensors", **facts)
    plan, objective = open_objective(
        stage_two("smoke"), data, prompts=prompts, medium=tmp_path / "medium.safetensors"
    )
    assert set(plan.given) == {"dino", "clip", "prompts", "vgg", "medium"}
    assert plan.given["clip"] == clip.identity
    assert plan.config["semantic_dim"] == DIM
    assert objective.text.shape == (3, clip.dim)
    assert objective.valid.flatten().tolist() == [1, 0, 1, 0, 0], "a proxy of two tasks"
    assert len(objective.probe) == 5
    assert asked == [("dino", "pocket"), ("clip", "tiny-0.safetensors"), ("vgg", "pocket")]


def test_several_medium_networks_count_in_their_own_tasks(judges, data, tmp_path):
    prompts, _ = judges
    files = [tmp_path / f"{n}.safetensors" for n in range(3)]
    tasks = [["denoise", "derain"], ["dehaze"], None]
    for file, known in zip(files, tasks, strict=True):
        facts = {} if known is None else {"recipe": {"tasks": known}}
        models.save_weights(models.create("restormer", preset_name="smoke"), file, **facts)
    medium = [files[0], f"{files[1]}=denoise,lowlight", files[2]]
    plan, objective = open_objective(stage_two("smoke"), data, prompts=prompts, medium=medium)
    assert objective.valid.T.tolist() == [[1, 0, 1, 0, 0], [1, 0, 0, 0, 1], [1, 1, 1, 1, 1]]
    assert len(objective.proxies) == 3
    other = open_objective(stage_two("smoke"), data, prompts=prompts, medium=files)[0]
    assert other.given["medium"] != plan.given["medium"], "another mask is another run"
    assert len(plan.given["medium"].split()) == 3

    batch = torch.utils.data.default_collate([data[p] for p in range(5)])
    objective.before_step(0, models.create("perceive-ir", **plan.config))
    objective.reference = -100.0  # all very hard: 0.75 each
    restored = batch["degraded"].flip(-1)
    loss, seen = objective._away_from_others(restored, batch)
    assert seen["hard"] == 0
    features = objective.vgg.features
    expected = torch.zeros(())
    for n, task in enumerate(batch["task"].tolist()):
        image = {k: batch[k][n : n + 1] for k in ("degraded", "target")}
        own, clean, low = (
            features(x) for x in (restored[n : n + 1], image["target"], image["degraded"])
        )
        others = [
            features(p(image["degraded"]).clamp(0, 1))
            for p, valid in zip(objective.proxies, objective.valid[task], strict=True)
            if valid
        ]
        for level, weight in enumerate((1 / 12, 1 / 6, 1 / 3, 1.0)):
            apart = 2 * (low[level] - own[level]).abs().mean()
            apart += sum(0.75 * (o[level] - own[level]).abs().mean() for o in others)
            expected += weight * (clean[level] - own[level]).abs().mean() / apart / 5
    torch.testing.assert_close(loss, expected, rtol=1e-4, atol=1e-6)


def test_a_medium_network_of_other_tasks_is_refused(judges, data, tmp_path):
    file, facts = tmp_path / "m.safetensors", {"recipe": {"tasks": ["snow"]}}
    models.save_weights(models.create("restormer", preset_name="smoke"), file, **facts)
    plan = stage_two("smoke", without=["dino"], without_losses=["clip"])
    with pytest.raises(UsageError, match="would never count"):
        open_objective(plan, data, medium=[file])
    with pytest.raises(UsageError, match="did you mean 'derain'"):
        open_objective(plan, data, medium=[f"{file}=derian"])


def test_only_what_is_needed_is_opened(judges, data):
    _, asked = judges
    plan = stage_two("smoke", without=["dino"], without_losses=["clip", "dpl"])
    opened, objective = open_objective(plan, data)
    assert (opened.given, asked, objective.columns) == ({}, [], ("rec", "cl"))
    open_objective(stage_two("paper", without_losses=["clip"]), data)
    assert asked == [("dino", "pretrained"), ("vgg", "pretrained")]


def test_one_task_is_contrasted_with_other_images(judges, data):
    plan = stage_two("smoke", without=["dino"], without_losses=["clip", "dpl"])
    alone = EmbeddedPairs(("derain",), patch=16, scenes=1, scene_size=48, positive=True)
    assert open_objective(plan, alone)[0].negatives == "other_image"


def test_missing_prompts_say_how_to_get_some(judges, data, tmp_path):
    with pytest.raises(UsageError, match="irlib prompts train"):
        open_objective(stage_two("smoke"), data, prompts=tmp_path / "none.safetensors")


QUICK = ("--scale", "smoke", "--steps", "2", "--patch", "16", "--batch", "5", "--scenes", "1",
         "--accelerator", "cpu")  # fmt: skip


def test_it_trains_from_the_command_line(judges, tmp_path):
    prompts, _ = judges
    run = tmp_path / "run"
    models.save_weights(models.create("nafnet", preset_name="smoke"), tmp_path / "m.safetensors")
    medium = [str(tmp_path / "m.safetensors"), f"{tmp_path / 'm.safetensors'}=derain,deblur"]
    words = ["train", "perceive-ir", *QUICK, "--prompts", str(prompts), "--run", str(run)]
    words += ["--medium", *medium]
    assert cli.run([*words, "--backbone", "nafnet", "--without", "pgca", "cfe"]) == 0
    (row,) = read_log(run / "metrics.csv")
    assert set(row) >= {"rec", "clip", "dpl", "denominator", "hard"}
    assert "cl" not in row
    header = models.read_header(run / "weights.safetensors")
    assert header["config"]["backbone"] == "nafnet"
    assert header["facts"]["encoder"]["identity"] == StubDino().identity
    assert header["facts"]["recipe"]["given"]["vgg"] == StubVgg().identity
    restorer = models.as_restorer(
        models.load_weights(run / "weights.safetensors"), header["facts"], encoder=StubDino()
    )
    assert restorer(torch.rand(1, 3, 9, 9)).shape == (1, 3, 9, 9)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["perceive-ir", "--without", "dyno"], "dino"),
        (["perceive-ir", "--loss-weights", "cl"], "LOSS=X"),
        (["restormer", "--without-loss", "clip", "--medium", "x"], "--without-loss, --medium"),
    ],
)
def test_wrong_words_are_refused(words, says, capsys):
    assert cli.run(["train", *words, "--scale", "smoke"]) == 2
    assert says in capsys.readouterr().err


def test_weights_of_another_configuration_are_refused(judges, tmp_path, capsys):
    config = {**models.preset("perceive-ir", "smoke"), "semantic_dim": DIM + 1}
    models.save_weights(models.create("perceive-ir", **config), tmp_path / "w.safetensors")
    words = ["train", "perceive-ir", *QUICK, "--init", str(tmp_path / "w.safetensors")]
    assert cli.run([*words, "--without-loss", "clip"]) == 2
    assert "another semantic_dim" in capsys.readouterr().err


START = ("--without", "dino", "--without-loss", "clip", "dpl")


@pytest.mark.parametrize(
    ("plain", "words"),
    [
        ({"name": "restormer", "num_blocks": (1, 1, 2, 1), "dim": 10}, ()),
        ({"name": "nafnet"}, ("pgca",)),
    ],
    ids=["restormer", "nafnet"],
)
def test_training_starts_where_a_plain_network_is(plain, words, tmp_path, monkeypatch):
    torch.manual_seed(5)
    network = models.create(**plain, preset_name="smoke")
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.05 * torch.randn(parameter.shape))
    models.save_weights(network, tmp_path / "plain.safetensors")
    begun = {}

    def train(plan, folder, samples, *, init, **_):
        begun.update(plan=plan, init=init)
        raise KeyboardInterrupt

    monkeypatch.setattr("irlib.training.loop.train", train)
    words = ["train", "perceive-ir", *QUICK, *START[:2], *words, *START[2:], "--seed", "3",
             "--init", str(tmp_path / "plain.safetensors")]  # fmt: skip
    image = torch.rand(1, 3, 16, 32)
    assert cli.run(words) == 130
    assert begun["plan"].config["dim"] == network.config["dim"]
    assert begun["init"].config == models.create("perceive-ir", **begun["plan"].config).config
    with torch.no_grad():
        torch.testing.assert_close(begun["init"](image), network(image), atol=1e-5, rtol=0)
    again = begun["init"].state_dict()
    assert cli.run(words) == 130
    assert all(torch.equal(v, again[k]) for k, v in begun["init"].state_dict().items())


@pytest.mark.parametrize(
    ("name", "words", "says"),
    [
        ("nafnet", (), "--without pgca"),
        ("restormer", ("--backbone", "nafnet"), "Leave --backbone out"),
        ("promptir", (), "restormer or nafnet"),
    ],
)
def test_what_does_not_fit_is_told_before_anything_is_learned(name, words, says, tmp_path, capsys):
    models.save_weights(models.create(name, preset_name="smoke"), tmp_path / "w.safetensors")
    words = ["train", "perceive-ir", *QUICK, *words, "--init", str(tmp_path / "w.safetensors")]
    assert cli.run(words) == 2
    assert says in capsys.readouterr().err


def test_a_run_from_a_plain_network_trains(judges, tmp_path):
    models.save_weights(models.create("restormer", preset_name="smoke"), tmp_path / "w.safetensors")
    words = ["train", "perceive-ir", *QUICK, *START, "--init", str(tmp_path / "w.safetensors")]
    assert cli.run([*words, "--run", str(tmp_path / "run")]) == 0
    assert models.load_weights(tmp_path / "run" / "weights.safetensors").name == "perceive-ir"
