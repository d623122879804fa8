"""FoldComp in a process of its own: its library ends the process that meets a damaged structure."""

from __future__ import annotations

import json
import select
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, Final
from weakref import finalize

from biomatrix.corpus.sources import foldcomp_program
from biomatrix.errors import ParseError

PATIENCE: Final = 60.0
"""Seconds until a structure counts as one that cannot be unpacked; a large one takes some milliseconds."""


class FoldcompProcess:
    """Unpacks the structures of a database, and begins anew after one that ended or stopped the library.

    Parameters
    ----------
    path : Path
        The data file; what lies beside it has been checked.

    Raises
    ------
    ParseError
        It is not a database that FoldComp opens.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._process: subprocess.Popen[str] | None = None
        self._count = self._begin()

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, number: int) -> tuple[str, str]:
        """Return the name and the PDB text of a structure, counted from 0.

        Raises
        ------
        ParseError
            It is damaged; or, naming the file, the database cannot be opened again after one that was.
        """
        if self._process is None:
            self._begin()
        answer = self._answer(f"{number}\n")
        if "error" in answer:
            raise ParseError(f"cannot be unpacked by FoldComp: {answer['error'].strip()}")
        return answer["name"], answer["text"]

    def _begin(self) -> int:
        """Start the process; return the number of structures."""
        # "-P": the folder of the program holds modules of this package, which must not stand for others of their names.
        command = [sys.executable, "-P", str(foldcomp_program.__file__), str(self.path)]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(
            command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True, encoding="utf-8"
        )
        self._finish = finalize(self, _end, self._process)
        answer = self._answer("")
        if "structures" not in answer:
            raise ParseError(f"not a FoldComp database: {answer['error']}", file=str(self.path))
        return int(answer["structures"])

    def _answer(self, question: str) -> dict[str, Any]:
        """Return what the process says to a line; where it says nothing whole an error, and the process is ended."""
        process = self._process
        assert process is not None
        assert process.stdin is not None
        assert process.stdout is not None
        with suppress(BrokenPipeError):
            process.stdin.write(question)
            process.stdin.flush()
        if not select.select([process.stdout], [], [], PATIENCE)[0]:
            reason = f"nothing came in {PATIENCE:g} s"
        else:
            line = process.stdout.readline()
            if line.endswith("\n"):
                return dict(json.loads(line))
            reason = f"its library ended ({_ending(process.wait())})"
        self._finish()
        self._process = None
        return {"error": reason}


def _end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.wait()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            with suppress(BrokenPipeError):  # of a question that was never read
                stream.close()


def _ending(status: int) -> str:
    return signal.Signals(-status).name if status < 0 else f"exit status {status}"
