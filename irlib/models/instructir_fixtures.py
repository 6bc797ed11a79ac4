"""What InstructIR's fixtures need: a text vector for each image, and its two language parts."""

from collections.abc import Iterator
from typing import Any

from irlib.foundation.sentences import mean_pooled
from irlib.models.fixture import Comparison, Fixture, FixtureRules, Part, fixture_rules
from irlib.models.official_names import our_name
from irlib.nn.instruction_head import InstructionHead


def _text_vectors(fixture: Fixture, index: str) -> tuple[Any, ...]:
    return (fixture.tensors[f"extra.text_embedding.{index}"],)


def _text_head(fixture: Fixture) -> Part:
    """The head: its unit vectors and its logits."""
    made = fixture.constructor
    head = InstructionHead(made["embedding_dim"], made["hidden_dim"], made["num_classes"])
    weights = fixture.under("state.")
    head.load_state_dict(
        {our_name("instructir", name).removeprefix("head."): t for name, t in weights.items()}
    )

    def outputs() -> Iterator[Comparison]:
        given = head(fixture.tensors["input.0"])
        for index, (what, ours) in enumerate(zip(("vectors", "logits"), given, strict=True)):
            yield Comparison(what, ours, fixture.tensors[f"output.{index}"])

    return head, outputs()


def _pooling(fixture: Fixture) -> Part:
    """The mean over a sentence's tokens."""

    def outputs() -> Iterator[Comparison]:
        mask = fixture.tensors["extra.attention_mask.0"]
        given = mean_pooled(fixture.tensors["input.0"], mask)
        yield Comparison("output.0", given, fixture.tensors["output.0"])

    return None, outputs()


fixture_rules(
    "instructir",
    FixtureRules(arguments=_text_vectors, parts={"lmhead": _text_head, "pooling": _pooling}),
)
