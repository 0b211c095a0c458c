"""Networks and their training: torch and Lightning on arrays."""

from peslab.learning.data import Samples
from peslab.learning.errors import TrainingDivergedError
from peslab.learning.fit import Fit, fit
from peslab.learning.losses import Huber, Loss, MeanAbsoluteError, MeanSquaredError
from peslab.learning.model import TrainedModel
from peslab.learning.networks import MultiLayerPerceptron, ReplicaMLP
from peslab.learning.optimizers import Adam, Optimizer
from peslab.learning.schedules import Constant, Cosine, Schedule
from peslab.learning.threads import use_threads
from peslab.learning.trainer import Trainer

__all__ = [
    "Adam",
    "Constant",
    "Cosine",
    "Fit",
    "Huber",
    "Loss",
    "MeanAbsoluteError",
    "MeanSquaredError",
    "MultiLayerPerceptron",
    "Optimizer",
    "ReplicaMLP",
    "Samples",
    "Schedule",
    "TrainedModel",
    "Trainer",
    "TrainingDivergedError",
    "fit",
    "use_threads",
]
