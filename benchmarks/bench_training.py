"""What Lightning costs: an epoch of `peslab.learning.fit` against a raw PyTorch loop.

Both shuffle 20,000 resident samples, take slices, step a fused Adam and measure the validation
error once per epoch, on one thread. The time of an epoch is the slope between a short and a long
training, so that set-up drops out. Run: python benchmarks/bench_training.py
"""

import time
from collections.abc import Callable
from functools import partial

import numpy as np
import torch

from peslab.features.scaling import Standardize
from peslab.learning import (
    Adam,
    Constant,
    MeanAbsoluteError,
    MultiLayerPerceptron,
    Samples,
    Settings,
    Trainer,
    fit,
)

N_TRAIN, N_VALIDATION, N_INPUTS = 20_000, 5_000, 8
SHORT, LONG, REPEATS = 1, 6, 5


def samples(n: int, seed: int) -> Samples:
    inputs = np.random.default_rng(seed).normal(size=(n, N_INPUTS))
    return Samples(inputs, np.sin(inputs).sum(axis=1))


def with_peslab(train: Samples, validation: Samples, batch: int, n_replicas: int, epochs: int):
    settings = Settings(
        network=MultiLayerPerceptron(width=64, depth=2, widths=None, activation="gelu"),
        loss=MeanAbsoluteError(),
        optimizer=Adam(learning_rate=1e-3, weight_decay=0.0),
        schedule=Constant(),
        trainer=Trainer(epochs, batch, accelerator="cpu", devices=1, precision="32-true"),
    )
    fit(settings, Standardize().fit(train.inputs), train, validation, seeds=range(n_replicas))


def with_raw_loop(train: Samples, validation: Samples, batch: int, epochs: int):
    inputs, targets, held_out_inputs, held_out_targets = (
        torch.tensor(array, dtype=torch.float32) for array in (*train[:2], *validation[:2])
    )
    network = torch.nn.Sequential(
        torch.nn.Linear(N_INPUTS, 64),
        torch.nn.GELU(),
        torch.nn.Linear(64, 64),
        torch.nn.GELU(),
        torch.nn.Linear(64, 1),
    )
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-3, weight_decay=0.0, fused=True)
    for _ in range(epochs):
        order = torch.randperm(N_TRAIN)
        for some, wanted in zip(
            inputs[order].split(batch), targets[order].split(batch), strict=True
        ):
            optimizer.zero_grad()
            (network(some).squeeze(-1) - wanted).abs().mean().backward()
            optimizer.step()
        with torch.inference_mode():
            (network(held_out_inputs).squeeze(-1) - held_out_targets).abs().mean().item()


def seconds(run: Callable[[int], None], epochs: int) -> float:
    started = time.perf_counter()
    run(epochs)
    return time.perf_counter() - started


def epoch_seconds(*runs: Callable[[int], None]) -> list[float]:
    """The time of one epoch of each run; they take turns, so that all see the same machine."""
    for run in runs:
        run(SHORT)
    times = [[(seconds(run, SHORT), seconds(run, LONG)) for run in runs] for _ in range(REPEATS)]
    short, long = np.array(times).min(axis=0).T
    return list((long - short) / (LONG - SHORT))


def main() -> None:
    torch.set_num_threads(1)
    data = samples(N_TRAIN, seed=0), samples(N_VALIDATION, seed=1)
    print("batch | raw loop ms/epoch | peslab ms/epoch | ratio | 3 replicas ms/epoch | ratio")
    for batch in (32, 256):
        raw, one, three = epoch_seconds(
            partial(with_raw_loop, *data, batch),
            partial(with_peslab, *data, batch, 1),
            partial(with_peslab, *data, batch, 3),
        )
        print(
            f"{batch:5d} | {1e3 * raw:17.1f} | {1e3 * one:15.1f} | {one / raw:5.3f} | "
            f"{1e3 * three:19.1f} | {three / raw:5.3f}"
        )


if __name__ == "__main__":
    main()
