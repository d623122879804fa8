"""How many processor threads torch takes, and how they wait.

By default torch takes every core for every operation, and its threads spin while they wait for one another. A step of
a small network is too short to be shared: it wins nothing alone, and beside other busy processes the spinning costs
many times the work. So threads wait asleep, and a pass through a network takes one thread for every
`WORK_PER_THREAD` operations, at most as many as torch would. What the user has set is left as it is: OMP_NUM_THREADS,
MKL_NUM_THREADS or OMP_WAIT_POLICY in the environment, and a number given to ``torch.set_num_threads``.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

WORK_PER_THREAD = 400_000_000
"""Floating-point operations of a pass that occupy one thread.

Measured on 16 quiet cores, in milliseconds a step. 6M parameters, 8 rows (0.1 G operations): 7.0 with 1 thread, 7.4
with 2, 6.3 with 16. 27M, 8 rows (0.4 G): 23 with 1, 14 with 2. 88M, 8 rows (1.4 G): 74 with 1, 29 with 4, 19 with 16.
"""

_PATIENCE = {"OMP_WAIT_POLICY": "PASSIVE", "KMP_BLOCKTIME": "0"}
_NUMBER_OF_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS")


def wait_asleep() -> bool:
    """Let idle threads of torch sleep instead of spin.

    Returns
    -------
    bool
        False where it is too late, since torch has been imported and has read its environment.
    """
    if "torch" in sys.modules:
        return False
    for name, value in _PATIENCE.items():
        os.environ.setdefault(name, value)
    return True


@contextmanager
def threads_for(work: float) -> Iterator[None]:
    """Run a block of torch operations on as many threads as its work is worth; afterwards the number is as before.

    Parameters
    ----------
    work : float
        Floating-point operations of one pass; 0 where a GPU does them, and no number need be set.
    """
    import torch

    if not work:
        yield
        return
    before = torch.get_num_threads()
    wanted = threads_worth(work, before)
    if wanted == before or _chosen_by_user(before):
        yield
        return
    torch.set_num_threads(wanted)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def threads_worth(work: float, available: int) -> int:
    """Return the number of threads for so many floating-point operations, from 1 to ``available``.

    >>> threads_worth(2 * 14_608_512 * 8, available=16)  # a step of 8 rows of nano
    1
    """
    return int(min(available, 1 + work // WORK_PER_THREAD))


def _chosen_by_user(number: int) -> bool:
    """Whether the environment or the program asked for this number of threads.

    Torch by itself takes all processors, or half where each core shows as two.
    """
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    by_itself = (processors, processors // 2)
    return any(os.environ.get(name) for name in _NUMBER_OF_THREADS) or number not in by_itself
