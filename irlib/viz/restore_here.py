"""The page "Restore a photograph here": what the browser loads, made when the book is built.

npm fetches onnxruntime-web once, when ``make`` installs irlib, and it is kept beside the
interpreter; its files are checked. The network is exported. Both are written as scripts, because a
page opened from a folder may load scripts and no other files. Where npm or the exporter is absent,
the page says so and the book is whole without.
"""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
from html import escape
from pathlib import Path
from typing import Any

from irlib.errors import IrlibError
from irlib.viz.pages import raw, write_page

NAME = "restore-here"
#: The smallest of the shipped networks whose training was not cut to an equal budget.
WEIGHTS = "promptir-pocket"
PACKAGE = "onnxruntime-web"
#: Script of the book, and the file of the package or the network that it hands to the page.
PAYLOADS = {
    "ort": "dist/ort.wasm.min.js",
    "glue": "dist/ort-wasm-simd-threaded.mjs",
    "wasm": "dist/ort-wasm-simd-threaded.wasm",
}
#: The samples: photograph, degradation, and what the page calls them.
SAMPLES = {
    "noise": ("chelsea", "noise25", "a cat, noise of σ = 25"),
    "haze": ("rocket", "haze", "a rocket, haze"),
    "lowlight": ("coffee", "lowlight", "a cup of coffee, too little light"),
}
SIDE = 256
_MINUTES_OF_NPM = 3


def make_files(folder: Path, package: Path) -> Path:
    """Writes the scripts that the page loads, unless they are there already.

    Args:
        folder: Where to write them.
        package: The ``package.json`` that names the version and the files' SHA-256.

    Raises:
        IrlibError: npm or the exporter is absent or fails; the message says which.
    """
    from irlib.ledger import sha256_of_file
    from irlib.models.weights import weights_path

    asked = json.loads(package.read_text(encoding="utf-8"))
    recipe = Path(__file__).read_bytes() + package.read_bytes()
    made = {
        "recipe": hashlib.sha256(recipe).hexdigest(),
        "weights": sha256_of_file(weights_path(WEIGHTS)),
    }
    stamp = folder / "made.json"
    if stamp.is_file() and json.loads(stamp.read_text(encoding="utf-8")) == made:
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    files = _checked(fetch(package), asked["files_sha256"])
    for name, member in PAYLOADS.items():
        _write_payload(folder, name, files[member])
    _write_payload(folder, "model", _network())
    write_page(folder / "samples.js", f"globalThis.irlibRestore.samples = {_samples()};\n")
    write_page(stamp, json.dumps(made) + "\n")
    return folder


def fetch(package: Path) -> Path:
    """The package's archive, from beside the interpreter or else through npm.

    Args:
        package: The ``package.json`` that names the version.

    Raises:
        IrlibError: npm is absent or delivers nothing.
    """
    version = json.loads(package.read_text(encoding="utf-8"))["dependencies"][PACKAGE]
    kept = Path(sys.prefix, "share", "irlib", f"{PACKAGE}-{version}.tgz")
    if kept.is_file():
        return kept
    npm = shutil.which("npm")
    if npm is None:
        raise IrlibError("npm was not found where this book was built; it comes with Node.js")
    kept.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=kept.parent) as temporary:
        command = [npm, "pack", f"{PACKAGE}@{version}", "--pack-destination", temporary]
        command += ["--silent", "--fetch-retries=1"]
        try:
            done = subprocess.run(
                command, cwd=temporary, capture_output=True, text=True, timeout=60 * _MINUTES_OF_NPM
            )
        except subprocess.TimeoutExpired as error:
            raise IrlibError(f"npm did not deliver {PACKAGE} {version} in time") from error
        archives = list(Path(temporary).glob("*.tgz"))
        if done.returncode or len(archives) != 1:
            raise IrlibError(f"npm could not fetch {PACKAGE} {version}")
        return archives[0].replace(kept)


def _checked(archive: Path, sums: dict[str, str]) -> dict[str, bytes]:
    with tarfile.open(archive) as opened:
        files = {name: opened.extractfile(f"package/{name}").read() for name in sums}
    for name, digest in sums.items():
        if hashlib.sha256(files[name]).hexdigest() != digest:
            raise IrlibError(f"{name} of {archive} is not the file this book was made for")
    return files


def _network() -> bytes:
    from irlib.models import load_weights
    from irlib.models.onnx_file import export_onnx

    with tempfile.TemporaryDirectory() as temporary:
        path = Path(temporary) / "model.onnx"
        export_onnx(load_weights(WEIGHTS), path, facts={"weights": WEIGHTS})
        return path.read_bytes()


def _samples() -> str:
    """The degraded photographs as a JavaScript object of data URIs."""
    import torch

    from irlib.data.photos import photo
    from irlib.degradations import degrade
    from irlib.viz.pixels import encode_picture, to_uint8

    found = {}
    for name, (source, degradation, _) in SAMPLES.items():
        clean = photo(source)
        top, left = ((length - SIDE) // 2 for length in clean.shape[1:])
        clean = clean[:, top : top + SIDE, left : left + SIDE]
        generator = torch.Generator().manual_seed(0)
        degraded = degrade(clean, degradation, severity="medium", generator=generator).image
        found[name], _ = encode_picture(
            to_uint8(degraded), limit=150_000, lossless=False, quality=95
        )
    return json.dumps(found)


def _write_payload(folder: Path, name: str, content: bytes) -> None:
    text = base64.b64encode(content).decode("ascii")
    write_page(folder / f"{name}.js", f'globalThis.irlibRestore.receive("{name}", "{text}");\n')


def fragment(folder: Path | None, reason: str = "") -> str:
    """What the page shows: the controls, or why they are missing.

    Args:
        folder: Of the scripts; None if they could not be made.
        reason: Why not.
    """
    if folder is None:
        return (
            ":::{admonition} Not in this copy of the book\n:class: warning\n"
            f"The network could not be put into this page: {reason}.\n"
            "Install what is missing and run `make book` again; until then `irlib restore` does "
            "the same.\n:::\n"
        )
    from irlib.models import MODELS
    from irlib.models.weights import read_header, weights_path

    sizes = sum((folder / f"{name}.js").stat().st_size for name in (*PAYLOADS, "model"))
    multiple = MODELS.get(read_header(weights_path(WEIGHTS))["model"]).multiple
    options = "".join(
        f'<option value="{name}">{escape(text)}</option>' for name, (_, _, text) in SAMPLES.items()
    )
    scripts = "".join(
        f'<script defer src="../_static/{NAME}/{script}.js"></script>'
        for script in ("tiles", "network", "samples", "page")
    )
    return raw(
        _CONTROLS.replace("@multiple", str(multiple))
        .replace("@options", options)
        .replace("@megabytes", f"{sizes / 1e6:.0f}")
        + scripts
    )


_CONTROLS = f"""<link rel="stylesheet" href="../_static/{NAME}/page.css">
<div class="restore-here" id="{NAME}" data-files="../_static/{NAME}/" data-multiple="@multiple">
<noscript>This part of the page needs JavaScript.</noscript>
<p data-part="missing" role="alert" hidden>This browser has no WebAssembly, or it is switched off,
and without it the network cannot run here. <code>irlib restore</code> does the same outside.</p>
<div data-part="controls" hidden>
<div class="choices">
<label>Photograph <select data-part="picture">@options<option value="own">a photograph of
mine</option></select></label>
<label data-part="own" hidden>File <input data-part="file" type="file" accept="image/*"></label>
<label>Longest side <select data-part="side"><option value="256">256 pixels</option>
<option value="512">512 pixels</option><option value="1024">1024 pixels</option></select></label>
<button data-part="run" type="button">Restore</button>
<button data-part="save" type="button" hidden>Save the result as PNG</button>
</div>
<p>The first click loads @megabytes MB from this book, and nothing from anywhere else.</p>
<progress data-part="progress" aria-label="progress of the restoration" value="0" max="1"
hidden></progress>
<p data-part="status" role="status" aria-live="polite"></p>
<div class="frame" data-part="frame">
<canvas class="before" data-part="before" role="img" aria-label="the photograph as it was"></canvas>
<canvas class="after" data-part="after" role="img" aria-label="the photograph restored"></canvas>
<span class="name left" aria-hidden="true">before</span>
<span class="name right" aria-hidden="true">restored</span>
<span class="bar" aria-hidden="true"></span>
<input data-part="cut" type="range" min="0" max="100" value="50"
aria-label="share of the photograph before shown against the restored one, in percent">
</div></div></div>
"""


def write_fragment(app: Any, config: Any = None) -> None:
    """Makes the scripts and writes the fragment that the page includes."""
    book = Path(app.srcdir) / "book"
    folder = book / "_generated" / NAME
    try:
        text = fragment(make_files(folder, book / "browser" / "package.json"))
    except IrlibError as error:
        shutil.rmtree(folder, ignore_errors=True)
        text = fragment(None, str(error))
    write_page(book / "_generated" / f"{NAME}.md", text)


def lay_out_files(app: Any, exception: Exception | None) -> None:
    """Puts the scripts beside the page's own."""
    folder = Path(app.srcdir) / "book" / "_generated" / NAME
    if exception is None and app.builder.format == "html" and folder.is_dir():
        target = Path(app.outdir) / "_static" / NAME
        target.mkdir(parents=True, exist_ok=True)
        for script in folder.glob("*.js"):
            shutil.copyfile(script, target / script.name)


def setup(app: Any) -> dict[str, Any]:
    """Registers with Sphinx."""
    app.connect("config-inited", write_fragment)
    app.connect("build-finished", lay_out_files)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


if __name__ == "__main__":  # part of the installation, so that later builds need no network
    try:
        fetch(Path(sys.argv[1]))
    except IrlibError as error:
        print(f"The page that restores a photograph will be built without its network: {error}.")
