import logging
import subprocess
import sys
import warnings

import pytest

from peslab.learning.quiet import quiet_lightning


def assert_runs(program):
    """In a process of its own, without a word."""
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_lightning_is_quiet_inside_and_itself_again_outside(caplog):
    """Its tips are dropped, its warnings are not."""
    logger = logging.getLogger("pytorch_lightning")
    logger.setLevel(logging.INFO)
    with caplog.at_level(logging.DEBUG), quiet_lightning():
        logger.getChild("tips").info("a tip")
        logger.getChild("tips").warning("a warning")
    assert [record.message for record in caplog.records] == ["a warning"]
    assert logger.level == logging.INFO


def test_lightning_is_itself_again_after_an_error():
    """Also where the training fails."""
    logger = logging.getLogger("pytorch_lightning")
    logger.setLevel(logging.DEBUG)
    with pytest.raises(RuntimeError), quiet_lightning():
        raise RuntimeError
    assert logger.level == logging.DEBUG


def test_only_known_warnings_are_dropped():
    """Two are about choices made on purpose; any other one still reaches the user."""
    with quiet_lightning():
        warnings.warn("GPU available but not used. You can set it by …", stacklevel=1)
        with pytest.raises(UserWarning, match="something else"):
            warnings.warn("something else", stacklevel=1)


def test_importing_has_no_side_effects():
    """Nothing is printed, the threads stay as they are, and Lightning waits for the first fit."""
    program = (
        "import sys, torch; before = torch.get_num_threads(); import peslab.learning; "
        "assert torch.get_num_threads() == before; "
        "assert 'pytorch_lightning' not in sys.modules"
    )
    assert_runs(program)


LOADED = """
import sys
from peslab.learning.quiet import without_signals

with without_signals():
    import pytorch_lightning
unused = [name for name in sys.modules if name.startswith(("scipy.signal", "scipy.stats"))]
assert not unused, unused
from scipy.signal import find_peaks
import scipy.signal.windows

assert list(find_peaks([0, 1, 0])[0]) == [1]
assert scipy.signal.windows.hamming(3)[1] == 1
with without_signals():
    assert scipy.signal.find_peaks is find_peaks
assert scipy.signal.find_peaks is find_peaks
"""


def test_signal_processing_is_loaded_by_whoever_wants_it():
    """Lightning does without; afterwards it is all there, and stays where it was there before."""
    assert_runs(LOADED)


def test_signal_processing_is_there_after_an_error():
    """Also where the import fails."""
    program = (
        "from peslab.learning.quiet import without_signals\n"
        "try:\n    with without_signals(): raise ImportError\nexcept ImportError: pass\n"
        "from scipy.signal import find_peaks"
    )
    assert_runs(program)
