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
