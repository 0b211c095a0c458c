"""What a GPU changes: the order of sums and the random numbers, and nothing that is learned.

With all samples in one batch their order does not matter, so that a GPU can be held to what a CPU
finds in the same steps.
"""

import gc
from dataclasses import replace

import numpy as np
import pytest
import torch

from peslab.learning import (
    SOAP,
    Adadelta,
    Adam,
    Constant,
    MeanSquaredError,
    NAdam,
    Optimizer,
    Plateau,
    RMSprop,
)
from peslab.learning.module import ReplicaTraining

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")

# Rounding is amplified tenfold in 40 steps of Adam (inputs changed in their last digit, on a CPU);
# learning rates of recorded steps have 24 bits in any case.
ROUNDING = {"32-true": 1e-3, "64-true": 1e-5}

OPTIMIZERS = {
    "Adam": Adam(1e-2, weight_decay=0.0),
    "SOAP": SOAP(1e-2, beta=0.95, weight_decay=0.0, precondition_frequency=5),
}


@pytest.fixture
def whole(experiment):
    """Every step sees all samples; the loss has no kink, at which rounding would decide."""
    return experiment.but(loss=MeanSquaredError(), batch_size=410, max_epochs=40, seeds=(0, 1, 2))


def on_both(chosen):
    """The same training on the CPU and on the GPU."""
    return [chosen.but(accelerator=place).run() for place in ("cpu", "gpu")]


def with_gradients(experiment):
    """The training part with a Jacobian and gradients to learn, whatever they are."""
    random = np.random.default_rng(0)
    n, scales = len(experiment.train.targets), experiment.train.inputs.std(axis=0)
    return experiment.train._replace(
        jacobian=random.normal(size=(n, 3, 4)) * scales[:, None],
        gradients=random.normal(size=(n, 4)),
    )


@pytest.mark.parametrize("precision", ROUNDING)
def test_a_gpu_learns_what_a_cpu_learns(whole, precision):
    """The same curves, but for rounding."""
    cpu, gpu = on_both(whole.but(precision=precision))
    for name, curves in cpu.history.items():
        np.testing.assert_allclose(gpu.history[name], curves, rtol=ROUNDING[precision])
    assert (gpu.history["val/mae"].min(axis=1) < 0.7 * gpu.history["val/mae"][:, 0]).all()


def test_a_gpu_is_taken_where_there_is_one(whole):
    """And gives what is asked for by name."""
    auto, asked = (whole.but(accelerator=place, max_epochs=3).run() for place in ("auto", "gpu"))
    np.testing.assert_allclose(auto.history["val/mae"], asked.history["val/mae"], rtol=1e-6)


def test_soap_on_a_gpu_learns_as_well(whole):
    """Its eigenbasis is arbitrary where gradients vanish, so that rounding moves it by per cents.

    On a CPU inputs changed in their last digit move single errors by 1 to 4 %, in float64.
    """
    chosen = whole.but(optimizer=OPTIMIZERS["SOAP"], precision="64-true")
    cpu, gpu = (found.history["val/mae"].min(axis=1) for found in on_both(chosen))
    np.testing.assert_allclose(gpu, cpu, rtol=0.2)


def test_gradients_are_learned_on_a_gpu(whole):
    """Through the Jacobian, by second derivatives of the network."""
    chosen = whole.but(
        train=with_gradients(whole),
        loss=MeanSquaredError(gradient_weight=0.3),
        precision="64-true",
    )
    cpu, gpu = on_both(chosen)
    for name, curves in cpu.history.items():
        np.testing.assert_allclose(gpu.history[name], curves, rtol=ROUNDING["64-true"])


@pytest.mark.parametrize("dropout", [0.0, 0.2])
def test_a_training_on_a_gpu_can_be_repeated(experiment, dropout):
    """The seeds decide, also of what is left out; the finished network leaves nothing out."""
    network = replace(experiment.network, dropout=dropout)
    chosen = experiment.but(network=network, accelerator="gpu", precision="64-true", seeds=(0, 1))
    once, again = chosen.run(), chosen.run()
    for name, curves in once.history.items():
        np.testing.assert_allclose(again.history[name], curves, rtol=1e-9)
    predicted = once.model.predict(experiment.validation.inputs)
    kept = np.abs(predicted - experiment.validation.targets).mean(axis=1)
    np.testing.assert_allclose(kept, once.history["val/mae"].min(axis=1), rtol=1e-9)


def test_dropout_on_a_gpu_reaches_the_training(experiment):
    """Losses are others with it, and each replica leaves out units of its own."""
    thinned = replace(experiment.network, dropout=0.2)
    chosen = experiment.but(accelerator="gpu", precision="64-true", seeds=(0, 1))
    plain, left_out = chosen.run(), chosen.but(network=thinned).run()
    assert not np.allclose(plain.history["train/loss"], left_out.history["train/loss"], rtol=1e-3)
    alone = chosen.but(network=thinned, seeds=(1,)).run()
    np.testing.assert_allclose(
        left_out.history["train/loss"][1], alone.history["train/loss"][0], rtol=1e-9
    )


@pytest.mark.parametrize("optimizer", OPTIMIZERS.values(), ids=OPTIMIZERS)
def test_mixed_precision_on_a_gpu_arrives_about_where_an_exact_one_does(experiment, optimizer):
    """With the same orders of the samples; products have 8 bits, the weights themselves 24."""
    chosen = experiment.but(accelerator="gpu", optimizer=optimizer, max_epochs=12, seeds=(0, 1))
    exact, mixed = (
        chosen.but(precision=precision).run() for precision in ("32-true", "bf16-mixed")
    )
    assert not np.array_equal(exact.history["val/mae"], mixed.history["val/mae"])
    best = [run.history["val/mae"].min(axis=1).mean() for run in (exact, mixed)]
    assert best[1] < 1.5 * best[0] + 0.01
    assert mixed.model.network.dtype == torch.float32


def test_gradients_in_mixed_precision_begin_where_exact_ones_do(experiment):
    """The Jacobian is multiplied in 24 bits on a GPU, too."""
    chosen = experiment.but(
        train=with_gradients(experiment),
        loss=MeanSquaredError(gradient_weight=1.0),
        optimizer=Adam(1e-9, weight_decay=0.0),
        schedule=Constant(),
        accelerator="gpu",
        max_epochs=1,
    )
    exact, mixed = (
        chosen.but(precision=precision).run().history["train/loss"]
        for precision in ("64-true", "bf16-mixed")
    )
    np.testing.assert_allclose(mixed, exact, rtol=0.02)  # squares: twice the error of products


@pytest.mark.parametrize("dropout", [0.0, 0.2])
def test_an_interrupted_training_goes_on_on_a_gpu(experiment, dropout, tmp_path):
    """Weights, averages, rates, orders of the samples and what is left out: as if uninterrupted."""
    chosen = experiment.but(
        network=replace(experiment.network, dropout=dropout),
        schedule=Plateau(0.5, 1), accelerator="gpu", precision="64-true", averaging=0.9,
        max_epochs=7, checkpoint_every=2, seeds=(0, 5),
    )  # fmt: skip
    whole = chosen.run(folder=tmp_path)

    def stop(number, _):
        if number == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        chosen.run(folder=tmp_path, on_epoch=stop)
    checkpoint = str(tmp_path / "checkpoint.ckpt")
    continued = chosen.but(resume_from=checkpoint).run(folder=tmp_path)
    for name, curves in whole.history.items():
        np.testing.assert_allclose(continued.history[name], curves, rtol=1e-9)
    assert np.array_equal(whole.best_epoch, continued.best_epoch)


def test_a_model_trained_on_a_gpu_is_used_on_the_cpu(experiment):
    """It comes back to the CPU, and predicts the same when it is sent to the GPU again."""
    found = experiment.but(accelerator="gpu").run()
    assert found.model.feature_shift.device.type == "cpu"
    features = experiment.validation.inputs
    energies, gradients = found.model.predict_with_gradient(features)
    kept = np.abs(energies - experiment.validation.targets).mean(axis=1)
    # Float32 products in another order.
    np.testing.assert_allclose(kept, found.history["val/mae"].min(axis=1), rtol=1e-3)
    again = found.model.cuda().predict_with_gradient(features)
    np.testing.assert_allclose(again[0], energies, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(again[1], gradients, rtol=1e-2, atol=1e-3 * np.abs(gradients).max())


def test_a_replica_on_a_gpu_does_not_feel_the_others(experiment):
    """Together is the same as alone, but for the rounding of other matrix routines."""
    chosen = experiment.but(accelerator="gpu", precision="64-true")
    together = chosen.but(seeds=(3, 0)).run().history["train/loss"]
    alone = chosen.but(seeds=(0,)).run().history["train/loss"]
    np.testing.assert_allclose(together[1], alone[0], rtol=1e-9)


RECORDED = {
    "Adam": Adam(1e-2, weight_decay=1e-3),
    "Adam, rates of replicas": Adam((1e-2, 3e-3), weight_decay=0.0),
    "NAdam": NAdam(1e-2, weight_decay=1e-3),
    "RMSprop": RMSprop(1e-3, momentum=0.5),
    "Adadelta": Adadelta(1.0),
    "SOAP": OPTIMIZERS["SOAP"],
    "SOAP, rates of replicas": replace(OPTIMIZERS["SOAP"], learning_rate=(1e-2, 3e-3)),
}


# The calls are the same; of learning rates 24 bits are left, and SOAP makes much of rounding.
OF_RATES = 1e-5
OF_SOAP = 0.2


def unrecorded(monkeypatch, chosen):
    """The same training, all of whose steps are called one by one."""
    with monkeypatch.context() as patched:
        patched.setattr(Optimizer, "is_recordable", lambda *_: False)
        return chosen.run()


@pytest.mark.parametrize("optimizer", RECORDED.values(), ids=RECORDED)
def test_recorded_steps_are_the_steps_themselves(experiment, optimizer, monkeypatch):
    """Of every size: 410 samples are ten batches of 40 and one of 10."""
    chosen = experiment.but(
        optimizer=optimizer, accelerator="gpu", precision="64-true", seeds=(0, 1), max_epochs=5
    )
    recorded, called = chosen.run(), unrecorded(monkeypatch, chosen)
    rounding = OF_SOAP if isinstance(optimizer, SOAP) else OF_RATES
    for name, curves in called.history.items():
        np.testing.assert_allclose(recorded.history[name], curves, rtol=rounding)


@pytest.mark.parametrize(
    "settings",
    [
        {"schedule": Plateau(0.5, 1), "seeds": (0, 1, 2), "max_epochs": 12},
        {"gradient_clip_val": 0.1, "averaging": 0.9},
        {"precision": "bf16-mixed"},
        {"dropout": 0.2},
        {"gradients": True},
    ],
    ids=lambda settings: next(iter(settings)),
)
def test_whatever_is_in_a_step_is_recorded(experiment, settings, monkeypatch):
    """Rates that change, shortened gradients, fewer bits, units left out, second derivatives."""
    chosen = experiment.but(accelerator="gpu", precision="64-true", seeds=(0, 1), max_epochs=5)
    changed = dict(settings)
    if "dropout" in changed:
        changed["network"] = replace(experiment.network, dropout=changed.pop("dropout"))
    if changed.pop("gradients", False):
        changed["train"] = with_gradients(experiment)
        changed["loss"] = MeanSquaredError(gradient_weight=0.3)
    chosen = chosen.but(**changed)
    recorded, called = chosen.run(), unrecorded(monkeypatch, chosen)
    # Products of 8 bits round differently where batches lie differently in memory.
    rounding = 0.1 if settings.get("precision") == "bf16-mixed" else OF_RATES
    for name, curves in called.history.items():
        np.testing.assert_allclose(recorded.history[name], curves, rtol=rounding)


@pytest.mark.parametrize("optimizer", OPTIMIZERS.values(), ids=OPTIMIZERS)
@pytest.mark.parametrize("has_gradients", [False, True])
def test_the_host_never_waits_for_the_gpu_in_an_epoch(
    experiment, optimizer, has_gradients, monkeypatch
):
    """PyTorch raises where it would; the first epoch, in which steps are recorded, may."""
    take_steps = ReplicaTraining.training_step

    def watched(self, *arguments):
        torch.cuda.set_sync_debug_mode("error" if self.current_epoch > 0 else "default")
        try:
            take_steps(self, *arguments)
        finally:
            torch.cuda.set_sync_debug_mode("default")

    monkeypatch.setattr(ReplicaTraining, "training_step", watched)
    chosen = experiment.but(accelerator="gpu", optimizer=optimizer, seeds=(0, 1, 2), max_epochs=3)
    if has_gradients:
        train = with_gradients(experiment)
        chosen = chosen.but(train=train, loss=MeanSquaredError(gradient_weight=0.3))
    assert chosen.run().history["val/mae"].shape == (3, 3)


def test_a_training_gives_the_memory_of_the_gpu_back(experiment):
    """Recordings too, so that a study of many trials has as much as its first one."""
    chosen = experiment.but(accelerator="gpu", seeds=range(50), max_epochs=2)
    held = []
    for _ in range(4):
        chosen.run()
        gc.collect()
        held.append(torch.cuda.memory_allocated())
    assert held[-1] == held[1]
