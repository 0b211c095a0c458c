import numpy as np
import pytest
import torch

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")


@pytest.mark.parametrize("accelerator", ["auto", "gpu"])
def test_a_gpu_learns_as_well_as_the_cpu(experiment, accelerator):
    """Orders of the samples differ between the two, the outcome does not."""
    chosen = experiment.but(max_epochs=40, seeds=(0, 1, 2))
    errors = [
        chosen.but(accelerator=place).run().history["val/mae"].min(axis=1).mean()
        for place in ("cpu", accelerator)
    ]
    # Means over three replicas of so short a training scatter by some ten per cent.
    assert errors[1] == pytest.approx(errors[0], rel=0.5)


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
