"""How long it takes to judge which records stay: filters, test sets, keys of duplicates."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from biomatrix.corpus.decontamination.index import build_index
from biomatrix.corpus.decontamination.test_sets import find_test_sets
from biomatrix.corpus.recipe import CorpusRecipe
from biomatrix.corpus.records import RECORD_SCHEMA, Record, RowWriter, records_to_table
from biomatrix.corpus.screening import ScreenedSlice, write_screened
from biomatrix.corpus.selection_recipes import DeduplicationRecipe, FilterRecipe


@dataclass(frozen=True)
class Selecting:
    """What records are judged by; see `ScreenedSlice`."""

    filters: tuple[FilterRecipe, ...]
    index: Path | None
    deduplication: DeduplicationRecipe | None
    test_sets: int = 0

    def seconds(self, source: str, records: Sequence[Record]) -> float:
        """Return the processor seconds that records of a source take, read from a file as the build reads them."""
        if self.index is None and self.deduplication is None and not self.filters:
            return 0.0
        compared = self.deduplication
        if compared is not None and source in compared.without:
            compared = None
        with tempfile.TemporaryDirectory() as folder:
            home = Path(folder)
            with RowWriter(home / "records.parquet", RECORD_SCHEMA) as out:
                out.write(records_to_table(records))
            start = time.process_time()
            write_screened(ScreenedSlice(home, "", source, home, self.filters, self.index, compared), home)
            return time.process_time() - start


def selecting_of(recipe: CorpusRecipe, data: Path | None, work: Path) -> Selecting:
    """Return what a recipe judges records by; its index of the test sets at hand is built under ``work``.

    Parameters
    ----------
    recipe : CorpusRecipe
    data : Path, optional
        Where data of benchmarks are looked for, beside the cache.
    work : Path
        Needed as long as the result is used.
    """
    index, count = None, 0
    if recipe.decontamination.enabled:
        sets = find_test_sets(recipe.decontamination, work if data is None else data)
        index = build_index(sets, recipe.decontamination, work) if sets.here else None
        count = len(sets.here)
    wanted = recipe.deduplication
    return Selecting(tuple(recipe.filters), index, wanted if wanted.is_on else None, count)
