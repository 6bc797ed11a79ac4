"""Networks that are told in words what to do: from a sentence to what their blocks take."""

from collections.abc import Sequence

import torch
from torch import Tensor

from irlib.data.instructions import INTENTS, PLAIN, plain_instruction
from irlib.errors import UsageError
from irlib.foundation.sentences import PocketSentences, SentenceEncoder
from irlib.models.base import RestorationModel
from irlib.nn.instruction_head import InstructionHead

SOURCES = ("pocket", "file")


class ListeningModel(RestorationModel):
    """The language side of a network; :class:`~irlib.models.InstructIR` has the image side.

    A frozen sentence encoder stays outside: its weights belong to nobody's state or optimiser.
    What names a task (:meth:`told`) needs the network's own file only, and with the pocket encoder,
    which has no weights, so does any sentence (:meth:`instructed`).

    Attributes:
        head: From sentence vectors to text vectors and logits; None where sentence vectors act as
            they are.

    The configuration has "text_dim", "sentence_dim", "intents", "sentences", "tasks" and "encoder",
    explained at :class:`~irlib.models.InstructIR`. Taught in chapter 17.
    """

    needs_task = True
    head: InstructionHead | None

    def begin_listening(self) -> None:
        """Prepares the encoder and the sentences that name tasks; the last step of building."""
        self._encoder: tuple[SentenceEncoder, ...] = ()  # a tuple hides its weights from ours
        pocket = self.config["sentences"] == "pocket"
        if pocket:
            self._encoder = (PocketSentences(self.sentence_length),)
        if self.known_tasks:
            shape = (len(self.known_tasks), self.sentence_length)
            table = self._plain_sentences() if pocket else torch.zeros(shape)
            # The pocket encoder makes them again; those of a file must be in the weights.
            self.register_buffer("task_sentences", table, persistent=not pocket)

    @property
    def sentence_length(self) -> int:
        """Length of the sentence vectors that the network takes."""
        return self.config["sentence_dim"] or self.config["text_dim"]

    @property
    def known_tasks(self) -> tuple[str, ...]:
        """What the network can be told by name; anything else has to be said."""
        return self.config["tasks"]

    @property
    def intent_names(self) -> tuple[str, ...]:
        """The tasks that the head tells apart, in the order of its logits."""
        return INTENTS[: self.config["intents"]] if self.head is not None else ()

    def text(self, sentences: Tensor) -> tuple[Tensor, Tensor | None]:
        """From sentence vectors to text vectors (B, text_dim) and logits (B, intents).

        Raises:
            UsageError: Vectors of another length than the network takes.
        """
        if sentences.ndim != 2 or sentences.shape[1] != self.sentence_length:
            raise UsageError(
                f"instructir was given sentence vectors {tuple(sentences.shape)}; expected (B, "
                f"{self.sentence_length}), from the encoder that it was trained with."
            )
        return (sentences, None) if self.head is None else self.head(sentences)

    def told(self, tasks: Sequence[str]) -> Tensor:
        """Returns what tells the task of each image, (B, text_dim): that of its plain sentence.

        Needs the weights only, no sentence encoder.

        Raises:
            UsageError: A task that the network does not know by name.
        """
        self.check_tasks(tasks)
        rows = [self.known_tasks.index(task) for task in tasks]
        return self.text(self.task_sentences[rows])[0]

    def instructed(self, sentence: str) -> Tensor:
        """Returns what tells a sentence, (1, text_dim).

        Raises:
            UsageError: A sentence without a word, or no encoder to read it.
        """
        return self.text(self.encode([sentence]))[0]

    def understood(self, sentences: Sequence[str]) -> Tensor:
        """Returns how the head takes sentences: probabilities of :attr:`intent_names`, (B, n).

        Raises:
            UsageError: As :meth:`instructed`, or a network without a head.
        """
        if self.head is None:
            raise UsageError(
                "this instructir has no text head that could say how it understands a sentence; "
                "load weights with one, or create it with sentence_dim=384."
            )
        return self.text(self.encode(sentences))[1].softmax(dim=1)

    def encode(self, sentences: Sequence[str]) -> Tensor:
        """Returns the encoder's vectors of sentences, (B, sentence_length), where the network is.

        Raises:
            UsageError: No encoder, or a sentence without a word.
        """
        if not self._encoder:
            raise UsageError(
                "the sentence encoder of these weights is a file that is not part of them. Hand it "
                "over: network.hear(irlib.foundation.sentences.load_sentences(FOLDER))."
            )
        return self._encoder[0].encode(sentences).to(next(self.parameters()).device)

    def hear(self, encoder: SentenceEncoder) -> None:
        """Takes a sentence encoder, and keeps its vectors of the plain sentences with the weights.

        Raises:
            UsageError: An encoder whose vectors have another length, or another one than the
                weights were trained with.
        """
        if encoder.dim != self.sentence_length:
            raise UsageError(
                f"instructir takes sentence vectors of length {self.sentence_length}, but the "
                f"encoder ({encoder.source}) gives {encoder.dim}."
            )
        if self.config["encoder"] not in ("", encoder.identity):
            raise UsageError(
                f"these weights were trained with the sentence encoder {self.config['encoder']}, "
                f"not with {encoder.identity} ({encoder.source}); its vectors would mean nothing "
                "to them. Give that one."
            )
        self._encoder = (encoder,)
        tasks = self.known_tasks or tuple(PLAIN)
        self.config |= {"sentences": "file", "encoder": encoder.identity, "tasks": tasks}
        self.register_buffer("task_sentences", self._plain_sentences())

    def check_tasks(self, tasks: Sequence[str]) -> None:
        """Refuses tasks that the network cannot be told by name.

        Raises:
            UsageError: The message suggests the nearest, or says that sentences are missing.
        """
        if not self.known_tasks:
            raise UsageError(
                "the authors' weights hold no sentences, so no task can be named to them. Hand "
                "their sentence encoder over: "
                "network.hear(irlib.foundation.sentences.load_sentences(FOLDER))."
            )
        super().check_tasks(tasks)

    def _plain_sentences(self) -> Tensor:
        return self.encode([plain_instruction(task) for task in self.known_tasks])
