"""What training costs: epochs of `peslab.learning.fit` beside a raw loop and what people write.

All shuffle 20,000 samples for a network 8-64-64-1, step Adam and measure the validation error once
an epoch, on one thread. The time of an epoch is the slope between a short and a long training, so
that set-up drops out. Where there is a CUDA GPU, hundreds of replicas are trained on it too.

Run: python benchmarks/bench_training.py
"""

import time
import warnings
from collections.abc import Callable
from functools import partial
from itertools import pairwise, product
from unittest import mock

import numpy as np
import pytorch_optimizer
import torch
from sklearn.neural_network import MLPRegressor
from torch.utils.data import DataLoader, TensorDataset

from peslab.features.scaling import Standardize
from peslab.learning import (
    SOAP,
    Adam,
    Constant,
    MeanAbsoluteError,
    MultiLayerPerceptron,
    Optimizer,
    Samples,
    Settings,
    Trainer,
    fit,
)

N_TRAIN, N_VALIDATION, N_INPUTS = 20_000, 5_000, 8
SHORT, LONG, REPEATS = 1, 6, 7
FEW_STEPS = 256  # on a GPU, what is called kernel by kernel is timed from this batch on


def samples(n: int, seed: int) -> Samples:
    inputs = np.random.default_rng(seed).normal(size=(n, N_INPUTS))
    return Samples(inputs, np.sin(inputs).sum(axis=1))


ADAM = Adam(learning_rate=1e-3, weight_decay=0.0)
SOAP_CHOICE = SOAP(3e-3, beta=0.95, weight_decay=0.0, precondition_frequency=10)
FusedAdam = partial(torch.optim.AdamW, lr=1e-3, weight_decay=0.0, fused=True)
LoneSOAP = partial(
    pytorch_optimizer.SOAP, lr=3e-3, betas=(0.95, 0.95), weight_decay=0.0, precondition_frequency=10
)


def with_peslab(
    train, validation, batch, n_replicas, epochs,
    device="cpu", precision="32-true", optimizer=ADAM,
):  # fmt: skip
    settings = Settings(
        network=MultiLayerPerceptron(width=64, depth=2, widths=None, activation="gelu"),
        loss=MeanAbsoluteError(),
        optimizer=optimizer,
        schedule=Constant(),
        trainer=Trainer(epochs, batch, accelerator=device, devices=1, precision=precision),
    )
    fit(settings, Standardize().fit(train.inputs), train, validation, seeds=range(n_replicas))


def plain_network() -> torch.nn.Sequential:
    sizes = [N_INPUTS, 64, 64]
    hidden = [
        layer for pair in pairwise(sizes) for layer in (torch.nn.Linear(*pair), torch.nn.GELU())
    ]
    return torch.nn.Sequential(*hidden, torch.nn.Linear(64, 1))


def tensors(*parts: Samples) -> list[torch.Tensor]:
    return [torch.tensor(array, dtype=torch.float32) for part in parts for array in part[:2]]


def with_raw_loop(train, validation, batch, epochs, optimizer=FusedAdam):
    """PyTorch and nothing else: slices of resident tensors, fused Adam, or another optimizer."""
    inputs, targets, held_out_inputs, held_out_targets = tensors(train, validation)
    network = plain_network()
    descent = optimizer(network.parameters())
    for _ in range(epochs):
        order = torch.randperm(N_TRAIN)
        for some, wanted in zip(
            inputs[order].split(batch), targets[order].split(batch), strict=True
        ):
            descent.zero_grad()
            (network(some).squeeze(-1) - wanted).abs().mean().backward()
            descent.step()
        with torch.inference_mode():
            (network(held_out_inputs).squeeze(-1) - held_out_targets).abs().mean().item()


def with_data_loader(train, validation, batch, epochs):
    """As in tutorials: a DataLoader, Adam as it comes, the loss read in every step."""
    inputs, targets, held_out_inputs, held_out_targets = tensors(train, validation)
    network = plain_network()
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3)
    loader = DataLoader(TensorDataset(inputs, targets), batch_size=batch, shuffle=True)
    for _ in range(epochs):
        total = 0.0
        for some, wanted in loader:
            optimizer.zero_grad()
            loss = torch.nn.functional.l1_loss(network(some).squeeze(-1), wanted)
            loss.backward()
            optimizer.step()
            total += loss.item()
        with torch.no_grad():
            (network(held_out_inputs).squeeze(-1) - held_out_targets).abs().mean().item()


def with_sklearn(train, validation, batch, epochs):
    """MLPRegressor: squared errors and ReLU, the nearest that it has, in float32."""
    network = MLPRegressor(
        hidden_layer_sizes=(64, 64), batch_size=batch, max_iter=epochs, tol=0.0, alpha=0.0
    )
    network.n_iter_no_change = epochs + 1
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it has not converged
        network.fit(train.inputs.astype(np.float32), train.targets.astype(np.float32))
    network.predict(validation.inputs.astype(np.float32))


def seconds(run: Callable[[int], None], epochs: int) -> float:
    started = time.perf_counter()
    run(epochs)
    return time.perf_counter() - started


def epoch_seconds(*runs: Callable[[int], None], repeats: int = REPEATS) -> list[float]:
    """The time of one epoch of each run; they take turns, so that all see the same machine."""
    for run in runs:
        run(SHORT)
    times = [[(seconds(run, SHORT), seconds(run, LONG)) for run in runs] for _ in range(repeats)]
    short, long = np.array(times).min(axis=0).T
    return list((long - short) / (LONG - SHORT))


def one_thread(train: Samples, validation: Samples) -> None:
    torch.set_num_threads(1)
    print("batch | raw loop ms/epoch | ratios: fit, 3 and 8 replicas | DataLoader | sklearn")
    for batch in (32, 256):
        raw, *ours, loader, sklearn = epoch_seconds(
            partial(with_raw_loop, train, validation, batch),
            *(partial(with_peslab, train, validation, batch, k) for k in (1, 3, 8)),
            partial(with_data_loader, train, validation, batch),
            partial(with_sklearn, train, validation, batch),
        )
        ratios = ", ".join(f"{time / raw:.2f}" for time in ours)
        print(
            f"{batch:5d} | {1e3 * raw:17.0f} | {ratios:>29s} | {loader / raw:10.2f} | "
            f"{sklearn / raw:7.2f}   (8 replicas / one: {ours[2] / ours[0]:.2f})"
        )


def soap_one_thread(train: Samples, validation: Samples) -> None:
    """Against pytorch-optimizer's SOAP, which trains one network at a time."""
    print("SOAP: batch | raw loop ms/epoch | ratios: fit, 1, 3 and 8 replicas")
    for batch in (32, 256):
        lone = partial(with_raw_loop, train, validation, batch, optimizer=LoneSOAP)
        fit_soap = partial(with_peslab, train, validation, batch, optimizer=SOAP_CHOICE)
        raw, *ours = epoch_seconds(lone, *(partial(fit_soap, k) for k in (1, 3, 8)), repeats=3)
        ratios = ", ".join(f"{time / raw:.2f}" for time in ours)
        print(f"{batch:11d} | {1e3 * raw:17.0f} | {ratios}", flush=True)


def on_gpu(train: Samples, validation: Samples) -> None:
    """Adam from recordings, with bf16, and called kernel by kernel; SOAP from recordings."""
    print("GPU: batch | replicas | ms/epoch: recorded | bf16-mixed | SOAP | called")
    for batch, n_replicas in product((32, 256, 4000), (1, 8, 100, 300)):
        run = partial(with_peslab, train, validation, batch, n_replicas, device="gpu")
        runs = [run, partial(run, precision="bf16-mixed"), partial(run, optimizer=SOAP_CHOICE)]
        if batch >= FEW_STEPS:
            runs.append(partial(called, run))
        times = " | ".join(f"{1e3 * took:10.1f}" for took in epoch_seconds(*runs, repeats=2))
        print(f"{batch:10d} | {n_replicas:8d} | {times}", flush=True)


def called(run: Callable[[int], None], epochs: int) -> None:
    """The same without a recording."""
    with mock.patch.object(Optimizer, "is_recordable", return_value=False):
        run(epochs)


def main() -> None:
    data = samples(N_TRAIN, seed=0), samples(N_VALIDATION, seed=1)
    one_thread(*data)
    soap_one_thread(*data)
    if torch.cuda.is_available():
        on_gpu(*data)


if __name__ == "__main__":
    main()
