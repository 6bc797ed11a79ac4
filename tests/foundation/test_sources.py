"""Where weights come from, and what is said when they are not there."""

import socket
import subprocess
import sys
import threading
import time

import pytest

from irlib.errors import IrlibError, UsageError
from irlib.foundation import parse_source, sources
from irlib.foundation.sources import Published, Source, locate, reachable

PUBLISHED = Published("Thing-1", "owner/thing", ("model.safetensors",), ("thing.pth",))


@pytest.fixture
def empty_caches(monkeypatch, tmp_path):
    """A machine without a cached file and without a network."""
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr("huggingface_hub.try_to_load_from_cache", lambda *_: None)
    monkeypatch.setattr("torch.hub.get_dir", lambda: str(tmp_path / "torch"))
    return tmp_path


@pytest.fixture
def no_network(monkeypatch):
    """Name resolution that never answers, the worst kind of no network."""
    over = threading.Event()

    def hang(*_args, **_options):
        over.wait(30)
        raise OSError("no answer")

    monkeypatch.setattr(sources, "getproxies", dict)
    monkeypatch.setattr(socket, "create_connection", hang)
    yield
    over.set()


def test_words_and_files_are_told_apart(tmp_path):
    file = tmp_path / "weights.safetensors"
    file.write_bytes(b"")
    assert parse_source("pocket") == Source("pocket")
    assert parse_source("pretrained").kind == "pretrained"
    assert parse_source(file) == Source("file", str(file), file)
    assert parse_source(Source("pocket")) == Source("pocket")
    assert str(parse_source(file)) == f"file: {file}"


def test_a_missing_file_and_a_misspelt_word_are_refused():
    with pytest.raises(UsageError, match=r"no weights at nowhere/clip.pt; give an existing"):
        parse_source("nowhere/clip.pt")
    with pytest.raises(UsageError, match="did you mean 'pretrained'"):
        parse_source("pretraind")


def test_the_cache_comes_first(empty_caches, monkeypatch):
    monkeypatch.setattr("huggingface_hub.try_to_load_from_cache", lambda *_: "/there/it/is")
    found = locate("pretrained", "vgg", PUBLISHED)
    assert (found.kind, found.detail) == ("pretrained", "owner/thing")
    assert str(found.path) == "/there/it/is"


def test_the_cache_of_torch_hub_is_looked_into_as_well(empty_caches):
    path = empty_caches / "torch" / "checkpoints" / "thing.pth"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"")
    assert locate("pretrained", "vgg", PUBLISHED).path == path


@pytest.mark.parametrize("download", [False, True])
def test_without_network_the_error_is_quick_and_says_how_to_go_on(
    download, empty_caches, no_network
):
    start = time.perf_counter()
    with pytest.raises(IrlibError) as caught:
        locate("pretrained", "vgg", PUBLISHED, download=download)
    assert time.perf_counter() - start < 2.0
    words = str(caught.value)
    for part in ("Thing-1", "model.safetensors of owner/thing", str(empty_caches), "thing.pth"):
        assert part in words
    assert "--download" in words
    assert "checkpoint file" in words
    assert "'pocket'" in words
    assert ("not asked for" in words) is not download
    assert ("could not be reached" in words) is download


def test_offline_by_the_variable_is_respected(empty_caches, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(IrlibError, match="HF_HUB_OFFLINE"):
        locate("pretrained", "vgg", PUBLISHED, download=True)


def test_nothing_is_fetched_unless_asked(empty_caches, monkeypatch):
    def fetch(*_args, **_options):
        raise AssertionError("went to the network")

    monkeypatch.setattr("huggingface_hub.hf_hub_download", fetch)
    monkeypatch.setattr(socket, "create_connection", fetch)
    with pytest.raises(IrlibError):
        locate("pretrained", "vgg", PUBLISHED)


def test_a_failed_download_names_its_reason(empty_caches, monkeypatch):
    def fetch(*_args, **_options):
        raise OSError("the line was cut\nand more")

    monkeypatch.setattr(sources, "reachable", lambda _: True)
    monkeypatch.setattr("huggingface_hub.hf_hub_download", fetch)
    with pytest.raises(IrlibError, match=r"model.safetensors: the line was cut\)"):
        locate("pretrained", "vgg", PUBLISHED, download=True)


def test_a_listening_port_is_reachable_and_a_closed_one_is_not(monkeypatch):
    monkeypatch.setattr(sources, "getproxies", dict)
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"http://127.0.0.1:{server.getsockname()[1]}"
        assert reachable(address)
        monkeypatch.setattr(sources, "getproxies", lambda: {"https": address})
        assert reachable("https://no-such-host.invalid")  # the proxy is asked instead
    assert not reachable("https://no-such-host.invalid")


def test_a_pocket_that_is_not_shipped_names_its_command(monkeypatch, tmp_path):
    monkeypatch.setattr(sources, "SHIPPED", tmp_path)
    with pytest.raises(IrlibError, match="irlib foundation train dino --ship"):
        locate("pocket", "dino", PUBLISHED)


def test_importing_the_package_loads_no_heavy_library():
    code = (
        "import irlib.foundation, sys; print(*[name for name in "
        "('open_clip', 'timm', 'torchvision', 'huggingface_hub', 'lightning') "
        "if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
