"""RDKit's own messages, caught for our errors instead of written to standard error."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from rdkit import rdBase

_TIME_STAMP = re.compile(r"^\[\d\d:\d\d:\d\d\]\s*")
_ATOM = re.compile(r"atom\s*#?\s*(\d+)", re.IGNORECASE)
_LONGEST = 300


class ChemistryLog:
    """What RDKit complained of inside a ``with captured_log()`` block."""

    def __init__(self, capture: rdBase.CaptureErrorLog) -> None:
        self._capture = capture

    @property
    def reason(self) -> str:
        """The complaints in one line, without time stamps and drawings of carets; "" when there were none."""
        try:
            messages = str(self._capture.messages)
        except UnicodeDecodeError as error:
            # RDKit quotes pieces of what it was given, and cuts characters in two.
            messages = bytes(error.object).decode("utf-8", "replace")
        lines = [_TIME_STAMP.sub("", line).strip() for line in messages.splitlines()]
        said = dict.fromkeys(line.removeprefix("SMILES Parse Error: ") for line in lines if line.strip("~^ *"))
        return "; ".join(said)[:_LONGEST]

    @property
    def atom(self) -> int | None:
        """The index from 0 of the atom RDKit names, if it names one."""
        found = _ATOM.search(self.reason)
        return int(found.group(1)) if found else None


@contextmanager
def captured_log() -> Iterator[ChemistryLog]:
    """Catch RDKit's errors and hold back its warnings for the length of the block; the log is as it was after."""
    with rdBase.BlockLogs(), rdBase.CaptureErrorLog() as capture:
        yield ChemistryLog(capture)
