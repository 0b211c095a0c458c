"""A trial that finds answered what follows from the data logs what the first one logs."""

from pathlib import Path

import pytest

from peslab.configuration.compose import compose, without_hydra
from peslab.pipeline import Origin, plan, run
from peslab.pipeline.repetition import is_time
from peslab.problems import once

SMALL = (
    *("debug=fast", "database.size=100", "database.test_size=40", "trainer.batch_size=40"),
    *("trainer.max_epochs=3", "network.width=4", "replicas=2"),
)
OTHERS = ("database.seed=5", "features.orders=[-3]", "loss.gradient_weight=0.1")


def record(home, name, overrides=(), is_drawn=True):
    """All that a run logs, but for times and what is called after the run itself."""
    config = without_hydra(compose([*SMALL, *overrides]))
    (home / name).mkdir()
    planned = plan(config)
    origin = Origin(folder=home / name, home=home, config=config, is_drawn=lambda _: is_drawn)
    outcome = run(planned, origin)
    client = planned.tracking.client(home)
    data = client.get_run(outcome.run_id).data
    folder = Path(client.download_artifacts(outcome.run_id, ""))
    files = {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    metrics = {key: value for key, value in data.metrics.items() if not is_time(key)}
    tags = {key: data.tags[key] for key in data.tags if key.startswith(("data.", "fingerprint."))}
    return files, metrics, data.params, tags


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("runs")


def test_a_warm_trial_logs_what_a_cold_one_logs(home):
    """Figures, weights, losses, metrics, params and tags, bit by bit."""
    once._known.cache_clear()
    cold = record(home, "cold")
    asked = once._known.cache_info()
    warm = record(home, "warm")
    found = once._known.cache_info()
    assert (found.misses, found.hits) == (asked.misses, asked.hits + asked.misses)
    assert set(cold[0]) >= {"figures/drag.png", "figures/drag_lines.png", "losses.csv"}
    for before, now in zip(cold, warm, strict=True):
        assert set(before) == set(now)
        assert [key for key in before if before[key] != now[key]] == []


def test_other_data_features_and_losses_have_answers_of_their_own(home):
    """What other trials left behind changes nothing."""
    record(home, "before", is_drawn=False)
    among_others = [record(home, f"after {other}", [other], is_drawn=False) for other in OTHERS]
    for other, after in zip(OTHERS, among_others, strict=True):
        once._known.cache_clear()
        assert record(home, f"alone {other}", [other], is_drawn=False) == after
