"""``irlib bench data``: how fast training pairs are made, and how fast a large set opens."""

from typing import Annotated

from irlib.cli.bench_report import AsJson, Help, RecordName, Results, Rounds, finish, start


def data(
    rounds: Rounds = 5,
    pairs: Annotated[int, Help(help="Training pairs made in a round.")] = 200,
    workers: Annotated[
        list[int] | None,
        Help(help="Also watch this many data-loading processes for --seconds; again for more."),
    ] = None,
    seconds: Annotated[float, Help(help="How long each number of workers is watched.")] = 3.0,
    tree: Annotated[
        int, Help(help="Hazy images of a made-up OTS; 72135 in the set itself. 0: none.")
    ] = 0,
    quick: Annotated[bool, Help("--quick", help="A few pairs: does it work at all?")] = False,
    as_json: AsJson = False,
    record: RecordName = None,
    results: Results = None,
) -> None:
    """Measure training pairs a second: embedded, and from files and packed files.

    All but --workers count the seconds of a core, so that other programs do not. About two minutes
    on one CPU core, with a whole --tree three.

    Example: irlib bench data --quick
    """
    from irlib.bench.loading import FORMS, measure_loading, measure_opening, saturation
    from irlib.bench.training_pairs import measure_pairs

    numbers = [int(number) for number in workers or ()]
    counts = {"--rounds": rounds, "--pairs": pairs, "--workers": min(numbers, default=1)}
    started = start(record, results, counts)
    if quick:
        rounds, pairs, seconds = min(rounds, 2), min(pairs, 10), min(seconds, 0.1)
    values = measure_pairs(rounds, pairs)
    values |= measure_loading(rounds, pairs, numbers, seconds)
    table = [
        f"training pairs, images in memory   {values['pairs_per_s']:.0f} pairs/s of one core",
        f"the authors' way, files            {values['file_pairs_per_s']:.0f} pairs/s of one core",
        f"  ratio                            {values['pairs_ratio']:.2f}",
        "pairs of OTS's size, read from     made  sent by a worker  workers of use to one process",
    ]
    for form in FORMS:
        made, sent = values[f"{form}_pairs_per_s"], values[f"{form}_worker_pairs_per_s"]
        table.append(f"  {form:<31}{made:>6.0f}{sent:>18.0f}{saturation(values, form):>10.0f}")
        rates = [f"{n}: {values[f'{form}_workers_{n}']:.0f}" for n in numbers]
        table += [f"    pairs/s by the clock with {', '.join(rates)} workers"] if rates else []
    if tree:
        values |= measure_opening(tree)
        table += [
            f"a made-up OTS of {values['tree_pairs']:.0f} tiny pairs, seconds of one core:",
            f"  check {values['check_seconds']:.1f}  list {values['list_seconds']:.1f}  "
            f"open by its index {values['index_seconds']:.1f}",
        ]
    command = f"irlib bench data --rounds {rounds} --pairs {pairs} --seconds {seconds:g}"
    command += "".join(f" --workers {n}" for n in numbers) + (f" --tree {tree}" if tree else "")
    notes = (
        "pairs/s count the seconds of one core, with --workers those of the clock; the ratio is of "
        "rounds run in turns; taken_per_s is what one training process takes from workers at most"
    )
    finish(values, {}, table, rounds, as_json, record, results, started, command, notes)
