"""The password of a store is in no file of the results, and in nothing that is said."""

import os
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from peslab.tracking import Tracking

# SQLite has no passwords, so that one in its address is left out, and told to be: here it stands in
# for a server's.
pytestmark = [
    pytest.mark.filterwarnings("ignore:Query string argument"),
    pytest.mark.usefixtures("unrendered"),
]

PASSWORDS = st.text(
    st.characters(
        min_codepoint=33, max_codepoint=255, exclude_characters="\x7f", exclude_categories=["C"]
    ),
    min_size=9,
    max_size=16,
)


@pytest.fixture(scope="module")
def password():
    """One that hypothesis draws, so that nobody has thought of its letters."""
    drawn = []

    @settings(max_examples=1, database=None, suppress_health_check=list(HealthCheck))
    @given(PASSWORDS.filter(lambda word: len(set(word)) > 6))
    def draw(word):
        drawn.append(word)

    draw()
    return drawn[-1]


def forms(password):
    """As it is typed in an address, as it is, and as Python or JSON would write it."""
    return {quote(password, safe=""), password, repr(password)[1:-1]}


def leaks(folder, password):
    """The files that hold it."""
    found = []
    for path in folder.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            found += [path for form in forms(password) if form.encode() in content]
        found += [path for form in forms(password) if form in path.name]
    return found


@pytest.fixture
def secret_home(home, monkeypatch):
    """A folder of results; variables that a command sets are forgotten."""
    monkeypatch.setenv("PESLAB_SECRET_TRACKING_URI", "")
    monkeypatch.delenv("PESLAB_SECRET_TRACKING_URI")
    home.mkdir()
    return home


def address(home, password):
    return f"sqlite:///{home / 'secret.db'}?password={quote(password, safe='')}"


def test_a_study_and_a_rerun_keep_a_typed_password(secret_home, peslab, password):
    """Params, config artifacts, .hydra, the journal, logs, tables and messages."""
    uri = f"tracking.uri='{address(secret_home, password)}'"
    said = [
        peslab("train", "study=orders", "debug=fast", "study.n_trials=1", "replicas=1", uri),
        peslab("report", "orders"),
        peslab("rerun", "orders/best", uri, "seed=3"),
        peslab("train", "debug=compose", uri),
    ]
    assert [(answer.status, answer.err) for answer in said] == [(0, "")] * 4
    assert (secret_home / "secret.db").is_file()
    assert leaks(secret_home, password) == []
    for answer in said:
        assert not [form for form in forms(password) if form in answer.out + answer.err]
    assert "password=***" in said[3].out
    assert (secret_home / "studies" / "orders" / "0" / ".hydra" / "config.yaml").is_file()


def test_a_rerun_takes_the_store_of_today(secret_home, peslab, password, monkeypatch):
    """The record does not know the password any more; both runs are in the same store."""
    uri = f"tracking.uri='{address(secret_home, password)}'"
    assert peslab("train", "debug=fast", uri, "replicas=1").status == 0
    del os.environ["PESLAB_SECRET_TRACKING_URI"]
    tracking = Tracking(address(secret_home, password), "peslab")
    client = tracking.client(secret_home)
    (run,) = client.search_runs([tracking.experiment_id(client)])
    text = tracking.read_text(secret_home, run.info.run_id, "config/unresolved.yaml")
    assert f"uri: sqlite:///{secret_home}/secret.db?password=***" in text
    answer = peslab("rerun", run.info.run_id, uri)
    assert (answer.status, answer.err) == (0, "")
    assert "is identical" in answer.out
    assert len(client.search_runs([tracking.experiment_id(client)])) == 2


def test_a_password_in_a_file_of_conf_is_kept(secret_home, peslab, password, tmp_path):
    """A grid, whose folder has all that Hydra writes."""
    conf = tmp_path / "conf" / "tracking"
    conf.mkdir(parents=True)
    uri = address(secret_home, password)
    (conf / "mine.yaml").write_text(
        f"_target_: peslab.tracking.Tracking\nuri: {uri}\nexperiment: peslab\n"
    )
    answer = peslab(
        *("train", "-m", f"hydra.searchpath=[file://{tmp_path}/conf]", "tracking=mine"),
        *("debug=fast", "replicas=1", "seed=0,1"),
    )
    assert (answer.status, answer.err) == (0, "")
    assert "run 1: seed=1  test" in answer.out
    assert leaks(secret_home, password) == []
    assert not [form for form in forms(password) if form in answer.out]


@pytest.mark.parametrize(
    "uri",
    [
        "tracking.uri='ftp://me:{0}@host'",
        "tracking.uri=sqlite:////nowhere/x.db?password={0}",
        "tracking.uri=['postgresql://me:{0}@host/db']",
        "tracking.url='postgresql://me:{0}@host/db'",
        "problem=file problem.path='sqlite:////nowhere.xyz?password={0}'",
    ],
)
@pytest.mark.parametrize("command", ["train", "laws"])
def test_a_mistake_with_a_password_is_told_without_it(secret_home, peslab, uri, command):
    """Exit status 2 and one sentence, whatever is wrong with the address."""
    answer = peslab(command, *uri.format("hush-hush").split())
    assert (answer.status, answer.err.count("\n")) == (2, 1)
    assert "hush-hush" not in answer.out + answer.err
    assert leaks(secret_home, "hush-hush") == []


def test_hydra_does_not_print_a_password(secret_home, peslab):
    """`--cfg job` shows where it is; with --resolve it would show it."""
    uri = "tracking.uri=postgresql://me:hush-hush@host/db"
    shown = peslab("train", "--cfg", "job", uri)
    assert shown.status == 0
    assert "${oc.env:PESLAB_SECRET_TRACKING_URI,null}" in shown.out
    refused = peslab("train", "--cfg", "job", "--resolve", uri)
    assert (refused.status, "would print a password" in refused.err) == (2, True)
    assert "hush-hush" not in shown.out + shown.err + refused.out + refused.err
