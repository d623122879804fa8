"""The step between records and tokens: quality filters, test sets, duplicates. What stays is written as records.

Each slice is screened by itself, duplicates are found over all of them, and then the records that stay are written. A
slice that loses nothing is linked, not copied.
"""

from __future__ import annotations

import logging
import os
import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from biomatrix.corpus.build_records import RecordSlice, reject_line
from biomatrix.corpus.decontamination.index import TestIndex, build_index
from biomatrix.corpus.decontamination.test_sets import TestSets, find_test_sets
from biomatrix.corpus.deduplication.duplicates import (
    Run,
    dropped_rows,
    duplicate_slices,
    write_duplicates,
)
from biomatrix.corpus.filters.registry import settings_of
from biomatrix.corpus.launching import Workers
from biomatrix.corpus.recipe import CorpusRecipe
from biomatrix.corpus.records import RECORD_SCHEMA, RowWriter, read_batches
from biomatrix.corpus.screening import VERSION, ScreenedSlice, refused_rows, write_screened
from biomatrix.corpus.slices import Slice, fingerprint, marked_folder, remove_strays, run_slices, tell_outdated

log = logging.getLogger(__name__)

RECORDS: Final = "records.parquet"
REJECTS: Final = "rejects.jsonl"

_NOT_COVERED: Final = "decontamination does not cover, for lack of their data (biomatrix data get): %s%s"
_SHOWN: Final = 8
"""How many test sets are named in a line of the log."""


@dataclass(frozen=True)
class SelectedSlice(Slice):
    """The records of one slice that stay.

    Parameters
    ----------
    source : str
        The source's name.
    number : int
        Of the slice among those of all sources.
    records, screened : Path
        The folders of the finished slices it is made from.
    duplicates : tuple of Path
        The folders of the finished ranges of duplicates.
    """

    source: str
    number: int
    records: Path
    screened: Path
    duplicates: tuple[Path, ...]


@dataclass(frozen=True)
class Selection:
    """The record slices that become tokens, by source, and what a manifest says about the choice."""

    slices: Mapping[str, Sequence[Slice]]
    notes: Mapping[str, Any]


def select_records(
    records: Mapping[str, Sequence[RecordSlice]], recipe: CorpusRecipe, data: Path, work: Path, *, workers: Workers = 1
) -> Selection:
    """Leave out of finished record slices what the recipe's filters refuse, test sets hold, and others repeat.

    Parameters
    ----------
    records : mapping of str to sequence of RecordSlice
        Finished record slices, by source.
    recipe : CorpusRecipe
        Its filters, deduplication and decontamination.
    data : Path
        The folder of the sources' files, where data of benchmarks are looked for too.
    work : Path
        Where the slices are kept.
    workers : int
        The number of processes; the bytes do not depend on it.
    """
    sets = find_test_sets(recipe.decontamination, data) if recipe.decontamination.enabled else TestSets((), {})
    index = build_index(sets, recipe.decontamination, work, workers=workers) if sets.here else None
    _tell_coverage(recipe, sets)
    about = {"decontamination": _described(recipe, sets, index)}
    if index is None and not recipe.filters and not recipe.deduplication.is_on:
        return Selection(records, about)
    screened = _screened(records, recipe, work, index)
    flat = [item for group in screened.values() for item in group]
    screening = run_slices(flat, write_screened, workers=workers, label="screened records")
    folders = _duplicates(flat, screening, recipe, work, workers)
    selected = _selected(records, screened, folders, work)
    chosen = [item for group in selected.values() for item in group]
    writing = run_slices(chosen, write_selected, workers=workers, label="selected records")
    for name, group in selected.items():
        remove_strays(work / "selected" / name, group)
        remove_strays(work / "screened" / name, screened[name])
    tell_outdated(work / "selected", chosen)
    notes = {**about, **_counts(chosen, screening, writing)}
    log.info("%s", told(notes))
    if any(notes["test_set_counts"].values()):
        log.info("%s", told_test_sets(notes["test_set_counts"], recipe.decontamination.splits))
    return Selection(selected, notes)


def write_selected(item: SelectedSlice, folder: Path) -> Mapping[str, Any]:
    """Write the records that stay and, after the rejects of their slice, why the others do not."""
    refused = refused_rows(item.screened)
    dropped = dropped_rows(item.duplicates, item.number)
    lost = {*refused, *dropped}
    if not lost:
        for name in (RECORDS, REJECTS):
            _link(item.records / name, folder / name)
        return {"duplicates": 0, "records": _row_count(item.records)}
    kept = first = 0
    shutil.copyfile(item.records / REJECTS, folder / REJECTS)
    with (
        RowWriter(folder / RECORDS, RECORD_SCHEMA) as out,
        (folder / REJECTS).open("a", encoding="utf-8") as rejects,
    ):
        for batch in read_batches(item.records / RECORDS):
            rows = range(first, first + batch.num_rows)
            staying = np.array([row - first for row in rows if row not in lost], dtype=np.int64)
            out.write(pa.Table.from_batches([batch.take(pa.array(staying))]))
            names = batch.column("id").to_pylist()
            for row in rows:
                if row in refused:
                    rejects.write(reject_line(item.source, names[row - first], refused[row]["reason"]))
                elif row in dropped:
                    rejects.write(reject_line(item.source, names[row - first], f"duplicate of {dropped[row]!r}"))
            kept += len(staying)
            first += batch.num_rows
    return {"duplicates": len(dropped.keys() - refused.keys()), "records": kept}


def told(notes: Mapping[str, Any]) -> str:
    """Return in one line how many records were left out, and by what."""
    parts = []
    for what in ("filters", "decontamination_counts", "duplicates"):
        total: Counter[str] = Counter()
        for counts in notes[what].values():
            total.update(counts if isinstance(counts, dict) else {"duplicates": counts})
        parts += [f"{name} {count:,}" for name, count in sorted(total.items()) if count]
    kept = sum(notes["records"].values())
    return f"{kept:,} records stay; left out: {', '.join(parts) or 'none'}"


def told_test_sets(counts: Mapping[str, Mapping[str, int]], splits: Sequence[str]) -> str:
    """Return in one line which test sets took most records, and where a recipe says which of their parts count.

    Parameters
    ----------
    counts : mapping of str to mapping of str to int
        By source and test set, the records that were left out.
    splits : sequence of str
        The parts of benchmarks that the build was kept clear of.
    """
    total: Counter[str] = Counter()
    for of_source in counts.values():
        total.update(of_source)
    most = [f"{name} {count:,}" for name, count in total.most_common(_SHOWN)]
    more = f" and {len(total) - _SHOWN} more" if len(total) > _SHOWN else ""
    advice = '; splits = ["test"] under [decontamination] keeps those of validation' if "validation" in splits else ""
    return f"test sets that took most: {', '.join(most)}{more}{advice}"


def _screened(
    records: Mapping[str, Sequence[RecordSlice]], recipe: CorpusRecipe, work: Path, index: Path | None
) -> dict[str, list[ScreenedSlice]]:
    found: dict[str, list[ScreenedSlice]] = {}
    for name, group in records.items():
        wanted = recipe.deduplication
        compared = wanted if wanted.is_on and name not in wanted.without else None
        settings = (
            settings_of(recipe.filters, name),
            None if index is None else TestIndex.open(index).mark,
            None if compared is None else compared.model_dump(exclude={"without"}),
        )
        found[name] = []
        for number, item in enumerate(group):
            mark = fingerprint(VERSION, item.fingerprint, *settings)
            folder = marked_folder(work / "screened" / name, number, mark)
            found[name].append(ScreenedSlice(folder, mark, name, item.folder, tuple(recipe.filters), index, compared))
    return found


def _duplicates(
    items: Sequence[ScreenedSlice],
    notes: Sequence[Mapping[str, Any]],
    recipe: CorpusRecipe,
    work: Path,
    workers: Workers,
) -> list[Path]:
    """Find the duplicates among screened slices; return the folders of the finished ranges."""
    wanted = recipe.deduplication
    compared = [item for item in items if item.deduplication is not None]
    if not compared:
        return []
    # Numbers are those of all slices, so runs of slices that are not compared stand there empty.
    runs = [Run(item.source, item.folder, item.deduplication is not None) for item in items]
    keys = sum(note["keys"] for note in notes)
    ranges = duplicate_slices(runs, [item.fingerprint for item in items], keys, wanted.near, wanted.exact, work)
    run_slices(ranges, write_duplicates, workers=workers, label="duplicates")
    for folder in {item.folder.parent for item in ranges}:
        remove_strays(folder, ranges)
    return [item.folder for item in ranges]


def _selected(
    records: Mapping[str, Sequence[RecordSlice]],
    screened: Mapping[str, Sequence[ScreenedSlice]],
    duplicates: Sequence[Path],
    work: Path,
) -> dict[str, list[SelectedSlice]]:
    found: dict[str, list[SelectedSlice]] = {}
    number = 0
    for name, group in screened.items():
        found[name] = []
        for index, (item, own) in enumerate(zip(group, records[name], strict=True)):
            # By what is dropped here alone, so that a change elsewhere does not redo this slice.
            mark = fingerprint(VERSION, item.fingerprint, sorted(dropped_rows(duplicates, number).items()))
            folder = marked_folder(work / "selected" / name, index, mark)
            found[name].append(SelectedSlice(folder, mark, name, number, own.folder, item.folder, tuple(duplicates)))
            number += 1
    return found


def _counts(
    items: Sequence[SelectedSlice], screening: Sequence[Mapping[str, Any]], writing: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    filters: dict[str, Counter[str]] = {}
    found: dict[str, Counter[str]] = {}
    duplicates: Counter[str] = Counter()
    kept: Counter[str] = Counter()
    owners: dict[str, Counter[str]] = {}
    for item, screen, written in zip(items, screening, writing, strict=True):
        filters.setdefault(item.source, Counter()).update(screen["filters"])
        found.setdefault(item.source, Counter()).update(screen["decontamination"])
        owners.setdefault(item.source, Counter()).update(screen.get("test_sets", {}))  # earlier versions: none
        duplicates[item.source] += written["duplicates"]
        kept[item.source] += written["records"]
    return {
        "filters": {name: dict(counts) for name, counts in filters.items()},
        "decontamination_counts": {name: dict(counts) for name, counts in found.items()},
        "test_set_counts": {name: dict(counts.most_common()) for name, counts in owners.items()},
        "duplicates": dict(duplicates),
        "records": dict(kept),
    }


def _described(recipe: CorpusRecipe, sets: TestSets, index: Path | None) -> dict[str, Any]:
    opened = None if index is None else TestIndex.open(index)
    return {
        "enabled": recipe.decontamination.enabled,
        "index": None if opened is None else opened.mark,
        "sets": [] if opened is None else [{"name": one["name"], "rows": one["rows"]} for one in opened.sets],
        "covered": sets.covered,
        "not_covered": sets.missing,
    }


def _tell_coverage(recipe: CorpusRecipe, sets: TestSets) -> None:
    if not recipe.decontamination.enabled:
        log.warning("decontamination is off by the recipe: test sets may be trained on")
        return
    log.info("decontamination covers %d benchmarks by %d test sets", len(sets.covered), len(sets.here))
    if sets.missing:
        names = sorted(sets.missing)
        more = f" and {len(names) - _SHOWN} more, listed in the manifest" if len(names) > _SHOWN else ""
        log.warning(_NOT_COVERED, ", ".join(names[:_SHOWN]), more)


def _link(path: Path, place: Path) -> None:
    try:
        os.link(path, place)
    except OSError:
        shutil.copyfile(path, place)


def _row_count(folder: Path) -> int:
    return int(pq.read_metadata(folder / RECORDS).num_rows)
