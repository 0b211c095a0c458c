import pytest
import torch

from peslab.errors import InvalidInputError
from peslab.learning import LBFGS, Trainer, use_threads


def settings(**changes):
    chosen = {
        "max_epochs": 3,
        "batch_size": 4,
        "accelerator": "auto",
        "devices": 1,
        "precision": "32-true",
    }
    return Trainer(**chosen | changes)


@pytest.mark.parametrize("name", ["max_epochs", "max_steps", "batch_size", "devices"])
@pytest.mark.parametrize("value", [0, -3])
def test_counts_start_at_one(name, value):
    """The sentence names the key."""
    with pytest.raises(InvalidInputError, match=rf"trainer\.{name} must be 1 or more"):
        settings(**{name: value})


@pytest.mark.parametrize(
    ("max_epochs", "max_steps", "epochs"),
    [(7, None, 7), (None, 9, 3), (None, 10, 4), (7, 9, 3), (2, 9, 2), (None, 1, 1)],
)
def test_a_training_ends_after_epochs_or_steps(max_epochs, max_steps, epochs):
    """Whichever is sooner; 10 samples are 3 steps of 4, and a begun epoch is finished."""
    assert settings(max_epochs=max_epochs, max_steps=max_steps).epochs(10) == epochs


def test_a_training_has_an_end():
    """Neither epochs nor steps would be forever."""
    with pytest.raises(InvalidInputError, match=r"no end: set trainer\.max_epochs or"):
        settings(max_epochs=None)


def test_one_fit_runs_on_one_device():
    """Several devices are for several workers, and the sentence says so."""
    with pytest.raises(InvalidInputError, match=r"study\.workers"):
        settings(devices=2)


@pytest.mark.parametrize(("name", "value"), [("accelerator", "tpu"), ("precision", "16-mixed")])
def test_unknown_choices_are_answered_with_the_known_ones(name, value):
    """The sentence lists what there is."""
    with pytest.raises(InvalidInputError, match=rf"trainer\.{name} is one of .*, .*{value}"):
        settings(**{name: value})


@pytest.mark.parametrize(
    ("accelerator", "has_gpu", "expected"),
    [("auto", True, "cuda"), ("auto", False, "cpu"), ("cpu", True, "cpu"), ("gpu", True, "cuda")],
)
def test_auto_is_cuda_where_there_is_a_gpu(monkeypatch, accelerator, has_gpu, expected):
    """And the CPU elsewhere, an Apple GPU (no float64) included."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: has_gpu)
    assert settings(accelerator=accelerator).device_kind == expected


def test_a_missing_gpu_is_said_in_a_sentence(monkeypatch):
    """Asking for what is not there names the way out."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(InvalidInputError, match=r"trainer\.accelerator=cpu"):
        _ = settings(accelerator="gpu").device_kind


def test_precision_is_the_type_of_the_network():
    """Words of the config as types of PyTorch."""
    assert settings().dtype == torch.float32
    assert settings(precision="64-true").dtype == torch.float64


def test_threads_are_set_for_this_process():
    """A number is taken as it is; None is as many as there are cores to use."""
    use_threads(2)
    assert torch.get_num_threads() == 2
    use_threads(None)
    assert torch.get_num_threads() >= 1
    use_threads(1)
    assert torch.get_num_threads() == 1


def test_a_line_search_takes_no_shortened_gradients(experiment):
    """It would compare the slope of one function with the values of another."""
    searching = experiment.but(optimizer=LBFGS(1.0, history_size=5, max_iter=3), batch_size=410)
    with pytest.raises(InvalidInputError, match=r"LBFGS.*trainer\.gradient_clip_val=null"):
        searching.but(gradient_clip_val=1.0).run()
