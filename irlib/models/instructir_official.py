"""InstructIR as its authors publish it: two files of weights, and other people's encoder."""

from pathlib import Path

from irlib.errors import UsageError
from irlib.foundation.sentences import SentenceEncoder, load_sentences
from irlib.models.instructir import InstructIR
from irlib.models.official import PREFIXES, WRAPPERS, load_official
from irlib.tensor_files import read_content, unwrap


def load_published(
    image: str | Path,
    head: str | Path,
    sentences: str | Path | SentenceEncoder | None = None,
) -> InstructIR:
    """Puts the authors' image network, their text head and a sentence encoder together.

    Store the result with :func:`irlib.models.save_weights`: tasks can then be named to it from one
    file. Taught in chapter 17.

    Args:
        image: File of the image network, such as ``im_instructir-7d.pt``.
        head: File of the text head, such as ``lm_instructir-7d.pt``.
        sentences: Folder of the sentence transformer that the head was trained with
            (bge-micro-v2), or an encoder; None leaves the network deaf until it hears one.

    Raises:
        UsageError: A file that is missing or of another network, or an encoder whose vectors have
            another length.
        IrlibError: A file that is damaged or would have to run code to be read.
    """
    state = {}
    for source in map(Path, (image, head)):
        if not source.is_file():
            raise UsageError(f"no checkpoint at {source}; give both files of InstructIR's authors.")
        state |= unwrap(read_content(source), str(source), WRAPPERS, PREFIXES)
    network = load_official("instructir", state)
    if network.head is None:
        raise UsageError(
            f"{head} holds no text head; expected fc1 and fc2, as in lm_instructir-7d.pt."
        )
    if sentences is not None:
        place = isinstance(sentences, str | Path)
        network.hear(load_sentences(sentences) if place else sentences)
    return network
