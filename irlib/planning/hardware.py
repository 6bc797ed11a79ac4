"""What the authors trained on, as far as they say."""

#: By model and recipe; a recipe that is not named has the first one's.
_SAID = {
    ("promptir", ""): "four V100 cards, about three and a half days (the authors, of their code)",
    ("restormer", ""): "eight V100 cards of 32 GB (the authors, of their code)",
    ("nafnet", ""): "eight cards, four patches each (their configuration; which cards is not said)",
    ("nafnet", "released-64"): "eight cards, eight patches each (their configuration)",
    ("nafnet", "all-in-one"): "not said",
    ("restormer", "all-in-one"): "not said",
    ("perceive-ir", ""): (
        "eight RTX 3090 cards (the paper; the configurations divide their batches of eight by four "
        "cards and those of four by two)"
    ),
    ("perceive-ir", "paper"): (
        "eight RTX 3090 cards; a batch of six in all cannot be shared by eight"
    ),
    ("airnet", ""): "one card (their code; which is not said)",
    ("am-promptir", ""): "one card (their code; which is not said)",
    ("dfpir", ""): "one RTX 3090 card (the paper, quoted by its authors)",
    ("pivpnet", ""): "two cards, 28 patches each (their code; which cards is not said)",
    ("dppd", ""): "not said: nothing was released",
    ("instructir", ""): "not said: no training code was released",
}


def hardware(model: str, name: str = "") -> str:
    """In words, what a model's authors trained on.

    Args:
        model: Name in :func:`irlib.models.list_models`.
        name: Its recipe.
    """
    return _SAID.get((model, name)) or _SAID.get((model, ""), "not said")
