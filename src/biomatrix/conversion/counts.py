"""The outcome of a batch: what succeeded, what was refused and why."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO

from biomatrix.entities import Reject

SHOWN_REJECTS = 5


@dataclass
class Counts:
    """The running counts of a batch; ``rejects_file`` lists the refused records, None where nothing does."""

    succeeded: int = 0
    rejected: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    first_rejects: list[Reject] = field(default_factory=list)
    rejects_file: Path | None = None

    def reject(self, reject: Reject, stream: IO[str] | None = None) -> None:
        """Count a refused record and, where there is a stream, write the record to it as a JSON line."""
        self.rejected += 1
        self.reasons[reject.reason] += 1
        if len(self.first_rejects) < SHOWN_REJECTS:
            self.first_rejects.append(reject)
        if stream is not None:
            stream.write(json.dumps(asdict(reject)) + "\n")

    def as_json(self) -> str:
        """Return the counts as one JSON object."""
        return json.dumps(
            {
                "succeeded": self.succeeded,
                "rejected": self.rejected,
                "reasons": dict(self.reasons.most_common()),
                "rejects_file": str(self.rejects_file) if self.rejects_file else None,
            }
        )

    def as_text(self) -> str:
        """Return the counts in words, with the first refused records."""
        lines = [f"{self.succeeded:,} written, {self.rejected:,} refused"]
        lines += [f"  {describe_reject(reject)}" for reject in self.first_rejects]
        if self.rejected > len(self.first_rejects):
            where = f"; all are listed in {self.rejects_file}" if self.rejects_file else ""
            lines.append(f"  and {self.rejected - len(self.first_rejects):,} more{where}")
        return "\n".join(lines)


def describe_reject(reject: Reject) -> str:
    """Return a refused record as one line: file, record, position and reason."""
    place = [str(reject.file or "-")]
    place += [f"record {reject.record}"] if reject.record is not None else []
    place += [f"position {reject.position}"] if reject.position is not None else []
    return f"{', '.join(place)}: {reject.reason}"
