"""The process that imports the parsers once and forks workers from itself; where it is lost, another is started."""

from __future__ import annotations

import os
import socket
import struct
import subprocess
import sys
import threading
from contextlib import suppress
from typing import Final

from biomatrix.errors import BusyError, ConfigurationError
from biomatrix.serving.parsing_worker import END, FORK, PID, READY

_KEPT_VARIABLES: Final = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "BIOMATRIX_KINDS")
"""What of the environment parsers see: no key and no token is among it."""
_START_SECONDS: Final = 60.0


class Nursery:
    """The process, which many threads may ask for workers."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._start()

    def fork(self, theirs: socket.socket) -> int:
        """Return the process id of a new worker, which answers at the other end of a socket.

        Raises
        ------
        ConfigurationError
            The process did not start.
        BusyError
            It has gone, and the one that was started in its place has gone as well.
        """
        with self._lock:
            for _ in range(2):
                try:
                    self._await()
                    socket.send_fds(self._control, [FORK], [theirs.fileno()])
                    (pid,) = PID.unpack(self._control.recv(PID.size, socket.MSG_WAITALL))
                    return int(pid)
                except (OSError, ValueError, struct.error):  # something ended it, such as a system short of memory
                    self._stop()
                    self._start()
        raise BusyError("the readers of files have gone; ask again a little later", retry_after=5.0)

    def end(self, pid: int) -> None:
        """End a worker; one of a nursery that has gone ends by its own clock."""
        with self._lock, suppress(OSError):
            self._control.sendall(END + PID.pack(pid))

    def close(self) -> None:
        """End the process and all its workers."""
        with self._lock:
            self._stop()

    def _start(self) -> None:
        self._control, theirs = socket.socketpair()
        command = [sys.executable, "-m", "biomatrix.serving.parsing_worker", str(theirs.fileno())]
        self._process = subprocess.Popen(
            command, env=_environment(), pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        )
        theirs.close()
        self._is_ready = False

    def _stop(self) -> None:
        self._control.close()
        self._process.kill()
        self._process.wait()

    def _await(self) -> None:
        """Return once the parsers are imported."""
        if self._is_ready:
            return
        self._control.settimeout(_START_SECONDS)
        if self._control.recv(1) != READY:
            raise ConfigurationError("the process that reads files did not start; its message stands above")
        self._control.settimeout(None)
        self._is_ready = True


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    # one thread each: a process that has threads must not fork
    single = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    single["JE_ARROW_MALLOC_CONF"] = "background_thread:false"
    return {**kept, **single, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
