"""Which options of ``irlib evaluate`` go together: one that would not count is refused."""

from typing import Any

from irlib.errors import UsageError

# What the embedded photographs, or a setting, settle themselves.
_NOT_EMBEDDED = ("group", "limit", "float_noise", "save")
_NOT_CLASSICAL = ("model", "task", "instruction", "dino", "words", "head", "compile")
_NOT_SETTING = ("method", "sigma", "group")


def check_options(given: dict[str, Any]) -> None:
    """Refuses options that contradict one another or would be passed over in silence.

    Args:
        given: Every option of ``irlib evaluate`` and its value.

    Raises:
        UsageError: Such options; the message names them and what to do.
    """
    sources = ("benchmark", "pairs", "embedded", "setting")
    if sum(bool(given[name]) for name in sources) != 1:
        raise UsageError(
            "say what to measure on, and only once: --benchmark NAME, --pairs DIR, --embedded or "
            "--setting NAME."
        )
    method, embedded = given["method"], given["embedded"]
    if given["setting"] and (named := _named(given, _NOT_SETTING)):
        raise UsageError(
            f"the {given['setting']} setting says itself how much noise to add, and is for "
            f"networks: leave {named} out."
        )
    if (method is None) == (given["weights"] is None):
        raise UsageError("say what to measure: either --weights FILE or --method NAME, not both.")
    if method is not None and (named := _named(given, _NOT_CLASSICAL)):
        raise UsageError(f"--method {method} is no network; leave {named} out.")
    if given["psf"] is not None and method != "richardson-lucy":
        raise UsageError("--psf is the kernel of --method richardson-lucy; leave it out.")
    if given["tasks"] and not embedded:
        raise UsageError("--tasks goes with --embedded; a benchmark has a task of its own.")
    if embedded:
        known = _NOT_EMBEDDED if method == "bm3d" else ("sigma", *_NOT_EMBEDDED)
        if named := _named(given, known):
            raise UsageError(f"{named} goes with --benchmark or --pairs, not with --embedded.")
    if given["measures"] and not (given["benchmark"] or given["pairs"]):
        raise UsageError("--measures goes with --benchmark or --pairs.")


def _named(given: dict[str, Any], names: tuple[str, ...]) -> str:
    """Those of the options that were given, as they are typed."""
    there = [name for name in names if given[name] not in (None, False)]
    typed = (given[n] if n == "model" else f"--{n.replace('_', '-')}" for n in there)
    return " and ".join(typed)
