"""What every kind's round trip shares: records on their way through a structure tokenizer and back.

A kind that can be measured names a function in its registration::

    def round_trip(source: RecordSource, tokenizer: str, options: Options, progress: Told) -> RoundTrip

where ``options`` is of the class the registration names beside it, and ``progress`` is called with the number of
records done since its last call. A result is a dataclass, so that it turns into JSON as it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, Literal, Protocol, TypeVar

from biomatrix.entities.base_entity import Entity
from biomatrix.entities.rejects import Reject
from biomatrix.errors import BioMatrixError

Stage = Literal["read", "encode", "decode", "compare"]
Told = Callable[[int], None]
Of = TypeVar("Of", bound=Entity)

BATCH: Final = 256
"""Entities given to a tokenizer at once."""
SHOWN_REASONS: Final = 8
SHOWN_RECORDS: Final = 5
"""Reasons of failures in the text, and records listed per reason."""


@dataclass(frozen=True)
class RecordSource:
    """Records to measure.

    Parameters
    ----------
    file : str
        Where they come from, for messages.
    records : iterable of Entity or Reject
        Of one kind; a record that could not be read is a Reject.
    structure : bool
        Whether the file may hold coordinates.
    """

    file: str
    records: Iterable[Any]
    structure: bool = True


@dataclass(frozen=True)
class Failure:
    """One record that gave no figures.

    Parameters
    ----------
    stage : {"read", "encode", "decode", "compare"}
        The stage at which it failed.
    record : int or str or None
        Its number in the file, from 1, or its name.
    name : str
    reason : str
    kind : str
        The name of the error.
    """

    stage: Stage
    record: int | str | None
    name: str
    reason: str
    kind: str = "ParseError"

    @property
    def full_reason(self) -> str:
        """Stage, kind and reason in one line."""
        return f"{self.stage}: {self.kind}: {self.reason}"

    @classmethod
    def of_reject(cls, reject: Reject, stage: Stage = "read") -> Failure:
        """Return the failure of a record that could not be read."""
        return cls(stage, reject.record, "", reject.reason, reject.kind)

    @classmethod
    def of_error(cls, error: BioMatrixError, stage: Stage, record: int, name: str) -> Failure:
        """Return an error as a failure; ``record`` is the record's number in the file, from 1."""
        return cls(stage, record, name, error.message, type(error).__name__)


class RoundTrip(Protocol):
    """The result of a round trip of many records: a dataclass, with figures of its kind beside these."""

    @property
    def records(self) -> int:
        """Records taken, failures included."""

    @property
    def failures(self) -> tuple[Failure, ...]:
        """Records that gave no figures, each with its reason."""

    @property
    def each(self) -> Sequence[Any]:
        """One dataclass of figures per record that did not fail, in order."""

    def worst(self, count: int) -> Sequence[Any]:
        """Return the records that lost most, the worst first."""

    def as_text(self, worst: int = 0) -> str:
        """Return the figures as lines of text, with the ``worst`` records at the end."""


def batches_of(records: Iterable[Of | Reject], size: int) -> Iterator[tuple[list[tuple[int, Of]], list[Failure]]]:
    """Yield batches of ``size`` records: those that were read, numbered from 1, and the failures of the others."""
    numbered = enumerate(records, start=1)
    while batch := list(islice(numbered, size)):
        read = [(number, item) for number, item in batch if not isinstance(item, Reject)]
        yield read, [Failure.of_reject(item) for _, item in batch if isinstance(item, Reject)]


def reasons(failures: Iterable[Failure]) -> dict[str, int]:
    """Return how often each stage and reason occurs, the most frequent first."""
    return dict(Counter(failure.full_reason for failure in failures).most_common())


def failure_lines(failures: Sequence[Failure], what: str) -> list[str]:
    """Return one line per reason, the most frequent first, with the first few records it applies to."""
    if not failures:
        return []
    lines = [f"{len(failures):,} {what}:"]
    counts = reasons(failures)
    for reason, count in list(counts.items())[:SHOWN_REASONS]:
        labels = [_label(failure) for failure in failures if failure.full_reason == reason]
        more = ", ..." if count > SHOWN_RECORDS else ""
        lines.append(f"  {count:,} x {reason} ({', '.join(labels[:SHOWN_RECORDS])}{more})")
    if len(counts) > SHOWN_REASONS:
        lines.append(f"  and {len(counts) - SHOWN_REASONS:,} more reasons; --json lists all failures")
    return lines


def _label(failure: Failure) -> str:
    return "the file" if failure.record is None else f"record {failure.record} {failure.name}".rstrip()
