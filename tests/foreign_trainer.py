"""Learns a curve with scikit-learn, writes its errors as JSON, and has never heard of peslab."""

import argparse
import json
from pathlib import Path

import numpy as np
from sklearn.neural_network import MLPRegressor

parser = argparse.ArgumentParser()
parser.add_argument("--width", type=int, default=16)
parser.add_argument("--rate", type=float, default=1e-2)
parser.add_argument("--activation", default="tanh")
parser.add_argument("--epochs", type=int, default=300)
parser.add_argument("--seed", type=int, default=0)
parser.add_argument("--out", type=Path, default=Path("metrics.json"))
chosen = parser.parse_args()

x = np.random.default_rng(0).uniform(-1, 1, (600, 1))
y = np.sin(3 * x[:, 0]) * np.exp(-x[:, 0])
network = MLPRegressor(
    hidden_layer_sizes=(chosen.width, chosen.width),
    activation=chosen.activation,
    learning_rate_init=chosen.rate,
    max_iter=chosen.epochs,
    random_state=chosen.seed,
    n_iter_no_change=chosen.epochs,
    tol=0.0,
)
network.fit(x[:200], y[:200])
error = np.abs(network.predict(x) - y)
print(f"{network.n_iter_} epochs, loss {network.loss_:.2e}")  # noqa: T201
metrics = {"val/error": error[200:400].mean(), "test/error": error[400:].mean()}
chosen.out.write_text(json.dumps(metrics))
