"""A program of the user's ends well, badly, too late, or with whoever started it."""

import os
import signal
import subprocess
import sys
import threading

import pytest

from peslab.errors import PeslabError, Stopped
from peslab.study.process import last_words, run
from waiting import runs, wait_for

SLEEPER = "import os,time; open('pid','w').write(str(os.getpid())); time.sleep(60)"


def python(code):
    return [sys.executable, "-c", code]


def has_begun(folder):
    """Whether a sleeper told its process."""
    return (folder / "pid").exists() and bool((folder / "pid").read_text())


def test_what_it_says_is_kept(tmp_path):
    """In the folder where it was started, each stream in its file."""
    run(python("import sys,os; print(os.getcwd()); print('oh', file=sys.stderr)"), tmp_path)
    assert (tmp_path / "stdout.txt").read_text() == f"{tmp_path}\n"
    assert (tmp_path / "stderr.txt").read_text() == "oh\n"


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("raise ValueError('the loss is NaN')", r"status 1: ValueError: the loss is NaN$"),
        ("print('only this'); raise SystemExit(3)", "status 3: only this$"),
        ("raise SystemExit(3)", "status 3: it said nothing.$"),
        ("import os; os.kill(os.getpid(), 9)", "ended by SIGKILL: it said nothing"),
        ("import sys; sys.exit('no a://u:hush@h')", r"no a://u:\*\*\*@h$"),
        ("import sys; sys.exit('x' * 1000)", "status 1: x{300}$"),
    ],
)
def test_a_bad_end_is_told_with_the_last_words(code, words, tmp_path):
    """The line at which a traceback ends says most."""
    with pytest.raises(PeslabError, match=words):
        run(python(code), tmp_path)


def test_what_cannot_be_started_is_told(tmp_path):
    """A file without the right to be run."""
    (tmp_path / "x").write_text("")
    with pytest.raises(PeslabError, match="cannot be started: Permission denied"):
        run([str(tmp_path / "x")], tmp_path)


def test_it_gets_neither_input_nor_passwords(tmp_path, monkeypatch):
    """A question is answered by nobody; the store is none of its business."""
    monkeypatch.setenv("PESLAB_SECRET_TRACKING_URI", "a://u:hush@h")
    monkeypatch.setenv("MINE", "kept")
    told = "repr(sys.stdin.read()), 'hush' in str(os.environ), os.environ['MINE']"
    code = f"import os,sys; print({told})"
    run(python(code), tmp_path)
    assert (tmp_path / "stdout.txt").read_text() == "'' False kept\n"


@pytest.fixture
def begun_first(monkeypatch, tmp_path):
    """Time runs once a sleeper has begun, however long its interpreter takes to start."""

    class Begun(subprocess.Popen):
        def wait(self, timeout=None):
            wait_for(lambda: self.poll() is not None or has_begun(tmp_path))
            return super().wait(timeout)

    monkeypatch.setattr("peslab.children.subprocess.Popen", Begun)


@pytest.mark.usefixtures("begun_first")
def test_too_long_is_too_long(tmp_path):
    """It is asked to end, and has what it said by then kept."""
    code = f"print('begun', flush=True); {SLEEPER}"
    with pytest.raises(PeslabError, match=r"took longer than study.timeout=0.1 seconds"):
        run(python(code), tmp_path, timeout=0.1)
    assert last_words(tmp_path) == "begun"
    assert not runs(int((tmp_path / "pid").read_text()))


@pytest.mark.usefixtures("begun_first")
def test_what_ignores_being_asked_is_ended(tmp_path, monkeypatch):
    """After some seconds, in which it could have saved its work."""
    monkeypatch.setattr("peslab.children.GRACE_SECONDS", 0.2)
    code = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SLEEPER}"
    with pytest.raises(PeslabError, match="took longer"):
        run(python(code), tmp_path, timeout=0.1)
    assert not runs(int((tmp_path / "pid").read_text()))


@pytest.mark.parametrize("error", [KeyboardInterrupt, Stopped(15)])
def test_an_interruption_ends_all_that_it_started(error, tmp_path):
    """Ctrl+C and a scheduler's SIGTERM reach the program and its own children."""
    code = f"import subprocess,sys; subprocess.run([sys.executable, '-c', {SLEEPER!r}])"

    def interrupt(*_):
        raise error

    before = signal.signal(signal.SIGUSR2, interrupt)
    try:

        def send():
            wait_for(lambda: has_begun(tmp_path))
            os.kill(os.getpid(), signal.SIGUSR2)

        sender = threading.Thread(target=send)
        sender.start()
        with pytest.raises(BaseException) as caught:  # noqa: PT011
            run(python(code), tmp_path)
        sender.join()
    finally:
        signal.signal(signal.SIGUSR2, before)
    assert isinstance(caught.value, KeyboardInterrupt | Stopped)
    grandchild = int((tmp_path / "pid").read_text())
    wait_for(lambda: not runs(grandchild))


@pytest.mark.parametrize("ears", ["pass", "signal.signal(signal.SIGTERM, signal.SIG_IGN)"])
def test_a_kill_ends_all_that_it_started(ears, tmp_path):
    """Whoever started it had no time to say so; a retry would run beside the program."""
    sleeper = f"import signal; {ears}; {SLEEPER}"
    code = f"import subprocess,sys; subprocess.run([sys.executable, '-c', {sleeper!r}])"
    start = (
        "import sys; from pathlib import Path; from peslab.study.process import run; "
        f"run([sys.executable, '-c', {code!r}], Path.cwd())"
    )
    starter = subprocess.Popen(python(start), cwd=tmp_path)
    wait_for(lambda: has_begun(tmp_path))
    starter.kill()
    starter.wait(120)
    wait_for(lambda: not runs(int((tmp_path / "pid").read_text())))


def test_what_it_leaves_running_is_ended(tmp_path):
    """The next trial has the machine for itself."""
    code = f"import subprocess,sys; subprocess.Popen([sys.executable, '-c', {SLEEPER!r}])"
    waits = (
        "import os,time\nwhile not os.path.exists('pid') or not open('pid').read(): time.sleep(.01)"
    )
    run(python(f"{code}; {waits}"), tmp_path)
    wait_for(lambda: not runs(int((tmp_path / "pid").read_text())))


def test_a_program_is_no_child_of_a_terminal(tmp_path):
    """Ctrl+C in a terminal goes to the worker alone, which passes it on."""
    run(python("import os; print(os.getsid(0) == os.getpid())"), tmp_path)
    assert (tmp_path / "stdout.txt").read_text() == "True\n"


def test_subprocess_is_the_only_way(tmp_path):
    """No shell reads the words."""
    run([sys.executable, "-c", "import sys; print(sys.argv[1:])", "$HOME; ls", "*"], tmp_path)
    assert (tmp_path / "stdout.txt").read_text() == "['$HOME; ls', '*']\n"
    assert subprocess.list2cmdline(["a b"]) == '"a b"'
