"""What was not learned, or not alone: stronger noise, water, and mixtures of degradations."""

from irlib.ledger.paper_tables import PaperTable
from irlib.reproduce.declared import Reproduction
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
        f"{FIVE_NOTE} InstructIR has no sentence for water; it is asked to take haze away, which "
        "the paper does not say either."
    )
    return systems_table(printed, scale, systems, "promptir", note)


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
