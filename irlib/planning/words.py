"""A plan in words: what it comes to, what was counted, and what was assumed."""

from irlib.planning.plan import Plan


def summary(plan: Plan, title: str) -> list[str]:
    """A plan as lines to print.

    Args:
        plan: The estimate.
        title: What is planned, such as "perceive-ir, recipe paper".
    """
    recipe, step = plan.recipe, plan.step
    cards = f"{plan.used} × {plan.device.title}"
    if plan.used < plan.gpus:
        cards += f" (of {plan.gpus}: the batch of {recipe.batch} is shared evenly)"
    lines = [
        f"{title}: {', '.join(recipe.tasks)}",
        f"  cards            {cards}",
        f"  parameters       {step.parameters:,}"
        + (f", and {step.frozen:,} frozen ones beside" if step.frozen else ""),
        *_parts(plan),
        f"  whole training   {recipe.steps:,} steps, {plan.operations / 1e18:.3g} exa-operations",
    ]
    for part in plan.stages:
        words = f"{part.stage.patch} × {part.stage.patch}, {part.micro_batch} a card"
        if part.micro_steps > 1:
            words += f", {part.micro_steps} times a step (--accumulate {part.micro_steps})"
        lines.append(
            f"  a step           {words}: {part.seconds:.3g} s, decided by {part.bound}; "
            f"{part.memory / 1e9:.3g} GB a card"
        )
    if not plan.fits:
        lines.append(
            f"  memory           a card has {plan.device.memory / 1e9:.3g} GB: not even one patch "
            "fits"
        )
    return [
        *lines,
        f"  time             {plan.days:.3g} days, {plan.gpu_hours:,.0f} GPU-hours",
        f"  energy           {plan.kwh:,.0f} kWh",
        f"  money            {plan.electricity:,.0f} for electricity; "
        f"{plan.rent:,.0f} where cards are rented",
    ]


def assumed(plan: Plan) -> list[str]:
    """Everything that was assumed, and how to replace it, as lines to print."""
    given, card = plan.assumptions, plan.device
    if given.images_per_s is not None:
        where = f" ({given.measured})" if given.measured else ""
        speed = [
            f"one card trains on {given.images_per_s:.3g} first patches a second, as measured"
            f"{where}; on larger patches in proportion to their pixels, on several cards as many "
            "times as fast"
        ]
    else:
        speed = [
            f"layers reach {given.arithmetic:.0%} of {card.single / 1e12:g} TFLOP/s in 32 bits "
            f"(TF32 where there is) or of {card.half / 1e12:g} in 16 at best (--arithmetic), and "
            f"{given.bandwidth:.0%} of {card.bandwidth / 1e9:,.0f} GB/s (--bandwidth), which is "
            "what PromptIR's published three and a half days on four V100 come to; measure one "
            "card and give --images-per-second instead",
            f"operations start {given.start * 1e6:g} microseconds apart (--start)",
            f"16-bit training moves and keeps {given.half:.0%} of the bytes",
            f"several cards reach {given.parallel:.0%} of as many single ones (--parallel)",
        ]
    return [
        *speed,
        "loading data keeps up, and nothing is evaluated on the way",
        f"{given.reserve:.0%} of memory beside what is counted; 16 bytes for a number that learns",
        f"boards draw {given.load:.0%} of {card.watts:g} W, and the wall gives "
        f"{given.overhead:g} times that",
        f"a kWh costs {given.per_kwh:g} (--per-kwh) and a rented card {given.per_hour:g} an hour "
        "(--per-hour), in a currency of yours",
    ]


def _parts(plan: Plan) -> list[str]:
    whole = plan.step.work.operations
    lines = []
    for name, work in plan.step.parts.items():
        lines.append(
            f"  one patch        {name}: {work.operations / 1e9:.3g} giga-operations "
            f"({work.operations / whole:.0%}), {work.traffic / 1e9:.3g} GB moved, "
            f"{work.kept / 1e9:.3g} GB kept; {work.starts:,.0f} starts"
        )
    return lines
