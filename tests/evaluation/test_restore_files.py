import pytest
import torch
from torch import nn

from irlib.data.images import NoSpaceError, Picture, read_image, write_image
from irlib.evaluation import restore_files as module
from irlib.evaluation.restore_files import restore_files
from irlib.evaluation.restore_plan import plan


@pytest.fixture
def album(tmp_path):
    folder = tmp_path / "album"
    folder.mkdir()
    image = torch.rand(3, 20, 30, generator=torch.Generator().manual_seed(0))
    deep = Picture(image[:1], bits=16, alpha=image[1:2])
    write_image(folder / "a.png", image)
    (folder / "b.png").write_bytes((folder / "a.png").read_bytes()[:200])
    write_image(folder / "c.png", deep.rgb(), deep)
    return folder


def test_a_bad_file_is_reported_and_the_rest_goes_on(album, tmp_path):
    jobs = plan([album], tmp_path / "out", side_by_side=True)
    outcomes = list(restore_files(nn.Identity(), jobs))
    assert [outcome.status for outcome in outcomes] == ["restored", "failed", "restored"]
    assert "b.png" in outcomes[1].reason
    written = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert written == ["a-side-by-side.png", "a.png", "c-side-by-side.png", "c.png"]
    same, deep = read_image(tmp_path / "out/a.png"), read_image(tmp_path / "out/c.png")
    assert torch.equal(same.pixels, read_image(album / "a.png").pixels)
    source = read_image(album / "c.png")
    assert (deep.bits, deep.grey) == (16, True)
    torch.testing.assert_close(deep.pixels, source.pixels, rtol=0, atol=1e-6)
    assert torch.equal(deep.alpha, source.alpha)
    assert read_image(tmp_path / "out/a-side-by-side.png").pixels.shape == (3, 20, 68)


def test_results_there_already_are_kept_unless_told_otherwise(album, tmp_path):
    jobs = plan([album / "a.png"], tmp_path)
    (tmp_path / "a.png").write_bytes(b"old")
    assert next(restore_files(nn.Identity(), jobs)).status == "kept"
    assert (tmp_path / "a.png").read_bytes() == b"old"
    assert next(restore_files(nn.Identity(), jobs, overwrite=True)).status == "restored"
    assert (tmp_path / "a.png").read_bytes() != b"old"


def test_a_full_disk_ends_the_work(album, tmp_path, monkeypatch):
    def full(path, *_):
        raise NoSpaceError(f"no space is left to write {path}.")

    monkeypatch.setattr(module, "write_image", full)
    with pytest.raises(NoSpaceError, match=r"a\.png"):
        list(restore_files(nn.Identity(), plan([album], tmp_path / "out")))
