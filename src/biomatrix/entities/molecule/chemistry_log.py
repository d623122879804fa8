"""RDKit's own messages, captured for the errors of this package instead of written to standard error."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from rdkit import rdBase

_TIME_STAMP = re.compile(r"^\[\d\d:\d\d:\d\d\]\s*")
_ATOM = re.compile(r"atom\s*#?\s*(\d+)", re.IGNORECASE)
_LONGEST = 300
_OF_RDKIT = re.compile(
    r"^(\*+|-+|Stacktrace:.*|\d+# .*|Violation occurred.*|Failed Expression.*|RDKIT: .*|BOOST: .*"
    r"|(Pre-condition|Post-condition|Invariant) Violation|Range Error)$"
)
"""Lines about the program, not about the input."""
_SOURCE = re.compile(r"\s*(on line \d+ )?(in|of) file \S*\.(cpp|h|hpp)\b\S*")


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
        return plain_reason(messages)

    @property
    def atom(self) -> int | None:
        """The index from 0 of the atom RDKit names, if it names one."""
        match = _ATOM.search(self.reason)
        return int(match.group(1)) if match else None


def plain_reason(messages: str) -> str:
    """Return RDKit's messages in one line, without what speaks of RDKit itself: its source, time stamps, carets.

    Examples
    --------
    >>> plain_reason("[09:00:00] Can't kekulize mol.  Unkekulized atoms: 0 1 2\\n[09:00:00] ~~^")
    "Can't kekulize mol.  Unkekulized atoms: 0 1 2"
    """
    lines = [_TIME_STAMP.sub("", line.strip()).strip() for line in messages.splitlines()]
    kept = [line for line in lines if line.strip("~^ *") and not _OF_RDKIT.match(line)]
    distinct = dict.fromkeys(_SOURCE.sub("", line.removeprefix("SMILES Parse Error: ")) for line in kept)
    return "; ".join(distinct)[:_LONGEST]


@contextmanager
def captured_log() -> Iterator[ChemistryLog]:
    """Catch RDKit's errors and hold back its warnings inside the block; afterwards its logging is as before."""
    with rdBase.BlockLogs(), rdBase.CaptureErrorLog() as capture:
        yield ChemistryLog(capture)
