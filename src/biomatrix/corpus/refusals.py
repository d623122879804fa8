"""What a build refused, over all its steps, counted by kind of fault."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from biomatrix.corpus.build_tokens import TokenisedSlice
from biomatrix.entities.faults import Faults
from biomatrix.entities.rejects import Reject

REJECTS: Final = "rejects.jsonl"


def refused_records(slices: Mapping[str, Sequence[TokenisedSlice]]) -> Faults:
    """Return what became no record, was left out of one, or could not be written in a modality."""
    folders = dict.fromkeys(  # the rewritings of a slice share its records
        folder for group in slices.values() for item in group for folder in (item.records, *dict(item.tokens).values())
    )
    return counted(folder / REJECTS for folder in folders)


def refused_documents(shards: Path) -> Faults:
    """Return what became no document of finished shards, such as records that are too long."""
    return counted(sorted(shards.rglob(REJECTS)))


def described(refused: Mapping[str, Faults]) -> str:
    """Return refusals by what was refused in words; empty where nothing was."""
    blocks = [
        "\n  ".join([f"refused {what}: {faults.counts.total():,}", *faults.as_lines()])
        for what, faults in refused.items()
        if faults.counts
    ]
    return "\n".join(blocks)


def counted(files: Iterable[Path]) -> Faults:
    """Return what files of rejects list, counted by kind of fault."""
    faults = Faults()
    for file in files:
        for reject in _rejects(file):
            faults.add(reject)
    return faults


def _rejects(file: Path) -> Iterator[Reject]:
    if not file.is_file():
        return
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            record = json.loads(line)
            place = f"{record['source']}, {record['view']}" if record.get("view") else record["source"]
            yield Reject(place, record["id"], None, record["reason"])
