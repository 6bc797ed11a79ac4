from irlib.viz.prose import prose, sentences


def test_code_formulas_and_pictures_are_no_prose():
    text = (
        "One.\n```python\nx = 1\n```\nTwo $$a\n= 1$$.\n\n```{image} a.png\n:alt: no\n```\n\n- three"
    )
    assert [paragraph for paragraph in prose(text) if paragraph] == ["One.", "Two .", "- three"]


def test_what_stands_in_a_note_is_prose():
    assert "Inside." in list(prose(":::{note}\nInside.\n:::\n\nOutside."))


def test_sentences_end_before_a_capital_letter_and_a_table_row_is_one():
    assert sentences("One e.g. two. Three? `four` five.") == [
        "One e.g. two.",
        "Three?",
        "`four` five.",
    ]
    assert sentences("| One. Two. |") == ["| One. Two. |"]
