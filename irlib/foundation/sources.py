"""Where the weights of a foundation model come from, and what to say when they are not there."""

import socket
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import getproxies

import irlib
from irlib.errors import IrlibError, UsageError
from irlib.registry import unknown_name

SHIPPED = Path(irlib.__file__).parent / "weights" / "foundation"
PROBE_SECONDS = 1.2


@dataclass(frozen=True)
class Source:
    """Where weights come from.

    Attributes:
        kind: "pretrained", "file" or "pocket".
        detail: What exactly: a repository of the Hub, the path as it was given, a shipped name.
        path: The file, once it has been found.
    """

    kind: str
    detail: str = ""
    path: Path | None = None

    def __str__(self) -> str:
        return f"{self.kind}: {self.detail}" if self.detail else self.kind


@dataclass(frozen=True)
class Published:
    """Published weights, and every place of this machine where they may already lie.

    Attributes:
        title: In words, such as "VGG-16 (ImageNet)".
        repository: On the Hugging Face Hub.
        files: Names there, best first.
        torch_hub: Names under torch.hub's checkpoints, where other libraries leave the same
            weights.
    """

    title: str
    repository: str
    files: tuple[str, ...]
    torch_hub: tuple[str, ...] = ()


def parse_source(source: str | Path | Source) -> Source:
    """Reads "pocket", "pretrained" or the path of a file.

    Raises:
        UsageError: Neither a known word nor a file.
    """
    if isinstance(source, Source):
        return source
    if source in ("pocket", "pretrained"):
        return Source(str(source))
    path = Path(source)
    if path.is_file():
        return Source("file", str(source), path)
    if path.suffix or len(path.parts) > 1:
        raise UsageError(
            f"no weights at {path}; give an existing .safetensors or .pt file, 'pocket' (ships "
            "with irlib) or 'pretrained' (the published weights)."
        )
    words = unknown_name("source", str(source), ["pocket", "pretrained"])
    raise UsageError(f"{words} Or give the path of a file.")


def locate(
    source: str | Path | Source, name: str, published: Published | None, *, download: bool = False
) -> Source:
    """Finds the file behind a source: shipped, given, in a cache, or fetched where asked.

    Args:
        source: See :func:`parse_source`.
        name: "clip", "dino", "vgg" or "namer".
        published: What "pretrained" means here; None where nobody has published any.
        download: Go to the network if the published weights are in no cache.

    Returns:
        The source with ``detail`` and ``path`` filled in.

    Raises:
        UsageError: An unknown word, a missing file, or "pretrained" where nothing was published.
        IrlibError: Published weights that are not on this machine; within two seconds, with what
            is missing, where it was looked for and how to go on.
    """
    source = parse_source(source)
    if source.kind == "file":
        return source
    if source.kind == "pocket":
        path = pocket_path(name)
        if not path.is_file():
            raise IrlibError(
                f"the pocket {name} is not installed: {path.name} is missing from irlib's "
                f"weights. Make it with `irlib foundation train {name} --ship`, or give a file."
            )
        return Source("pocket", path.stem, path)
    if published is None:
        raise UsageError(
            f"nobody has published weights of the {name}; give 'pocket', which ships with irlib, "
            f"or a file of `irlib foundation train {name}`."
        )
    found = find_cached(published)
    if found is None and not download:
        raise IrlibError(missing_words(published, "Nothing was downloaded: that was not asked for"))
    return found or _fetch(published)


def pocket_path(name: str) -> Path:
    """Where the shipped weights of "clip", "dino", "vgg" or "namer" lie, or will lie."""
    return SHIPPED / f"{name}-pocket.safetensors"


def find_cached(published: Published) -> Source | None:
    """Looks for published weights in the caches of this machine; never touches the network."""
    from huggingface_hub import try_to_load_from_cache

    for file in published.files:
        path = try_to_load_from_cache(published.repository, file)
        if isinstance(path, str):
            return Source("pretrained", published.repository, Path(path))
    for path in _torch_hub_files(published):
        if path.is_file():
            return Source("pretrained", path.stem, path)
    return None


def missing_words(published: Published, reason: str) -> str:
    """What is missing, where it was looked for and how to go on."""
    from huggingface_hub.constants import HF_HUB_CACHE

    places = [f"{' or '.join(published.files)} of {published.repository} in {HF_HUB_CACHE}"]
    places += [str(path) for path in _torch_hub_files(published)]
    return (
        f"the published weights of {published.title} are not on this machine; looked for "
        f"{', and for '.join(places)}. {reason}. Ways on: ask for the download (--download, or "
        "download=True); give a checkpoint file in place of 'pretrained'; or use 'pocket', which "
        "ships with irlib."
    )


def _torch_hub_files(published: Published) -> Sequence[Path]:
    from torch.hub import get_dir

    return [Path(get_dir()) / "checkpoints" / name for name in published.torch_hub]


def _fetch(published: Published) -> Source:
    """Downloads from the Hub into its cache, after making sure that there is a network at all."""
    from huggingface_hub import constants, hf_hub_download

    if constants.HF_HUB_OFFLINE:
        raise IrlibError(missing_words(published, "HF_HUB_OFFLINE forbids the download"))
    # Without name resolution the Hub's client tries again and again, for most of a minute.
    if not reachable(constants.ENDPOINT):
        host = urlsplit(constants.ENDPOINT).hostname
        raise IrlibError(missing_words(published, f"{host} could not be reached to download them"))
    reasons = []
    for file in published.files:
        try:
            path = hf_hub_download(published.repository, file)
            return Source("pretrained", published.repository, Path(path))
        except (OSError, ValueError, RuntimeError) as error:
            reasons.append(f"{file}: {str(error).strip().splitlines()[0][:150]}")
    raise IrlibError(missing_words(published, f"The download failed ({'; '.join(reasons)})"))


def reachable(address: str, seconds: float = PROBE_SECONDS) -> bool:
    """Whether a connection to an address, or to the proxy that stands before it, opens in time."""
    target = urlsplit(address)
    proxy = getproxies().get(target.scheme)
    if proxy:
        target = urlsplit(proxy if "//" in proxy else f"//{proxy}")
    port = target.port or (80 if target.scheme == "http" else 443)
    opened = threading.Event()

    def knock() -> None:
        try:
            socket.create_connection((target.hostname, port), timeout=seconds).close()
            opened.set()
        except OSError:
            pass

    # Name resolution takes no timeout, so it may only hold up a thread of its own.
    thread = threading.Thread(target=knock, daemon=True)
    thread.start()
    thread.join(seconds)
    return opened.is_set()
