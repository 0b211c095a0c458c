"""Fifty trainings as one would write them without peslab, for `bench_overhead.py`.

Run: python plain_loop.py DATA TRIALS EPOCHS LEADING REPLICAS
"""

import copy
import sys

import numpy as np
import optuna
import torch

torch.set_num_threads(1)
optuna.logging.set_verbosity(optuna.logging.WARNING)
kept = np.load(sys.argv[1])
n_trials, epochs, leading, n_replicas = map(int, sys.argv[2:])
inputs, targets, held_out_inputs, held_out_targets = (
    torch.tensor(kept[name], dtype=torch.float32) for name in ("x", "y", "vx", "vy")
)


def train(rate: float, seed: int) -> float:
    """Train a network, keep its best weights, and return its validation error."""
    torch.manual_seed(seed)
    network = torch.nn.Sequential(
        *(torch.nn.Linear(inputs.shape[1], 64), torch.nn.GELU()),
        *(torch.nn.Linear(64, 64), torch.nn.GELU(), torch.nn.Linear(64, 1)),
    )
    optimizer = torch.optim.AdamW(network.parameters(), lr=rate, weight_decay=0.0, fused=True)
    n_batches = -(-len(inputs) // 256)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs * n_batches)
    best, weights = float("inf"), network.state_dict()
    for _ in range(epochs):
        order = torch.randperm(len(inputs))
        batches = zip(inputs[order].split(256), targets[order].split(256), strict=True)
        for some, wanted in batches:
            optimizer.zero_grad()
            (network(some).squeeze(-1) - wanted).abs().mean().backward()
            optimizer.step()
            schedule.step()
        with torch.inference_mode():
            error = (network(held_out_inputs).squeeze(-1) - held_out_targets).abs().mean().item()
        if error < best:
            best, weights = error, copy.deepcopy(network.state_dict())
    network.load_state_dict(weights)
    return best


def mean_error(rate: float, first_seed: int) -> float:
    """That of the replicas, one after the other."""
    return float(np.mean([train(rate, first_seed + k) for k in range(n_replicas)]))


study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=0))
study.optimize(
    lambda trial: mean_error(trial.suggest_float("rate", 1e-3, 2e-2, log=True), 0), n_trials
)
for trial in sorted(study.trials, key=lambda trial: trial.value)[:leading]:
    mean_error(trial.params["rate"], 10**6 + 1000 * trial.number)
print(f"{study.best_value:.5f}")
