"""What was not learned, or not alone: stronger noise, water, and mixtures of degradations.

Taught in chapter 22.
"""

from dataclasses import replace

from irlib.ledger.paper_tables import PaperTable
from irlib.reproduce.declared import Cell, Reproduction
from irlib.reproduce.main_tables import FIVE_NOTE, THREE_NOTE, systems_of
from irlib.reproduce.measurements import embedded
from irlib.reproduce.tables import Systems, declare, systems_table
from irlib.reproduce.trainings import five_task, mixtures, three_task


@declare("perceive-ir/table-11")
def unseen_noise(printed: PaperTable, scale: str) -> Reproduction:
    """Noise stronger than any that was learned."""
    measured = embedded(("noise60", "noise100"))
    systems = systems_of(printed, lambda name: three_task(name, scale), measured)
    note = (
        f"{THREE_NOTE} The paper does not say whether its networks had learned three tasks or five."
    )
    return systems_table(printed, scale, systems, "promptir", note)


@declare("perceive-ir/table-12")
def under_water(printed: PaperTable, scale: str) -> Reproduction:
    """Water, which no network has seen."""
    measured = embedded(("underwater",))
    systems = systems_of(printed, lambda name: five_task(name, scale), measured)
    note = (
        f"{FIVE_NOTE} Nobody has learned water by name: as in the paper, InstructIR is told a "
        "sentence that asks for a better picture. LPIPS is measured where its package is installed."
    )
    found = systems_table(printed, scale, systems, "promptir", note)
    return replace(found, cells=tuple(map(_asked, found.cells)))


PLEA = "my underwater picture is poor, please enhance it"


def _asked(cell: Cell) -> Cell:
    """The cell, where it is InstructIR's with the sentence that it is told."""
    if cell.training.model != "instructir":
        return cell
    arguments = (*cell.measurement.arguments, "--instruction", PLEA)
    return replace(cell, measurement=replace(cell.measurement, arguments=arguments))


@declare("dppd/table-4")
def composites(printed: PaperTable, scale: str) -> Reproduction:
    """The eleven mixtures of CDD-11."""
    measured = embedded(("cdd11",))
    systems: Systems = {name: (mixtures(name, scale), measured) for name in ("promptir", "dppd")}
    absent = {
        row.key: "only PromptIR and DPPD are trained on mixtures"
        for row in printed.rows
        if row.key not in systems
    }
    note = "On a laptop: the equal budget of chapter 18 with the eleven mixtures for tasks."
    return systems_table(printed, scale, systems, "promptir", note, absent)
