"""What every published source gives on one core: records/s, tokens/s, and why rows became no record.

    python benchmarks/corpus_sources.py                                # all sources, 2,000 rows of each
    python benchmarks/corpus_sources.py --rows 200 --only bindingdb pubchem_3d
    python benchmarks/corpus_sources.py --data FOLDER                  # those official_files.py wrote, or others
    python benchmarks/corpus_sources.py --json --markdown

The rows are those of the samples that ship, read again and again under changed ids, each time by a source opened anew,
so the rate includes opening files; with ``--data`` they are those of a data folder, read once, and of samples where it
has no files. Records are then written in every modality that they have, parts of interactions too, with the tokenizers
that ship, and texts are counted by the BPE of the vocabulary that ships. Seconds are of processor time, which other
work on the machine changes least; ``kinds`` are the kinds of records. Reasons that differ in their numbers alone are
one reason. A sample is small and partly broken on purpose: its share of refusals says nothing of the real files, and
rates of a few short records stand for the format, not for the real mean length.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from importlib.resources import files
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
SAMPLES = Path(str(files("biomatrix.corpus.sources.published") / "samples"))
BATCH = 512


@dataclass
class Measured:
    """What one source gave; seconds of processor time."""

    source: str
    rows: int = 0
    records: int = 0
    read_seconds: float = 0.0
    tokens: int = 0
    token_seconds: float = 0.0
    kinds: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    note: str = ""
    of: str = "sample"

    @property
    def cells(self) -> list[str]:
        """The columns of the printed table."""
        reasons = (
            "; ".join(f"{count} {_short(reason)}" for reason, count in self.refused.most_common(3)) or self.note or "-"
        )
        return [
            self.source,
            self.of,
            " ".join(self.kinds) or "-",
            f"{self.rows:,}",
            f"{self.records:,}",
            _rate(self.rows, self.read_seconds),
            f"{self.tokens:,}",
            _rate(self.tokens, self.token_seconds),
            _rate(self.records, self.read_seconds + self.token_seconds),
            reasons,
        ]


HEADER = [
    "source", "of", "kinds", "rows", "records", "rows/s", "tokens", "tokens/s", "records/s in all",
    "most frequent reasons of refusal",
]  # fmt: skip


def _short(reason: str) -> str:
    return reason if len(reason) <= 90 else f"{reason[:90].rsplit(' ', 1)[0]} ..."


def _rate(count: int, seconds: float) -> str:
    return f"{count / seconds:,.0f}" if seconds > 0 and count else "-"


def folder_of(name: str, data: Path | None) -> Path:
    """Return the data folder, or that of the samples where it has no files of the source."""
    from biomatrix.corpus.sources import open_source
    from biomatrix.errors import BioMatrixError

    if data is not None:
        try:
            open_source(name, data).check_files()
        except BioMatrixError:
            return SAMPLES
        return data
    return SAMPLES


def repeated(name: str, rows: int, root: Path) -> Iterator[tuple[Any, str, Any]]:
    """Yield source, id and row until there are so many; those of a sample over and over, those of data once."""
    from biomatrix.corpus.sources import open_source

    count = 0
    for turn in range(rows if root == SAMPLES else 1):
        source = open_source(name, root)
        for identifier, row in source.rows():
            if count == rows:
                return
            yield source, identifier if turn == 0 else f"{identifier}~{turn}", row
            count += 1
        if count == 0:
            return


def read(name: str, rows: int, root: Path, measured: Measured) -> Iterator[list[Any]]:
    """Yield batches of records; the clock stands still while the caller has one."""
    from rdkit.rdBase import BlockLogs

    from biomatrix.entities.faults import kind_of_fault
    from biomatrix.errors import BioMatrixError

    batch: list[Any] = []
    begin = time.process_time()
    with BlockLogs():
        for source, identifier, row in repeated(name, rows, root):
            measured.rows += 1
            try:
                record = source.record(identifier.partition("~")[0], row)
                batch.append(replace(record, id=identifier))
            except BioMatrixError as error:
                measured.refused[kind_of_fault(error.message)] += 1
            if len(batch) == BATCH:
                measured.read_seconds += time.process_time() - begin
                yield batch
                batch, begin = [], time.process_time()
    measured.read_seconds += time.process_time() - begin
    yield batch


def count_tokens(records: Sequence[Any], writers: Sequence[Any], text: Any, measured: Measured) -> None:
    """Count the tokens of records in every modality, and those of their texts."""
    from biomatrix.corpus.records import TEXT
    from biomatrix.errors import BioMatrixError

    entities = [one for record in records for one in (record.entity, *record.parts.values()) if one is not None]
    begin = time.process_time()
    for writer in writers:
        own = [entity for entity in entities if entity.kind == writer.kind and writer.accepts(entity)]
        for tokens in writer.encode_each(own):
            if isinstance(tokens, BioMatrixError):
                measured.refused[f"{writer.name}: {tokens.message}"] += 1
            elif tokens is not None:
                measured.tokens += len(text("".join(tokens))) if writer.spelled_as_text else len(tokens)
    for record in records:
        if record.kind == TEXT:
            measured.tokens += sum(len(text(value)) for value in record.fields.values())
    measured.token_seconds += time.process_time() - begin


def measure(name: str, rows: int, root: Path, writers: Sequence[Any], text: Any) -> Measured:
    """Return what one source gives; without a sample, or without what its files need, a note."""
    from biomatrix.errors import BioMatrixError

    measured = Measured(name, of="sample" if root == SAMPLES else "data")
    try:
        for batch in read(name, rows, root, measured):
            measured.records += len(batch)
            measured.kinds.update(record.kind for record in batch)
            count_tokens(batch, writers, text, measured)
    except BioMatrixError as error:
        measured.note = error.message
    return measured


def tokenizers() -> tuple[list[Any], Any]:
    """Return the writers of all modalities, and a function from text to ids, of what ships."""
    from biomatrix.entities import modality, modality_names
    from biomatrix.generation import load

    vocabulary = load("nano").vocabulary
    return [modality(name) for name in modality_names()], vocabulary.encode_text


def printed(results: Sequence[Measured]) -> str:
    """Return the table."""
    rows = [HEADER, *(one.cells for one in results)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADER) - 1)]
    return "\n".join(
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]]) for row in rows
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; return 1 where a source with a sample gave no record."""
    from biomatrix.cli.plain_tables import markdown_table
    from biomatrix.corpus.sources.published.source_card import card_names

    parser = argparse.ArgumentParser(description=str(__doc__).split("\n", 1)[0])
    parser.add_argument("--rows", type=int, default=2000)
    parser.add_argument("--only", nargs="*", default=None, choices=card_names(), metavar="SOURCE")
    parser.add_argument("--data", type=Path, default=None, help="a data folder, in place of the samples")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--markdown", action="store_true")
    chosen = parser.parse_args(arguments)
    writers, text = tokenizers()
    results = []
    for name in chosen.only or card_names():
        results.append(measure(name, chosen.rows, folder_of(name, chosen.data), writers, text))
        print(name, file=sys.stderr, flush=True)
    form = markdown_table([HEADER, *(one.cells for one in results)]) if chosen.markdown else printed(results)
    print(json.dumps([asdict(one) for one in results], indent=1) if chosen.json else form)
    return int(any(one.records == 0 and not one.note for one in results))


if __name__ == "__main__":
    sys.exit(main())
