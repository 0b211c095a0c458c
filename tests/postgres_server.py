"""A real PostgreSQL for tests: started in a folder of its own, on a socket and a free port."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ports import free_ports

NOBODY = "nobody"  # PostgreSQL refuses to run as root
PASSWORD = "a%40secret"  # noqa: S105  # as it stands in an address; a@secret
VERSIONS = "/usr/lib/postgresql"


def programs() -> Path | None:
    """Where initdb and pg_ctl are; Debian keeps them off the path."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    folders = sorted(Path(VERSIONS).glob("*/bin/initdb"))
    return folders[-1].parent if folders else None


@contextmanager
def postgres() -> Iterator[str]:
    """Run a server; gives its address without scheme and database, `user:password@host:port`."""
    folder = Path(tempfile.mkdtemp(prefix="peslab-postgres-"))
    bin_ = programs()
    assert bin_ is not None, "PostgreSQL is not installed: apt-get install postgresql"
    user = NOBODY if os.geteuid() == 0 else None

    def run(program: str, *arguments: str) -> None:
        command = [str(bin_ / program), *arguments]
        subprocess.run(
            command, user=user, cwd=folder, check=True, capture_output=True, timeout=60, text=True
        )

    def start() -> int:
        """Start it on a port that nobody else has; give the port."""
        for port in free_ports():
            options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
            with suppress(subprocess.CalledProcessError):
                run("pg_ctl", "-D", data, "-o", options, "-w", "-l", str(folder / "log"), "start")
                return port
        raise AssertionError((folder / "log").read_text())

    if user:
        shutil.chown(folder, user)
    secret = folder / "password"
    secret.write_text("a@secret", encoding="utf-8")
    secret.chmod(0o644)
    data = str(folder / "data")
    try:
        run("initdb", "-D", data, "-U", "peslab", "-A", "scram-sha-256", f"--pwfile={secret}")
        port = start()
        try:
            yield f"peslab:{PASSWORD}@127.0.0.1:{port}"
        finally:
            run("pg_ctl", "-D", data, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
