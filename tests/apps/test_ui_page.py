"""A person opens `peslab ui` in a browser and finds the study's runs."""

import shutil
import subprocess
import sys
import urllib.error
import urllib.request

import pytest

from ports import free_ports
from waiting import wait_for

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture
def address(in_study):
    """MLflow's UI on the study's store, as the command serves it, asked to end at the end."""
    for port in free_ports():
        server = subprocess.Popen(
            [sys.executable, "-m", "peslab", "ui", "--port", str(port)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        address = f"http://127.0.0.1:{port}"
        try:
            if address in server.stdout.readline() and answers(server, address):
                yield address
                break
        finally:
            server.terminate()
            server.communicate(timeout=60)
    else:
        pytest.fail("no port was free")
    wait_for(lambda: not is_open(address))


def answers(server, address):
    """Whether a server came to answer, rather than to end as its port was taken."""
    wait_for(lambda: server.poll() is not None or is_open(address))
    return server.poll() is None


def is_open(address):
    try:
        with urllib.request.urlopen(f"{address}/health", timeout=5):
            return True
    except OSError:
        return False


@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
def test_the_page_shows_the_study(address, tmp_path):
    """The parent run stands in the table of training runs."""
    page = subprocess.run(
        [
            *(CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu"),
            *("--virtual-time-budget=30000", f"--user-data-dir={tmp_path}", "--dump-dom"),
            f"{address}/#/experiments/1/runs",
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    ).stdout
    assert ">quickstart<" in page


def test_a_request_for_another_host_is_refused(address):
    """A page elsewhere cannot read the store by way of this machine's browser."""
    request = urllib.request.Request(f"{address}/", headers={"Host": "evil.example"})
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=10)
    assert refused.value.code == 403
    refused.value.close()
