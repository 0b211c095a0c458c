"""Networks and their training: torch and Lightning on arrays."""

from peslab.learning.data import Samples
from peslab.learning.errors import TrainingDivergedError
from peslab.learning.fit import Fit, fit
from peslab.learning.losses import (
    Huber,
    Loss,
    MeanAbsoluteError,
    MeanSquaredError,
    RootMeanSquaredError,
)
from peslab.learning.model import TrainedModel
from peslab.learning.networks import MultiLayerPerceptron, ReplicaMLP
from peslab.learning.optimizers import (
    SGD,
    Adadelta,
    Adagrad,
    Adam,
    NAdam,
    Optimizer,
    RMSprop,
)
from peslab.learning.schedules import (
    Constant,
    Cosine,
    OneCycle,
    Plateau,
    Schedule,
    WarmupFlatDecay,
)
from peslab.learning.second_order import LBFGS, SOAP
from peslab.learning.settings import Settings
from peslab.learning.threads import use_threads
from peslab.learning.trainer import Trainer

__all__ = [
    "LBFGS",
    "SGD",
    "SOAP",
    "Adadelta",
    "Adagrad",
    "Adam",
    "Constant",
    "Cosine",
    "Fit",
    "Huber",
    "Loss",
    "MeanAbsoluteError",
    "MeanSquaredError",
    "MultiLayerPerceptron",
    "NAdam",
    "OneCycle",
    "Optimizer",
    "Plateau",
    "RMSprop",
    "ReplicaMLP",
    "RootMeanSquaredError",
    "Samples",
    "Schedule",
    "Settings",
    "TrainedModel",
    "Trainer",
    "TrainingDivergedError",
    "WarmupFlatDecay",
    "fit",
    "use_threads",
]
