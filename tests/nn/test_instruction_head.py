"""The text head: a vector of length 1, and a guess of the task from that vector."""

import torch

from irlib.nn import InstructionHead


def test_property_1_parameters_as_in_the_authors_file():
    head = InstructionHead()
    sizes = [sum(p.numel() for p in part.parameters()) for part in (head.project, head.classify)]
    assert sizes == [98_560, 1_799]


def test_property_10_unit_length_and_logits_from_the_unit_vector():
    head, sentences = InstructionHead(12, 7, 4), torch.randn(5, 12)
    with torch.no_grad():
        text, logits = head(sentences)
        torch.testing.assert_close(text.norm(dim=1), torch.ones(5))
        torch.testing.assert_close(logits, head.classify(text))
        torch.testing.assert_close(text * head.project(sentences).norm(dim=1, keepdim=True),
                                   head.project(sentences))  # fmt: skip


def test_property_10_the_length_of_the_weights_does_not_matter_without_a_bias():
    head, sentences = InstructionHead(12, 7, 4), torch.randn(5, 12)
    torch.nn.init.zeros_(head.project.bias)
    with torch.no_grad():
        before = head(sentences)
        head.project.weight.mul_(37.0)
        for given, expected in zip(head(sentences), before, strict=True):
            torch.testing.assert_close(given, expected)


def test_full_precision_under_autocast():
    head = InstructionHead(12, 7, 4)
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
        text, logits = head(torch.randn(5, 12))
    assert text.dtype == logits.dtype == torch.float32
    torch.testing.assert_close(text.norm(dim=1), torch.ones(5))
