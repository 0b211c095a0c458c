"""One run from its config to its record, and how it ends when it cannot go on."""

import importlib
import json
from dataclasses import replace

import numpy as np
import pytest
from omegaconf import OmegaConf

from peslab.configuration.compose import compose, without_hydra
from peslab.errors import InvalidInputError
from peslab.learning import TrainingDivergedError
from peslab.pipeline import Origin, plan, run
from peslab.pipeline.run import Stopwatch, Unwatched, chosen_values

module = importlib.import_module("peslab.pipeline.run")
SMALL = (
    *("debug=fast", "database.size=100", "database.test_size=40", "trainer.batch_size=40"),
    *("trainer.max_epochs=3", "network.width=4", "seed=7"),
)


class Diary:
    """Writes down what it is told."""

    def __init__(self):
        self.parts, self.epochs, self.databases = [], [], []

    def part(self, name):
        self.parts.append(name)

    def made(self, done, total):
        self.databases.append((done, total))

    def epoch(self, epoch, max_epochs, error):
        self.epochs.append((epoch, max_epochs, error))


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("runs")


def origin(home, config, folder="one", **others):
    (home / folder).mkdir()
    return Origin(folder=home / folder, home=home, config=config, **others)


@pytest.fixture(scope="module")
def config():
    return without_hydra(compose(list(SMALL)))


@pytest.fixture(scope="module")
def done(home, config):
    """A watched run of two replicas, as trial 4 of a sweep, with its plan and outcome."""
    diary = Diary()
    told = origin(
        home, config, overrides=["seed=7"], study="sweep", trial=4, repeats="abc", watcher=diary
    )
    planned = plan(config)
    return planned, run(planned, told), diary


@pytest.fixture(scope="module")
def recorded(done, home):
    planned, outcome, _ = done
    return planned.tracking.client(home).get_run(outcome.run_id)


def test_a_plan_has_the_values_of_the_config(config):
    """Every choice arrives where it is used."""
    planned = plan(config)
    assert planned.problem.database.size == 100
    assert (planned.trainer.max_epochs, planned.trainer.batch_size) == (3, 40)
    assert (planned.network.width, planned.network.depth) == (4, config.network.depth)
    assert planned.optimizer.learning_rate == config.optimizer.learning_rate
    assert list(planned.seeds) == [7, 8]
    assert planned.study is None
    assert planned.values["features"]["orders"] == list(config.features.orders)


def test_the_watcher_is_told_the_parts_in_their_order(done):
    """What a progress bar says is what is being done."""
    _, _, diary = done
    assert diary.parts == [
        "compilation",
        "data",
        "features",
        "fit",
        "evaluation",
        "logging",
        "figures",
    ]
    assert [(epoch, of) for epoch, of, _ in diary.epochs] == [(0, 3), (1, 3), (2, 3)]
    assert all(error > 0 for *_, error in diary.epochs)
    planned, *_ = done
    totals = [recipe.cut.n_configurations for recipe in planned.problem.recipes().values()]
    assert [of for made, of in dict.fromkeys(diary.databases) if made == of] == totals


def test_the_errors_of_the_test_part_are_handed_back_row_by_row(done, home):
    """Their means are the metrics that tables show, of gradients and forces too."""
    planned, outcome, _ = done
    errors, data, n_validation = outcome.tested
    assert set(errors) == {"energy_mae", "gradient_mae", "force_mae"}
    for name, of_rows in errors.items():
        assert of_rows.shape == (2, 40)
        means = [outcome.metrics[f"replica_{k}/test/{name}"] for k in (0, 1)]
        assert of_rows.mean(axis=1) == pytest.approx(means)
    tables = planned.problem.tables(home / "databases")
    assert (data, n_validation) == (tables.test.fingerprint, len(tables.validation))


def test_a_run_with_a_role_is_named_and_tagged_so(home, config):
    """It stands beside the trial that it belongs to."""
    told = origin(home, config, "role", study="sweep", trial=4, role="confirmation")
    planned = plan(config)
    outcome = run(planned, told)
    recorded = planned.tracking.client(home).get_run(outcome.run_id)
    assert recorded.info.run_name == "sweep/4 confirmation"
    assert recorded.data.tags["role"] == "confirmation"
    assert planned.tracking.artifact(home, outcome.run_id, "network.pt").is_file()


def test_the_file_of_metrics_is_what_mlflow_has(done, recorded):
    """Nobody has to open MLflow for a number, and the two never disagree."""
    _, outcome, _ = done
    file = json.loads((outcome.folder / "metrics.json").read_text(encoding="utf-8"))
    assert file == outcome.metrics
    assert file.items() <= recorded.data.metrics.items()
    assert set(recorded.data.metrics) - set(file) <= {"train/loss", "val/mae", "learning_rate"}
    assert outcome.objective == file["val/energy_mae"]
    assert (outcome.folder / "network.pt").is_file()


def test_what_errors_are_parts_of_is_told(done, home):
    """A floor of a hundredth of the scatter, or of the gradients, can be read off."""
    planned, outcome, _ = done
    test = planned.problem.tables(home / "databases").test
    assert outcome.metrics["baseline/energy_std"] == pytest.approx(test.targets.std())
    magnitude = np.abs(test.gradients).mean()
    assert outcome.metrics["baseline/gradient_magnitude"] == pytest.approx(magnitude)


def test_every_part_has_its_seconds(done):
    """So that a slow part is found without a profiler."""
    _, outcome, diary = done
    seconds = {name: s for name, s in outcome.metrics.items() if name.startswith("seconds/")}
    assert set(seconds) == {f"seconds/{part}" for part in diary.parts}
    assert all(value > 0 for value in seconds.values())


def test_the_chosen_values_are_params(done, recorded):
    """Each leaf of the config once, each group's class by its name."""
    planned, _, _ = done
    expected = {key: str(value) for key, value in chosen_values(planned.values).items()}
    assert recorded.data.params == expected
    assert expected["network"] == "MultiLayerPerceptron"
    assert expected["database.size"] == "100"
    assert not [key for key in expected if key.startswith(("problem", "tracking", "study"))]


def test_the_tags_say_where_the_run_belongs(recorded):
    """To its problem, its sweep, its trial, and the run that it repeats."""
    tags = recorded.data.tags
    assert tags["problem"] == "lattice_pes"
    assert (tags["study"], tags["trial"], tags["repeats"]) == ("sweep", "4", "abc")
    assert tags["folder"] == "one"
    assert recorded.info.run_name == "sweep/4"
    assert recorded.info.status == "FINISHED"


def test_the_config_is_kept_in_both_forms(done, home, config):
    """Resolved to be read, with its interpolations to be run again."""
    planned, outcome, _ = done
    read = {
        name: planned.tracking.read_text(home, outcome.run_id, f"config/{name}")
        for name in ("unresolved.yaml", "resolved.yaml", "overrides.txt")
    }
    assert OmegaConf.create(read["unresolved.yaml"]) == config
    assert OmegaConf.to_container(OmegaConf.create(read["resolved.yaml"])) == planned.values
    assert read["overrides.txt"] == "seed=7\n"


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (TrainingDivergedError("the loss is not finite."), "FAILED"),
        (ZeroDivisionError(), "FAILED"),
        (KeyboardInterrupt(), "KILLED"),
        (SystemExit(1), "KILLED"),
    ],
)
def test_a_run_that_cannot_go_on_is_closed_as_it_ended(
    error, status, done, home, config, monkeypatch
):
    """The error goes on its way, the record says what happened, no metrics are left behind."""

    def broken(*_, **__):
        raise error

    monkeypatch.setattr(module, "fit", broken)
    planned, folder = plan(config), type(error).__name__
    with pytest.raises(type(error)):
        run(planned, origin(home, config, folder))
    client = planned.tracking.client(home)
    (ended,) = client.search_runs(
        [planned.tracking.experiment_id(client)], f"tags.folder = '{folder}'"
    )
    assert ended.info.status == status
    assert "study" not in ended.data.tags
    assert ended.data.params["network.width"] == "4"  # what was tried is known
    assert list((home / folder).iterdir()) == []


@pytest.mark.parametrize(
    ("objectives", "status", "told"),
    [
        ((), "FAILED", "its val/energy_mae is nan."),
        (("parameters",), "FINISHED", None),
        (("parameters", "val/energy_mae", "elsewhere"), "FAILED", "its val/energy_mae is nan."),
    ],
)
def test_a_run_without_the_number_that_was_asked_for_has_failed(
    objectives, status, told, done, home, config, monkeypatch
):
    """Its record says so, as of runs that an error ended; its other metrics stay."""
    evaluate = module._evaluate
    monkeypatch.setattr(
        module, "_evaluate", lambda *given: evaluate(*given) | {"val/energy_mae": float("nan")}
    )
    folder = "-".join(objectives).replace("/", ".") or "own"
    asked = origin(home, config, folder, objectives=objectives, is_drawn=lambda _: False)
    planned = plan(config)
    outcome = run(planned, asked)
    recorded = planned.tracking.client(home).get_run(outcome.run_id)
    assert (recorded.info.status, recorded.data.tags.get("failure")) == (status, told)
    assert recorded.data.metrics["test/energy_mae"] > 0.0


def test_one_replica_has_no_standard_error_and_the_first_ones_numbers(done, home, config):
    """Alone or in a batch, the replica of seed 7 is the same up to rounding."""
    _, pair, _ = done
    single = config.copy()
    single.replicas = 1
    alone = run(plan(single), origin(home, single, "alone")).metrics
    assert not [name for name in alone if name.endswith("_sem")]
    assert not [name for name in alone if name.startswith("replica_1")]
    assert alone["val/energy_mae"] == alone["replica_0/val/energy_mae"]
    assert alone["val/energy_mae"] == pytest.approx(
        pair.metrics["replica_0/val/energy_mae"], rel=1e-3
    )


def test_the_mean_is_that_of_the_replicas(done):
    """Of every metric that the replicas have, beside its standard error."""
    _, outcome, _ = done
    metrics = outcome.metrics
    names = [name.removeprefix("replica_0/") for name in metrics if name.startswith("replica_0/")]
    assert len(names) > 10
    for name in names:
        one, two = (metrics[f"replica_{k}/{name}"] for k in (0, 1))
        assert metrics[name] == pytest.approx((one + two) / 2)
        assert metrics[f"{name}_sem"] == pytest.approx(abs(one - two) / 2)


def test_a_run_outside_a_sweep_is_called_as_its_folder(home, config):
    """Names in MLflow are the folders on the disk."""
    told = Origin(folder=home / "2026-01-01", home=home, config=config)
    assert module._name(told) == "2026-01-01"
    assert module._name(replace(told, study="orders", trial=0)) == "orders/0"
    tags = module._tags(plan(config), replace(told, study="orders", trial=0))
    assert tags["trial"] == "0"


def test_a_stopwatch_adds_what_is_measured_twice(monkeypatch):
    """And keeps the parts apart."""
    moments = iter([0.0, 1.0, 10.0, 12.5, 20.0, 24.0])
    monkeypatch.setattr(module.time, "perf_counter", lambda: next(moments))
    diary = Diary()
    watch = Stopwatch(diary)
    for part in ("data", "fit", "data"):
        with watch.measure(part):
            pass
    assert watch.seconds == {"seconds/data": 5.0, "seconds/fit": 2.5}
    assert diary.parts == ["data", "fit", "data"]


def test_a_stopwatch_does_not_swallow_errors():
    """Nor count a part that was not ended."""
    watch = Stopwatch(Unwatched())
    with pytest.raises(ZeroDivisionError), watch.measure("data"):
        raise ZeroDivisionError
    assert watch.seconds == {}


@pytest.mark.parametrize(
    ("values", "leaves"),
    [
        ({"seed": 0}, {"seed": 0}),
        ({"loss": {"_target_": "a.b.Huber"}}, {"loss": "Huber"}),
        (
            {"loss": {"_target_": "a.Huber", "delta": 0.1}},
            {"loss": "Huber", "loss.delta": 0.1},
        ),
        ({"problem": {"lattice": {"x": 1}}, "tracking": {}, "study": None, "debug": "fast"}, {}),
        ({"problem": {"_target_": "a.B", "path": "/here", "seed": 1}}, {"problem.seed": 1}),
        ({"a": {"b": {"c": [1, 2]}}}, {"a.b.c": [1, 2]}),
        ({"a": {"problem": 1}}, {"a.problem": 1}),
        ({"network": {"widths": None}}, {"network.widths": None}),
    ],
)
def test_the_leaves_of_a_config_are_its_choices(values, leaves):
    """Dotted as one would type them."""
    assert chosen_values(values) == leaves


@pytest.mark.parametrize("scaling", ["none", "standardize", "whiten"])
@pytest.mark.parametrize(
    ("features", "words"),
    [
        (["features=symmetry_functions", "features.cutoff=0.2"], r"All features, 30 of them"),
        (["features.with_cell_width=true"], r"Feature\(s\) 'cell width' are constant"),
    ],
)
def test_features_that_tell_nothing_end_a_run_before_training(home, features, words, scaling):
    """Whatever scaling follows, or none."""
    dull = without_hydra(compose([*SMALL, *features, f"scaling={scaling}"]))
    folder = f"{scaling} of {len(features)}"
    with pytest.raises(InvalidInputError, match=words):
        run(plan(dull), origin(home, dull, folder))
    assert not (home / folder / "network.pt").exists()
