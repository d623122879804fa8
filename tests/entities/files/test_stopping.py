"""A signal ends the process in order, also where it meets Python in a place that lets no exception out."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import biomatrix

PROGRAM = """
import time
from biomatrix.entities.files.stopping import end_on_signals

class Slow:
    def __del__(self):
        print("begun", flush=True)
        time.sleep(1)

end_on_signals()
try:
    thing = Slow()
    del thing
    time.sleep(60)
finally:
    print("tidied", flush=True)
"""


def test_a_signal_inside_a_finaliser_is_not_lost() -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        env={"PYTHONPATH": str(Path(biomatrix.__file__).parents[1])},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    process.send_signal(signal.SIGTERM)
    out, said = process.communicate(timeout=20)
    assert (process.returncode, out, said) == (128 + signal.SIGTERM, "tidied\n", "")


SWALLOWED = """
import os, signal
from biomatrix.cli.endings import run_to_the_end
from biomatrix.entities.files.stopping import end_on_signals

def work():
    try:
        os.kill(os.getpid(), signal.SIGTERM)
    except SystemExit:
        pass  # as a library in C does while it is imported
    raise AttributeError("half a module")

end_on_signals()
run_to_the_end(work)
"""


def test_an_end_that_a_library_swallows_is_still_one() -> None:
    done = subprocess.run([sys.executable, "-c", SWALLOWED], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (128 + signal.SIGTERM, "")
