"""A plan for a recipe: each source measured on data at hand or on its sample, then scaled to the wanted tokens."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from biomatrix.corpus.mixtures.measuring import Drawing
from biomatrix.corpus.mixtures.mixing import normalised
from biomatrix.corpus.mixtures.preset import PUBLISHED, Preset, Row, preset
from biomatrix.corpus.planning.rates import SAMPLES, Rates, mean_rates, measured_rates
from biomatrix.corpus.planning.scaling import Line, Machines, Plan, Share, line, tokens_wanted
from biomatrix.corpus.planning.selecting import Selecting, selecting_of
from biomatrix.corpus.recipe import CorpusRecipe, SourceRecipe
from biomatrix.corpus.sources import open_source
from biomatrix.corpus.sources.catalogue import entry_of
from biomatrix.entities import modality_names
from biomatrix.entities.modality_registry import modality_class
from biomatrix.errors import BioMatrixError, ConfigurationError
from biomatrix.tasks.registry import draws

if TYPE_CHECKING:
    from biomatrix.vocabulary.vocabulary import Vocabulary

log = logging.getLogger(__name__)

_DATA: Final = "data at hand"
_SAMPLE: Final = "the shipped sample"


def plan_of(
    recipe: CorpusRecipe,
    vocabulary: Vocabulary,
    machines: Machines,
    data: Path | None = None,
    count: int = 300,
    repeats: int = 2,
) -> Plan:
    """Return the plan of a recipe.

    Parameters
    ----------
    recipe : CorpusRecipe
        Its mixture says how many tokens each source gives; the published table where it has none.
    vocabulary : Vocabulary
        Tokens are counted in it.
    machines : Machines
    data : Path, optional
        A data folder; sources without files there are measured on the samples that the package carries.
    count : int
        The most records of each source that are measured.
    repeats : int
        How often all sources are measured; the plan is by the mean.

    Raises
    ------
    ConfigurationError
        No source could be measured, or the recipe names one that is not known.
    """
    drawing = Drawing(draws(recipe.views, recipe.tasks, recipe.task_files), recipe.seed, recipe.max_tokens)
    with tempfile.TemporaryDirectory() as work:
        selecting = selecting_of(recipe, data, Path(work))
        measuring = _Measuring(drawing, vocabulary, selecting, recipe.modalities, data, count)
        rounds = [measuring.all_of(recipe) for _ in range(repeats)]
    if not rounds[0]:
        raise ConfigurationError("no source of the recipe has data at hand or a sample; name their folder by --data")
    names = recipe.modalities or modality_names()
    on_gpu = frozenset(name for name in names if modality_class(name).needs_tokenizer)
    alone = tuple(Plan(tuple(_lines(recipe, one, data)), machines, on_gpu) for one in rounds)
    lines = tuple(_lines(recipe, _mean(rounds), data))
    _tell_scarce(lines, recipe)
    return Plan(lines, machines, on_gpu, selecting.test_sets, alone)


class _Known(NamedTuple):
    """What is known of a source: rates, what they rest on, and how far apart repeated measurements lie."""

    rates: Rates
    basis: str
    spread: float = 0.0


def _mean(rounds: Sequence[Mapping[str, _Known]]) -> dict[str, _Known]:
    found = {}
    for name, first in rounds[0].items():
        rates = [one[name].rates for one in rounds]
        seconds = [one.seconds for one in rates]
        mean = mean_rates(rates)
        found[name] = _Known(mean, first.basis, (max(seconds) - min(seconds)) / 2 / mean.seconds)
    return found


def _tell_scarce(lines: Sequence[Line], recipe: CorpusRecipe) -> None:
    most = recipe.mixture.most_repeat if recipe.mixture else None
    for one in lines:
        if most is not None and one.draws > most:
            log.warning("%s would be drawn %.3g times, and most_repeat is %g", one.source, one.draws, most)


@dataclass(frozen=True)
class _Measuring:
    """How sources are measured; see `measured_rates`."""

    drawing: Drawing
    vocabulary: Vocabulary
    selecting: Selecting
    modalities: Sequence[str] | None
    data: Path | None
    count: int

    def all_of(self, recipe: CorpusRecipe) -> dict[str, _Known]:
        """Return what is measured of the sources of a recipe."""
        found = ((entry.name, self.one(entry)) for entry in recipe.sources)
        return {name: known for name, known in found if known is not None}

    def one(self, entry: SourceRecipe) -> _Known | None:
        """Return what is measured of a source; None where nothing could be, which is logged."""
        places = [(self.data, _DATA)] if self.data is not None else []
        reason = ""
        for root, basis in (*places, (SAMPLES, _SAMPLE)):
            try:
                source = open_source(entry, root)
                source.check_files()
                rates = measured_rates(
                    source, self.drawing, self.vocabulary, self.selecting, self.modalities, self.count
                )
            except BioMatrixError as error:
                reason = error.message
                continue
            if rates is not None and rates.tokens:
                log.info("%s: %d records of %s measured", entry.name, rates.measured, basis)
                return _Known(rates, f"{rates.measured} records of {basis}")
        log.info("%s cannot be measured: %s", entry.name, reason or "its records give no token")
        return None


def _row_of(entry: SourceRecipe, data: Path | None) -> Row:
    if entry.reader is not None:
        return entry.category or entry.kind or "text", entry.part or "other"
    found = entry_of(entry.name, data)
    return found.category, found.part


def _lines(recipe: CorpusRecipe, rates: Mapping[str, _Known], data: Path | None) -> Iterator[Line]:
    """Yield the line of each source; one that could not be measured takes the rates of one of its category."""
    wanted = recipe.mixture
    table = preset(wanted.preset if wanted and wanted.preset else PUBLISHED)
    rows = {entry.name: _row_of(entry, data) for entry in recipe.sources}
    known = {name: rates.get(name) or _alike(row, rows, rates) for name, row in rows.items()}
    records = {name: _records(recipe.source(name), table, one) for name, one in known.items() if one is not None}
    gives = {name: count * one.rates.tokens for name, count in records.items() if count and (one := known[name])}
    tokens = tokens_wanted(table.rows, rows, wanted.tokens if wanted else None, gives)
    if wanted and wanted.weights:
        total = float(wanted.tokens or sum(table.rows.values()))
        tokens = {name: share * total for name, share in normalised(wanted.weights).items()}
    for name, row in rows.items():
        one = known[name]
        if one is None:
            log.info("%s is left out of the plan: nothing of its category could be measured", name)
        elif tokens[name] <= 0 and row not in table.rows:
            log.info("%s is left out of the plan: the mixture has no share for %s", name, "/".join(row))
        else:
            yield line(name, Share(row, tokens[name], records[name]), *one)


def _records(entry: SourceRecipe, table: Preset, known: _Known) -> float:
    """Return the records of a source: those taken, else those of the published rows that stay; 0 if unknown."""
    if entry.reader is not None:
        return 0.0
    return table.records.get(entry.name) or entry_of(entry.name).records * known.rates.kept


def _alike(row: Row, rows: Mapping[str, Row], rates: Mapping[str, _Known]) -> _Known | None:
    near = sorted(rates, key=lambda name: (rows[name] != row, rows[name][0] != row[0]))
    if not near or rows[near[0]][0] != row[0]:
        return None
    return rates[near[0]]._replace(basis=f"as {near[0]}, of its category")
