"""Reproduction of the papers' tables: which record answers which printed number, and how to get it.

A table is declared once (:func:`reproduction`), and everything else follows from that: what is
trained, what is measured, what the ledger answers already, what is left and what it costs.

Taught in chapter 21.
"""

from irlib.reproduce.declared import (
    SEED,
    SEEDS,
    Cell,
    Measurement,
    Preparation,
    Reproduction,
    Training,
)
from irlib.reproduce.tables import comparisons_of_our_own, reproduction, reproductions

__all__ = [
    "SEED",
    "SEEDS",
    "Cell",
    "Measurement",
    "Preparation",
    "Reproduction",
    "Training",
    "comparisons_of_our_own",
    "reproduction",
    "reproductions",
]
