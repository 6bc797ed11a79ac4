"""Chapter 25: right answers pass, wrong ones are told why, and the page's commands exist."""

import re
import shlex

import nbformat
import pytest
import torch
import typer.main

from irlib import cli
from irlib.check import check


def right_average(restore, image):
    results = []
    for quarters in range(4):
        turned = image.rot90(quarters, (1, 2))
        results.append(restore(turned).rot90(-quarters, (1, 2)))
        results.append(restore(turned.flip(-1)).flip(-1).rot90(-quarters, (1, 2)))
    return torch.stack(results).mean(dim=0)


def only_quarters(restore, image):
    turns = [restore(image.rot90(k, (1, 2))).rot90(-k, (1, 2)) for k in range(4)]
    return torch.stack(turns).mean(dim=0)


def undone_in_the_wrong_order(restore, image):
    results = []
    for quarters in range(4):
        turned = image.rot90(quarters, (1, 2))
        results.append(restore(turned).rot90(-quarters, (1, 2)))
        results.append(restore(turned.flip(-1)).rot90(-quarters, (1, 2)).flip(-1))
    return torch.stack(results).mean(dim=0)


def right_dose(degraded, restored, clean):
    change, wanted = restored - degraded, clean - degraded
    size = change.square().sum()
    return 1.0 if size == 0 else ((change * wanted).sum() / size).item()


def without_sign(degraded, restored, clean):
    return abs(right_dose(degraded, restored, clean))


def of_sizes(degraded, restored, clean):
    return ((clean - degraded).norm() / (restored - degraded).norm()).item()


def divides_by_nothing(degraded, restored, clean):
    change, wanted = restored - degraded, clean - degraded
    return ((change * wanted).sum() / change.square().sum()).item()


def right_runs(difference, spread, errors=2):
    count = 1
    while errors * spread * (2 / count) ** 0.5 > difference:
        count += 1
    return count


def of_one_mean(difference, spread, errors=2):
    return max(1, round((errors * spread / difference) ** 2))


def rounded(difference, spread, errors=2):
    return max(1, round(2 * (errors * spread / difference) ** 2 - 0.3))


def right_forgotten(scores):
    losses = []
    for task in range(len(scores) - 1):
        since = [row[task] for row in scores[task:]]
        losses.append(max(since) - since[-1])
    return sum(losses) / len(losses)


def since_it_was_learned(scores):
    losses = [scores[task][task] - scores[-1][task] for task in range(len(scores) - 1)]
    return sum(losses) / len(losses)


def over_all_time(scores):
    columns = list(zip(*scores, strict=True))[:-1]
    return sum(max(column) - column[-1] for column in columns) / len(columns)


def right_next_run(results):
    def promise(scores):
        if not scores:
            return float("inf")
        return sum(scores) / len(scores) + 0.3 / len(scores) ** 0.5

    return max(range(len(results)), key=lambda i: promise(results[i]))


def equal_turns(results):
    return min(range(len(results)), key=lambda i: (len(results[i]), -sum(results[i])))


def best_after_one_each(results):
    means = [sum(r) / len(r) if r else float("inf") for r in results]
    return means.index(max(means))


def named_by_its_scores(results):
    return max(results)


RIGHT = {
    "average": right_average,
    "dose": right_dose,
    "runs": right_runs,
    "forgotten": right_forgotten,
    "next_run": right_next_run,
}
WRONG = [
    ("average", only_quarters, "expected 8"),
    ("average", undone_in_the_wrong_order, "opposite order"),
    ("dose", without_sign, "Keep the sign"),
    ("dose", of_sizes, "Sizes alone"),
    ("dose", divides_by_nothing, "nothing was changed"),
    ("runs", of_one_mean, "root of 2"),
    ("runs", rounded, "Round up"),
    ("forgotten", since_it_was_learned, "not the first one"),
    ("forgotten", over_all_time, "before it was learned"),
    ("next_run", named_by_its_scores, "a number from 0 to 7"),
    ("next_run", equal_turns, "with equal turns"),
    ("next_run", best_after_one_each, "one unlucky run"),
]


@pytest.mark.parametrize("name", RIGHT)
def test_right(name, capsys):
    assert check(f"ch25.{name}", RIGHT[name]), capsys.readouterr().out


@pytest.mark.parametrize(("name", "answer", "words"), WRONG)
def test_wrong(name, answer, words, capsys):
    assert not check(f"ch25.{name}", answer)
    assert words in capsys.readouterr().out


def test_irlib_understands_each_first_experiment(root):
    notebook = nbformat.read(root / "notebooks" / "25-ideas-to-try.ipynb", as_version=4)
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    blocks = re.findall(r"^```text\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    assert len(blocks) == len(re.findall(r"^\*\*\d+\. ", text, re.MULTILINE)), "an idea without one"
    for line in lines:
        words = cli.spread(shlex.split(line)[1:])
        command = typer.main.get_command(cli.build())
        context, name = command.context_class(command, info_name="irlib"), "irlib"
        while hasattr(command, "commands"):
            name, command, words = command.resolve_command(context, words)
        command.make_context(name, words, parent=context)
