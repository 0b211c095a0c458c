import logging
import signal

import numpy as np
import pytest
import torch

from peslab.errors import InvalidInputError, PeslabError
from peslab.features.scaling import Standardize, Unscaled
from peslab.learning import (
    Adam,
    Constant,
    Huber,
    MeanSquaredError,
    MultiLayerPerceptron,
    Samples,
    TrainingDivergedError,
)


def test_a_smooth_surface_is_learned(experiment):
    """Every replica removes nine tenths of a constant's error in a few seconds."""
    found = experiment.but(max_epochs=60, seeds=(0, 1)).run()
    targets = experiment.validation.targets
    constant = np.abs(targets - np.median(targets)).mean()
    assert (found.history["val/mae"].min(axis=1) < 0.1 * constant).all()
    assert found.seconds > 0


@pytest.mark.parametrize("activation", ["softplus", "gelu", "silu", "tanh", "relu"])
@pytest.mark.parametrize("loss", [MeanSquaredError(), Huber(delta=0.5)])
def test_every_loss_and_activation_learns(experiment, activation, loss):
    """The validation error goes down from the first to the last epoch."""
    network = MultiLayerPerceptron(width=16, depth=1, widths=None, activation=activation)
    found = experiment.but(network=network, loss=loss, max_epochs=8).run()
    errors = found.history["val/mae"]
    assert (errors[:, -1] < errors[:, 0]).all()


def test_a_linear_network_finds_a_linear_surface(experiment):
    """Depth 0 reproduces an affine function to the precision of the schedule's end."""
    inputs = experiment.train.inputs
    plane = inputs @ [1.0, 2e-3, -1e-6]
    network = MultiLayerPerceptron(width=1, depth=0, widths=None, activation="softplus")
    found = experiment.but(
        network=network,
        loss=MeanSquaredError(),
        train=Samples(inputs, plane),
        validation=Samples(inputs, plane),
        max_epochs=150,
        precision="64-true",
    ).run()
    assert found.history["val/mae"].min() < 1e-4 * plane.std()


def test_history_has_a_row_for_each_replica_and_a_column_for_each_epoch(experiment):
    """Both curves, in float64, finite."""
    found = experiment.but(seeds=(4, 2, 9)).run()
    assert set(found.history) == {"train/loss", "val/mae"}
    for curves in found.history.values():
        assert curves.shape == (3, 4)
        assert curves.dtype == np.float64
        assert np.isfinite(curves).all()


def test_errors_are_told_in_the_units_of_the_targets(experiment):
    """Energies that are 1000 times as large have errors 1000 times as large, offsets none."""
    small = experiment.run()
    large = experiment.but(
        train=Samples(experiment.train.inputs, 1e3 * experiment.train.targets + 7e4),
        validation=Samples(experiment.validation.inputs, 1e3 * experiment.validation.targets + 7e4),
    ).run()
    for name, curves in small.history.items():
        # Scaled targets differ in their last float32 bits, which some 40 steps amplify.
        np.testing.assert_allclose(large.history[name], 1e3 * curves, rtol=1e-2)


def test_the_width_of_huber_is_an_energy(experiment):
    """With δ far above all errors, Huber is half the squared error, whatever the targets' scale."""
    squared = experiment.but(loss=MeanSquaredError(), optimizer=Adam(1e-3, 0.0)).run()
    huber = experiment.but(loss=Huber(delta=1e3), optimizer=Adam(1e-3, 0.0)).run()
    # Adam does not see the factor ½ but for its ε of 1e-8.
    np.testing.assert_allclose(
        2 * huber.history["train/loss"], squared.history["train/loss"], rtol=1e-4
    )


def test_the_best_weights_are_kept_and_not_the_last(experiment):
    """At a high constant rate the error jumps; the model has the error of each best epoch."""
    found = experiment.but(
        optimizer=Adam(learning_rate=0.05, weight_decay=0.0),
        schedule=Constant(),
        max_epochs=12,
        seeds=(0, 1, 2),
    ).run()
    errors = found.history["val/mae"]
    assert (found.best_epoch == errors.argmin(axis=1)).all()
    assert (found.best_epoch < 11).any(), "no replica was worse in the end: the test tests nothing"
    prediction = found.model.predict(experiment.validation.inputs)
    kept = np.abs(prediction - experiment.validation.targets).mean(axis=1)
    # The history is measured in float32.
    np.testing.assert_allclose(kept, errors.min(axis=1), rtol=1e-5)


def test_steps_may_tell_the_length_of_a_training(experiment):
    """410 samples are 11 steps of 40: 40 steps are 4 epochs, with the same rates and end."""
    by_epochs = experiment.run()
    by_steps = experiment.but(max_epochs=None, max_steps=40).run()
    for name, curves in by_epochs.history.items():
        np.testing.assert_array_equal(by_steps.history[name], curves)


def test_the_same_seed_gives_the_same_bits(experiment):
    """Neither the global generator nor an earlier training leaves a trace."""
    first = experiment.run().history["train/loss"]
    torch.manual_seed(99)
    np.testing.assert_array_equal(experiment.run().history["train/loss"], first)
    assert (experiment.but(seeds=(1,)).run().history["train/loss"] != first).all()


def test_an_observer_is_told_the_means_of_every_epoch(experiment):
    """What it is told is what the history holds."""
    told = []
    found = experiment.but(seeds=(0, 1)).run(on_epoch=lambda *epoch: told.append(epoch))
    assert len(told) == 4
    for name, curves in found.history.items():
        expected = curves.mean(axis=0)
        assert [epoch for epoch, _ in told] == [0, 1, 2, 3]
        assert [figures[name] for _, figures in told] == pytest.approx(list(expected), rel=1e-12)


def test_what_an_observer_raises_ends_the_training(experiment):
    """This is how a study prunes a trial: the exception arrives as it was raised."""

    class Pruned(Exception):  # noqa: N818 (named as Optuna's TrialPruned)
        pass

    epochs = []

    def prune(epoch, _):
        epochs.append(epoch)
        if len(epochs) == 2:
            raise Pruned

    with pytest.raises(Pruned):
        experiment.run(on_epoch=prune)
    assert len(epochs) == 2


def test_an_interrupt_stays_an_interrupt(experiment):
    """Ctrl+C arrives as such, and the next Ctrl+C is heard as well."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # jobs in the background ignore it

    def interrupt(*_):
        signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        experiment.run(on_epoch=interrupt)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_request_to_exit_stays_one(experiment):
    """What is not an interrupt is not made one."""

    def leave(*_):
        raise SystemExit(3)

    with pytest.raises(SystemExit) as raised:
        experiment.run(on_epoch=leave)
    assert raised.value.code == 3


def test_divergence_is_told_with_its_epoch_its_replicas_and_a_remedy(experiment):
    """Infinite learning rates are refused; merely absurd ones are noticed after an epoch."""
    diverging = experiment.but(
        optimizer=Adam(learning_rate=1e30, weight_decay=0.0),
        loss=MeanSquaredError(),
        seeds=(0, 1),
    )
    with pytest.raises(
        TrainingDivergedError,
        match=r"replica\(s\) 0, 1 .* epoch 1, batch 2; lower optimizer\.learning_rate",
    ) as raised:
        diverging.run()
    assert isinstance(raised.value, PeslabError)


@pytest.mark.parametrize(
    ("is_scaled", "clip", "words", "not_words"),
    [
        (True, None, "lower optimizer.learning_rate=1e+30, or shorten long", "scaling"),
        (True, 1.0, "validation; lower optimizer.learning_rate=1e+30.", "gradient_clip_val"),
        (False, None, "scale the inputs, whose typical size is 1.2e+06 (scaling=st", "whiten"),
    ],
)
def test_divergence_is_told_with_its_likely_cause(experiment, is_scaled, clip, words, not_words):
    """Nobody is advised to scale inputs that are, or to clip gradients that are clipped."""
    diverging = experiment.but(
        optimizer=Adam(1e30, weight_decay=0.0),
        max_epochs=1,
        batch_size=410,
        gradient_clip_val=clip,
    )
    scaling = (Standardize() if is_scaled else Unscaled()).fit(experiment.train.inputs)
    with pytest.raises(TrainingDivergedError) as raised:
        diverging.run(scaling=scaling)
    assert words in str(raised.value)
    assert not_words not in str(raised.value)


def test_divergence_in_the_last_step_is_noticed_as_well(experiment):
    """No batch after it has a loss that tells: the weights that are left give no energies."""
    last = experiment.but(
        optimizer=Adam(learning_rate=1e30, weight_decay=0.0), max_epochs=1, batch_size=410
    )
    with pytest.raises(TrainingDivergedError, match="epoch 1, validation; lower"):
        last.run()


def test_a_run_is_silent_and_leaves_no_trace(experiment, capsys, caplog, tmp_path, monkeypatch):
    """No banner, no tip, no folder, and Lightning's log level as it was."""
    monkeypatch.chdir(tmp_path)
    logger = logging.getLogger("pytorch_lightning")
    logger.setLevel(logging.INFO)
    with caplog.at_level(logging.DEBUG):
        experiment.run()
    assert capsys.readouterr() == ("", "")
    assert caplog.records == []
    assert list(tmp_path.iterdir()) == []
    assert logger.level == logging.INFO


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"batch_size": 411}, r"trainer\.batch_size=411 is more than the 410"),
        ({"seeds": ()}, "a seed of its own"),
        ({"seeds": (1, 1)}, "a seed of its own"),
        ({"seeds": (-1,)}, "from 0 on"),
    ],
)
def test_choices_that_do_not_fit_together_are_refused(experiment, changes, message):
    """Before any work starts, with the key to change."""
    with pytest.raises(InvalidInputError, match=message):
        experiment.but(**changes).run()


def test_equal_targets_are_refused(experiment):
    """A surface without height has no scale."""
    flat = Samples(experiment.train.inputs, np.full(410, -1.5))
    with pytest.raises(InvalidInputError, match=r"All 410 training targets are -1\.5"):
        experiment.but(train=flat).run()


def test_validation_samples_are_checked_too(experiment):
    """NaN there would never choose a best epoch."""
    bad = Samples(experiment.validation.inputs, np.full(100, np.nan))
    with pytest.raises(InvalidInputError, match="validation samples"):
        experiment.but(validation=bad).run()


def test_unscaled_inputs_can_be_trained_as_in_the_thesis(experiment):
    """Inputs up to 1e6 go through; that little is learned from them is the thesis's finding."""
    found = experiment.run(scaling=Unscaled().fit(experiment.train.inputs))
    assert np.isfinite(found.history["val/mae"]).all()
