"""What produces labeled data and knows how a model of it is judged."""

from peslab.problems.contract import Probe, Problem, Surrogate, Table, Tables, Task
from peslab.problems.lattice_pes import LatticePES
from peslab.problems.subject import subject_of

__all__ = [
    "LatticePES",
    "Probe",
    "Problem",
    "Surrogate",
    "Table",
    "Tables",
    "Task",
    "subject_of",
]
