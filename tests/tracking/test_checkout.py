"""What differs from the commit is recorded, without what nobody may know."""

import hashlib
import subprocess

import pytest

import peslab
from peslab.tracking import checkout, provenance
from peslab.tracking.checkout import LARGEST, LONGEST, fingerprint, shortened, uncommitted


def git(top, *arguments):
    me = ("-c", "user.name=A", "-c", "user.email=a@b")
    words = ["git", "-C", str(top), *me, *arguments]
    subprocess.run(words, check=True, capture_output=True)


@pytest.fixture
def top(tmp_path, monkeypatch):
    """A checkout of a package called peslab, with one commit."""
    package = tmp_path / "checkout" / "src" / "peslab"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("VALUE = 1\n")
    (tmp_path / "checkout" / ".gitignore").write_text("secret.env\nruns/\n")
    git(tmp_path, "init", "checkout")
    git(tmp_path / "checkout", "add", ".")
    git(tmp_path / "checkout", "commit", "-m", "x")
    monkeypatch.setattr(peslab, "__file__", str(package / "__init__.py"))
    return tmp_path / "checkout"


def test_a_clean_checkout_has_no_difference(top):
    """Then the commit alone says what the code was."""
    assert uncommitted() == ""
    assert provenance()["uncommitted changes"] == "no"
    assert len(provenance()["commit"]) == 40


def test_changed_lines_and_new_files_are_told(top):
    """Lines of what git tracks; of new files their names and what they hold, as a digest."""
    (top / "src" / "peslab" / "__init__.py").write_text("VALUE = 2\n")
    (top / "new ö.py").write_text("x = 1\n")
    told = uncommitted()
    assert "-VALUE = 1\n+VALUE = 2\n" in told
    digest = hashlib.sha256(b"x = 1\n").hexdigest()
    assert f"untracked {digest} new ö.py\n" in told
    assert provenance()["uncommitted changes"] == fingerprint(told)


def test_what_git_ignores_is_never_looked_at(top, monkeypatch):
    """Neither its name nor a digest of what it holds."""
    (top / "secret.env").write_text("hush")
    (top / "runs").mkdir()
    (top / "runs" / "mlflow.db").write_text("hush")
    (top / "seen.txt").write_text("x")
    looked_at = []
    digest = checkout._digest

    def watched(file):
        looked_at.append(file.name)
        return digest(file)

    monkeypatch.setattr(checkout, "_digest", watched)
    assert uncommitted().splitlines()[0].endswith(" seen.txt")
    assert looked_at == ["seen.txt"]


def test_results_in_the_checkout_are_no_code(top):
    """Wherever PESLAB_HOME is: its files would make every run differ from the one before."""
    (top / "my results").mkdir()
    (top / "my results" / "mlflow.db").write_text("x")
    assert "mlflow.db" in uncommitted()
    assert uncommitted(top / "my results") == ""


def test_passwords_of_addresses_are_masked(top):
    """A store typed into a config for a moment."""
    (top / ".gitignore").write_text("uri: postgresql://me:hush@host/db\n")
    assert "hush" not in uncommitted()
    assert "+uri: postgresql://me:***@host/db" in uncommitted()


def test_a_difference_is_what_it_was_at_the_start(top):
    """Code that is edited while a study runs is not the code that runs."""
    assert uncommitted() == ""
    (top / "new.py").write_text("x = 1\n")
    assert uncommitted() == ""


def test_large_files_and_links_are_not_read(top):
    """A hundred gigabytes beside the code cost no time; a link may lead anywhere."""
    (top / "large").write_bytes(bytes(LARGEST + 1))
    (top / "link").symlink_to("/etc/hostname")
    lines = uncommitted().splitlines()
    assert f"untracked ({LARGEST + 1:,} bytes) large" in lines
    assert f"untracked {hashlib.sha256(b'/etc/hostname').hexdigest()} link" in lines


def test_what_is_kept_is_bounded():
    """A generated file of a million lines is cut, and says so; its fingerprint is of all of it."""
    long = "x" * (LONGEST + 1234)
    assert len(shortened(long)) < LONGEST + 100
    assert shortened(long).endswith("… 1,234 more letters\n")
    assert fingerprint(long) != fingerprint(long + "x")
    assert shortened("x") == "x"


def test_very_many_new_files_are_counted(top):
    """Only so many are named."""
    for number in range(checkout.MOST + 5):
        (top / f"{number}.txt").write_text("x")
    lines = uncommitted().splitlines()
    assert len(lines) == checkout.MOST + 1
    assert lines[-1] == "untracked 5 files more"


def test_without_git_there_is_no_difference(top, monkeypatch):
    """A machine may have the checkout but not the program."""
    monkeypatch.setenv("PATH", "")
    assert uncommitted(top) == ""
    assert "commit" not in provenance()
