"""The settings of the bowl's study."""

import pytest
from study_of_a_bowl import SPACE

from peslab.study import Study


@pytest.fixture
def settings():
    return Study(name="bowl", n_trials=6, n_startup_trials=3, seed=0, workers=1, space=SPACE)
