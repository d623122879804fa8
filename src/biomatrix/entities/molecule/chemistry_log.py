"""RDKit's own messages, captured for the errors of this package instead of written to standard error."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from rdkit import rdBase

_TIME_STAMP = re.compile(r"^\[\d\d:\d\d:\d\d\]\s*")
_ATOM = re.compile(r"atom\s*#?\s*(\d+)", re.IGNORECASE)
_LONGEST = 300


class ChemistryLog:
    """RDKit's complaints inside a ``with captured_log()`` block."""

    def __init__(self, capture: rdBase.CaptureErrorLog) -> None:
        self._capture = capture

    @property
    def reason(self) -> str:
        """The complaints in one line, without time stamps and lines of carets; "" when there were none."""
        try:
            messages = str(self._capture.messages)
        except UnicodeDecodeError as error:
            # RDKit quotes pieces of its input, and cuts characters in two.
            messages = bytes(error.object).decode("utf-8", "replace")
        lines = [_TIME_STAMP.sub("", line).strip() for line in messages.splitlines()]
        distinct = dict.fromkeys(line.removeprefix("SMILES Parse Error: ") for line in lines if line.strip("~^ *"))
        return "; ".join(distinct)[:_LONGEST]

    @property
    def atom(self) -> int | None:
        """The index from 0 of the atom RDKit names, if it names one."""
        match = _ATOM.search(self.reason)
        return int(match.group(1)) if match else None


@contextmanager
def captured_log() -> Iterator[ChemistryLog]:
    """Catch RDKit's errors and hold back its warnings inside the block; afterwards its logging is as before."""
    with rdBase.BlockLogs(), rdBase.CaptureErrorLog() as capture:
        yield ChemistryLog(capture)
