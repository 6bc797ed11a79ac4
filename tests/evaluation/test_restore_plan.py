from pathlib import Path

import pytest

from irlib.errors import UsageError
from irlib.evaluation.restore_plan import plan


@pytest.fixture
def album(tmp_path):
    folder = tmp_path / "album"
    for name in ("a.png", "b.JPG", "c.gif", "notes.txt", ".hidden.png", "trip/a.png"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"x")
    return folder


def targets(jobs, output):
    return [job.target.relative_to(output).as_posix() for job in jobs]


def test_a_folder_means_its_images(album, tmp_path):
    out = tmp_path / "out"
    assert targets(plan([album], out), out) == ["a.png", "b.JPG", "c.png"]
    deep = plan([album], out, recursive=True)
    assert targets(deep, out) == ["a.png", "b.JPG", "c.png", "trip/a.png"]


def test_suffix_and_format(album, tmp_path):
    out = tmp_path / "out"
    jobs = plan([album], out, suffix="-restored", format="webp", side_by_side=True)
    assert targets(jobs, out) == ["a-restored.webp", "b-restored.webp", "c-restored.webp"]
    assert jobs[0].comparison == out / "a-restored-side-by-side.png"


def test_equal_names_get_numbers(album, tmp_path):
    out = tmp_path / "out"
    (album / "A.gif").write_bytes(b"x")
    jobs = plan([album / "a.png", album / "trip" / "a.png", album / "A.gif"], out)
    assert targets(jobs, out) == ["a.png", "a-2.png", "A-3.png"]
    assert [job.renamed for job in jobs] == [False, True, True]


def test_a_file_given_twice_is_restored_once(album, tmp_path):
    jobs = plan([album / "a.png", album, album / "trip" / ".." / "a.png"], tmp_path / "out")
    assert [job.source.name for job in jobs] == ["a.png", "b.JPG", "c.gif"]


def test_results_inside_the_folder_are_not_inputs(album):
    out = album / "restored"
    out.mkdir()
    (out / "a.png").write_bytes(b"x")
    assert len(plan([album], out, recursive=True)) == 4


@pytest.mark.parametrize(
    ("inputs", "options", "message"),
    [
        ([], {}, "no input"),
        (["missing"], {}, "no file or folder missing"),
        (["empty"], {}, "holds no image"),
        (["album"], {"output": "album"}, "would replace the input"),
        (["album"], {"output": "album/a.png"}, "is a file"),
        (["album"], {"output": "album/a.png/deeper"}, "a.png is a file"),
        (["album"], {"format": "gif"}, "unknown format 'gif'"),
        (["album"], {"suffix": "../x"}, "is a path"),
    ],
)
def test_wrong_use(album, monkeypatch, inputs, options, message):
    monkeypatch.chdir(album.parent)
    Path("empty").mkdir()
    with pytest.raises(UsageError, match=message):
        plan(inputs, **{"output": "out"} | options)


def test_a_folder_that_cannot_be_written_into_is_refused_before_restoring(
    album, tmp_path, monkeypatch
):
    monkeypatch.setattr("os.access", lambda path, mode: Path(path) != tmp_path)
    with pytest.raises(UsageError, match="nothing can be written"):
        plan([album], tmp_path / "new" / "out")
    assert plan([album], album / "out")


def test_a_suffix_allows_results_beside_the_inputs(album):
    assert plan([album], album, suffix="-restored")[0].target == album / "a-restored.png"
