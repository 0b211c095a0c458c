"""What produces labeled data and knows how a model of it is judged."""

from peslab.problems.contract import (
    Prediction,
    Probe,
    Problem,
    Surrogate,
    Table,
    Tables,
    Task,
)
from peslab.problems.file_pes import FilePES
from peslab.problems.lattice_pes import LatticePES
from peslab.problems.subject import subject_of, units_of

__all__ = [
    "FilePES",
    "LatticePES",
    "Prediction",
    "Probe",
    "Problem",
    "Surrogate",
    "Table",
    "Tables",
    "Task",
    "subject_of",
    "units_of",
]
