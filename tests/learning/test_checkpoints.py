"""What was interrupted goes on, bit by bit; what stops early, stops where it should."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from peslab.errors import InvalidInputError
from peslab.learning import LBFGS, SGD, SOAP, Adam, Constant, Plateau, TrainedModel
from peslab.learning.average import AveragedWeights

OPTIMIZERS = {
    "Adam": Adam(1e-2, weight_decay=0.0),
    "SOAP": SOAP(1e-2, beta=0.95, weight_decay=0.0, precondition_frequency=5),
    "LBFGS": LBFGS(1.0, history_size=5, max_iter=3),
}


def interrupted(chosen, folder, epoch):
    """Train until an epoch ends, and no further."""

    def stop(number, _):
        if number == epoch:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        chosen.run(folder=folder, on_epoch=stop)
    return str(folder / "checkpoint.ckpt")


@pytest.mark.parametrize("optimizer", OPTIMIZERS.values(), ids=OPTIMIZERS)
@pytest.mark.parametrize("averaging", [None, 0.9])
@pytest.mark.parametrize("dropout", [0.0, 0.2])
def test_an_interrupted_training_goes_on_bit_by_bit(
    experiment, optimizer, averaging, dropout, tmp_path
):
    """Weights, orders of the samples, history, best epoch: as if nothing had happened."""
    if dropout and optimizer.whole_batches:
        pytest.skip("line searches refuse dropout")
    chosen = experiment.but(
        network=replace(experiment.network, dropout=dropout),
        optimizer=optimizer, averaging=averaging, max_epochs=7, checkpoint_every=2, seeds=(0, 5),
        schedule=Plateau(0.5, 1), batch_size=410 if optimizer.whole_batches else 40,
    )  # fmt: skip
    whole = chosen.run(folder=tmp_path)
    checkpoint = interrupted(chosen, tmp_path, epoch=4)
    continued = chosen.but(resume_from=checkpoint).run(folder=tmp_path)
    for name, curves in whole.history.items():
        assert np.array_equal(curves, continued.history[name])
    assert np.array_equal(whole.best_epoch, continued.best_epoch)
    for one, other in zip(
        whole.model.network.parameters(), continued.model.network.parameters(), strict=True
    ):
        assert torch.equal(one, other)
    assert [file.name for file in tmp_path.iterdir()] == ["checkpoint.ckpt"]


def softplus(experiment):
    return replace(experiment.network, activation="softplus")


def other_data(experiment):
    targets = experiment.train.targets.copy()
    targets[7] += 1e-3
    return experiment.train._replace(targets=targets)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda _: {"seeds": (1,)}, r"seeds was \[0\], now \[1\]"),
        (
            lambda _: {"optimizer": Adam(2e-2, weight_decay=0.0)},
            "optimizer.learning_rate was 0.01, now 0.02",
        ),
        (
            lambda _: {"optimizer": SGD(1e-2, momentum=0.0, nesterov=False)},
            "optimizer was Adam, now SGD",
        ),
        (lambda _: {"max_epochs": 9}, "trainer.max_epochs was 4, now 9"),
        (lambda _: {"schedule": Constant()}, "schedule was Cosine, now Constant"),
        (
            lambda experiment: {"network": softplus(experiment)},
            "network.activation was 'gelu', now 'softplus'",
        ),
        (
            lambda experiment: {"train": other_data(experiment)},
            "data was [0-9a-f]{64}, now [0-9a-f]{64}",
        ),
    ],
)
def test_a_checkpoint_of_another_training_is_refused(experiment, change, words, tmp_path):
    """Rather than a mixture of two; the sentence names what differs, and that alone."""
    checkpoint = interrupted(experiment.but(checkpoint_every=1), tmp_path, epoch=2)
    with pytest.raises(InvalidInputError, match=rf"another training \({words}\): rep") as refused:
        experiment.but(**change(experiment), resume_from=checkpoint).run()
    assert str(refused.value).count(", now ") == 1


def test_a_checkpoint_of_a_gpu_is_refused_on_a_cpu(experiment, tmp_path):
    """Its random numbers are others, and its steps keep their state in another way."""
    checkpoint = interrupted(experiment.but(checkpoint_every=1), tmp_path, epoch=2)
    written = torch.load(checkpoint, weights_only=True)
    assert written["replicas"]["recipe"]["device"] == "cpu"
    written["replicas"]["recipe"]["device"] = "cuda"
    torch.save(written, checkpoint)
    with pytest.raises(InvalidInputError, match=r"another training \(device was cuda, now cpu\)"):
        experiment.but(resume_from=checkpoint).run()


def test_a_finished_training_is_not_trained_further(experiment, tmp_path):
    """Its checkpoint gives what it gave."""
    whole = experiment.but(checkpoint_every=2).run(folder=tmp_path)
    again = experiment.but(resume_from=str(tmp_path / "checkpoint.ckpt")).run()
    assert np.array_equal(whole.history["val/mae"], again.history["val/mae"])
    for one, other in zip(
        whole.model.network.parameters(), again.model.network.parameters(), strict=True
    ):
        assert torch.equal(one, other)


@pytest.mark.parametrize("content", [b"", b"no checkpoint at all", "network"])
def test_what_is_no_checkpoint_is_refused(experiment, content, tmp_path):
    """Empty, something else, or a network that was saved for use."""
    file = tmp_path / "checkpoint.ckpt"
    if content == "network":
        experiment.run().model.save(file)
        assert TrainedModel.load(file)
    else:
        file.write_bytes(content)
    with pytest.raises(InvalidInputError, match="no checkpoint of peslab"):
        experiment.but(resume_from=str(file)).run()
    with pytest.raises(InvalidInputError, match="There is no checkpoint"):
        experiment.but(resume_from=str(tmp_path / "elsewhere")).run()


def test_checkpoints_need_a_folder(experiment):
    """Nothing is written to wherever one happens to be."""
    with pytest.raises(InvalidInputError, match="need a folder"):
        experiment.but(checkpoint_every=1).run()


def test_training_stops_when_patience_ends(experiment):
    """So many epochs after the last replica's best one; its weights are kept."""
    still = replace(experiment.optimizer, learning_rate=1e-30)  # no epoch is better than the first
    stopped = experiment.but(optimizer=still, max_epochs=50, patience=3, seeds=(0, 1)).run()
    assert stopped.history["val/mae"].shape == (2, 4)
    assert (stopped.best_epoch == 0).all()


def test_training_goes_on_while_a_replica_improves(experiment):
    """Patience with one is patience with all."""
    patient = experiment.but(max_epochs=6, patience=5, seeds=(0, 1)).run()
    assert patient.history["val/mae"].shape == (2, 6)


def test_averages_are_debiased():
    """Of weights that stay they are these from the first step on; of others, the known sums."""
    weights = [torch.nn.Parameter(torch.tensor([3.0]))]
    average = AveragedWeights(weights, decay=0.9)
    average.update()
    with average.in_place():
        assert weights[0].item() == pytest.approx(3.0)
    weights[0].data.fill_(5.0)
    average.update()
    with average.in_place():
        assert weights[0].item() == pytest.approx((0.9 * 3.0 + 5.0) / 1.9)
    assert weights[0].item() == 5.0


def test_an_average_is_what_is_validated_and_kept(experiment):
    """At a rate that never falls, an average over steps errs less than their last."""
    noisy = experiment.but(
        optimizer=Adam(3e-2, weight_decay=0.0), schedule=Constant(), max_epochs=30, seeds=(0, 1, 2)
    )
    plain, averaged = noisy.run(), noisy.but(averaging=0.95).run()
    last = [run.history["val/mae"][:, -5:].mean() for run in (plain, averaged)]
    assert last[1] < 0.8 * last[0]
    predicted = averaged.model.predict(experiment.validation.inputs)
    kept = np.abs(predicted - experiment.validation.targets).mean(axis=1)
    np.testing.assert_allclose(kept, averaged.history["val/mae"].min(axis=1), rtol=1e-4)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"patience": 0}, r"trainer\.patience"),
        ({"checkpoint_every": 0}, r"trainer\.checkpoint_every"),
        ({"averaging": 1.0}, r"trainer\.averaging.*try 0\.999"),
        ({"gradient_clip_val": 0.0}, r"trainer\.gradient_clip_val"),
    ],
)
def test_impossible_settings_are_named(experiment, settings, words):
    """By the key that a user types."""
    with pytest.raises(InvalidInputError, match=words):
        experiment.but(**settings)
