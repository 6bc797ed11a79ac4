"""Table VIII's rows, against the transcribed table."""

import pytest
import yaml

from irlib.errors import UsageError
from irlib.perceiver import PromptSet, prompt_recipe, table_8
from irlib.perceiver.variants import ROWS


def test_rows_are_those_of_the_paper(shared):
    path = shared / "paper_tables" / "perceive-ir" / "table-08.yaml"
    printed = {row["index"]: row for row in yaml.safe_load(path.read_text())["rows"]}
    assert list(printed) == list(ROWS)
    for name, (init, words) in ROWS.items():
        row = printed[name]
        assert init == row["init"].replace("-", "_")
        assert len(words) == row["pairs"]
        if row["words"] is not None:
            assert list(words) == row["words"][::-1], "worst first"


@pytest.mark.parametrize("row", ROWS)
def test_every_row_makes_prompts(clip, row):
    recipe = table_8(prompt_recipe("smoke"), row)
    prompts = PromptSet(clip, recipe.words, init=recipe.init)
    assert prompts.encode(clip).shape == (len(recipe.words), clip.dim)


def test_the_default_is_row_i():
    assert table_8(prompt_recipe("paper"), "i") == prompt_recipe("paper")


def test_an_unknown_row_is_told():
    with pytest.raises(UsageError, match="row of Table VIII"):
        table_8(prompt_recipe("smoke"), "z")
