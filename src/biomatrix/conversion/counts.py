"""The outcome of a batch: what succeeded, what was refused and why."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO

from biomatrix.entities import Reject
from biomatrix.entities.faults import Faults


@dataclass
class Counts:
    """The running counts of a batch.

    ``rejects_file`` lists the refused records, None where nothing does; ``notes`` say what had to be changed in those
    that were written.
    """

    succeeded: int = 0
    rejected: int = 0
    faults: Faults = field(default_factory=Faults)
    rejects_file: Path | None = None
    notes: tuple[str, ...] = ()

    @property
    def reasons(self) -> dict[str, int]:
        """The number of refused records by kind of fault, the most frequent first."""
        return dict(self.faults.counts.most_common())

    @property
    def first_rejects(self) -> list[Reject]:
        """The first refused records of every kind of fault, by kind."""
        return [reject for first in self.faults.first.values() for reject in first]

    def reject(self, reject: Reject, stream: IO[str] | None = None) -> None:
        """Count a refused record and, where there is a stream, write the record to it as a JSON line."""
        self.rejected += 1
        self.faults.add(reject)
        if stream is not None:
            stream.write(json.dumps(asdict(reject)) + "\n")

    def as_json(self) -> str:
        """Return the counts as one JSON object."""
        return json.dumps(
            {
                "succeeded": self.succeeded,
                "rejected": self.rejected,
                **self.faults.as_mapping(),
                "notes": list(self.notes),
                "rejects_file": str(self.rejects_file) if self.rejects_file else None,
            }
        )

    def as_text(self) -> str:
        """Return the counts in words: each kind of fault with its count and its first records."""
        lines = [f"{self.succeeded:,} written, {self.rejected:,} refused", *self.notes, *self.faults.as_lines()]
        if self.rejects_file and self.rejected > 1:
            lines.append(f"all are listed in {self.rejects_file}")
        return "\n  ".join(lines)
