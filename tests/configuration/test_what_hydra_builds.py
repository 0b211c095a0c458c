"""Hydra builds callbacks, launchers, sweepers and logging before we look: nothing foreign there."""

import pytest

from peslab.configuration.compose import compose
from peslab.configuration.targets import refuse_foreign_hydra_targets
from peslab.errors import PeslabError

EVIL = "hydra_plugins.hydra_submitit_launcher.submitit_launcher.os.system"


@pytest.mark.parametrize(
    "node",
    [
        {"job_logging": {"formatters": {"x": {"()": "logging.os.system", "command": "touch x"}}}},
        {"job_logging": {"formatters": {"x": {"()": "logging.config.fileConfig", "fname": "x"}}}},
        {"job_logging": {"handlers": {"x": {"class": "logging.handlers.QueueHandler"}}}},
        {"job_logging": {"handlers": {"x": {"class": "logging.handlers.SocketHandler"}}}},
        {"hydra_logging": {"filters": {"x": {"()": "logging.StreamHandler.close"}}}},
        {"launcher": {"_target_": "hydra_plugins.x.Launcher", "y": {"_target_": EVIL}}},
        {"sweeper": {"_target_": "hydra_plugins.x.Sweeper", "y": [{"_target_": EVIL}]}},
        {"job": {"config": {"x": {"_target_": EVIL}}}},
        {"job": {"env_set": {"LD_PRELOAD": "/x.so"}}},
    ],
)
def test_what_only_begins_like_a_library_is_refused(node):
    """`logging.os.system` is os.system, and a plugin's module has what it imports."""
    with pytest.raises(PeslabError, match="is not allowed"):
        refuse_foreign_hydra_targets(node)


@pytest.mark.parametrize(
    "written",
    [
        {"callbacks": "${oc.decode:${oc.env:LATER,null}}"},
        {"callbacks": {"x": "${oc.select:there.${now:%S},null}"}},
        {"launcher": {"_target_": "hydra_plugins.${oc.env:LATER,x}.Launcher"}},
        {"launcher": {"x": "${features}"}},
        {"launcher": "${mine}"},
        {"job_logging": {"formatters": {"x": {"()": "logging.${oc.env:LATER,Formatter}"}}}},
        {"job_logging": {"handlers": {"x": [" ${oc.create:{}} "]}}},
    ],
)
def test_what_may_be_something_else_later_is_refused(written):
    """Hydra resolves again what was looked at: a variable, or the time, may have changed."""
    harmless = {"callbacks": None, "launcher": {"_target_": "hydra_plugins.x.Launcher"}}
    with pytest.raises(PeslabError, match="write its value out"):
        refuse_foreign_hydra_targets(harmless, written)


def test_texts_may_be_made_of_others():
    """As those of Hydra's own launchers and logging are."""
    refuse_foreign_hydra_targets(
        {"launcher": {"_target_": "hydra_plugins.x.Launcher", "name": "peslab", "folder": "a/b"}},
        {
            "launcher": {
                "_target_": "hydra_plugins.x.Launcher",
                "name": "${hydra.job.name}",
                "folder": "${hydra.sweep.dir}/.submitit/%j",
            }
        },
    )


@pytest.mark.parametrize(
    "typed",
    [
        ["hydra/launcher=submitit_local"],
        ["hydra/launcher=submitit_slurm", "hydra.launcher.timeout_min=3"],
        ["hydra/job_logging=stdout"],
        ["hydra/job_logging=disabled", "hydra/hydra_logging=none"],
        ["study=quickstart"],
        ["hydra.verbose=true"],
    ],
)
def test_what_hydra_ships_is_allowed(typed):
    """And the launchers of installed plugins."""
    pytest.importorskip("hydra_plugins.hydra_submitit_launcher")
    assert "launcher" in compose(typed).hydra


CONFS = {
    "callbacks: {x: {_target_: shutil.copyfile, src: a, dst: b}}": "is not allowed",
    "callbacks: ${oc.decode:${oc.select:hydra.help.a${oc.env:HYDRA_FULL_ERROR,0},null}}": "is not",
    "launcher: {x: {_target_: os.system}}": "not in 'BasicLauncherConf'",
    "job: {env_set: {PATH: /evil}}": "NAME=value peslab train",
    "job_logging: {formatters: {x: {(): logging.os.system}}}": "is not allowed",
}


@pytest.mark.parametrize("lines", CONFS)
def test_a_file_on_the_search_path_loosens_nothing(lines, tmp_path, home, peslab):
    """An option with the values of ours and more for Hydra."""
    (tmp_path / "scaling").mkdir()
    (tmp_path / "scaling" / "evil.yaml").write_text(
        "# @package _global_\ndefaults:\n  - none@scaling\nhydra:\n  " + lines + "\n"
    )
    search = f"hydra.searchpath=[file://{tmp_path}]"
    answer = peslab("train", "debug=fast", search, "scaling=evil")
    assert (answer.status, answer.err.count("\n")) == (2, 1)
    assert CONFS[lines] in answer.err
    assert not home.exists()


@pytest.mark.parametrize(
    "name", ["HYDRA_INSTANTIATE_ALLOWLIST_OVERRIDE", "PESLAB_ALLOW", "HYDRA_DISABLE_BLOCKLIST"]
)
def test_a_variable_loosens_nothing(name, monkeypatch, peslab, home):
    """None of Hydra's, and there is none of ours."""
    monkeypatch.setenv(name, "os.system")
    for typed in ("network._target_=os.system", "+scaling={_target_:os.system}"):
        assert peslab("train", typed).status == 2


def test_one_option_of_a_group_is_taken(peslab, home):
    """Hydra would merge those of a list into one another."""
    answer = peslab("train", "debug=compose", "network=[mlp,linear]")
    assert (answer.status, "takes one option" in answer.err) == (2, True)
