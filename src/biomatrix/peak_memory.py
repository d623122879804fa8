"""The most memory that this process has held."""

from __future__ import annotations

import re
import resource
from pathlib import Path


def peak_memory_bytes() -> int:
    """Return the peak resident memory of this process, in bytes.

    Where the system tells it (Linux), that of the process it was started from does not count, which ``ru_maxrss``
    hands on through a fork and the start of another program.
    """
    try:
        match = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="ascii"))
    except OSError:
        match = None
    return 1024 * (int(match[1]) if match else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
