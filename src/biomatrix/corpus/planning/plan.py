"""A plan for a recipe: each source measured on data at hand or on its sample, then scaled to the wanted tokens."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from biomatrix.corpus.mixtures.measuring import Drawing
from biomatrix.corpus.mixtures.mixing import normalised
from biomatrix.corpus.mixtures.preset import PUBLISHED, Preset, Row, preset
from biomatrix.corpus.planning.measured_sources import KnownRates, Measuring, mean_of
from biomatrix.corpus.planning.rates import Rates
from biomatrix.corpus.planning.scaling import Line, Machines, Plan, Share, line, tokens_wanted
from biomatrix.corpus.planning.selecting import selecting_of
from biomatrix.corpus.recipe import CorpusRecipe
from biomatrix.corpus.source_recipe import SourceRecipe
from biomatrix.corpus.sources import open_source
from biomatrix.corpus.sources.catalogue import entry_of
from biomatrix.entities import default_modality_names
from biomatrix.entities.modality_registry import modality_class
from biomatrix.errors import ConfigurationError
from biomatrix.tasks.registry import draws

if TYPE_CHECKING:
    from biomatrix.vocabulary.vocabulary import Vocabulary

log = logging.getLogger(__name__)


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
        Its mixture says how many tokens each source gives; where it has none, what is described in the recipe gives
        what it holds, and published sources those of the published table.
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
        measuring = Measuring(drawing, vocabulary, selecting, recipe.modalities, data, count)
        rounds = [measuring.all_of(recipe) for _ in range(repeats)]
    if not rounds[0]:
        raise ConfigurationError("no source of the recipe has data at hand or a sample; name their folder by --data")
    names = recipe.modalities or default_modality_names()
    on_gpu = frozenset(name for name in names if modality_class(name).needs_tokenizer)
    mean = mean_of(rounds)
    own = {name: own_records(recipe.source(name), data, one.rates, count) for name, one in mean.items()}
    counted = {name: number for name, number in own.items() if number is not None}
    alone = tuple(Plan(tuple(_lines(recipe, one, counted, data)), machines, on_gpu) for one in rounds)
    lines = tuple(_lines(recipe, mean, counted, data))
    _tell_scarce(lines, recipe)
    return Plan(lines, machines, on_gpu, selecting.test_sets, alone)


def _tell_scarce(lines: Sequence[Line], recipe: CorpusRecipe) -> None:
    most = recipe.mixture.most_repeat if recipe.mixture else None
    for one in lines:
        if most is not None and one.draws > most:
            log.warning("%s would be drawn %.3g times, and most_repeat is %g", one.source, one.draws, most)


def _row_of(entry: SourceRecipe, data: Path | None) -> Row:
    if entry.reader is not None:
        return entry.category or entry.kind or "text", entry.part or "other"
    found = entry_of(entry.name, data)
    return found.category, found.part


def _lines(
    recipe: CorpusRecipe, rates: Mapping[str, KnownRates], counted: Mapping[str, float], data: Path | None
) -> Iterator[Line]:
    """Yield the line of each source; one that could not be measured takes the rates of one of its category."""
    wanted = recipe.mixture
    table = preset(wanted.preset if wanted and wanted.preset else PUBLISHED)
    rows = {entry.name: _row_of(entry, data) for entry in recipe.sources}
    known = {name: rates.get(name) or _alike(row, rows, rates) for name, row in rows.items()}
    records = {
        name: counted.get(name) or _stated(recipe.source(name), table, one)
        for name, one in known.items()
        if one is not None
    }
    gives = {
        name: count * one.rates.tokens * recipe.source(name).repeat
        for name, count in records.items()
        if count and (one := known[name])
    }
    tokens = tokens_wanted(table.rows, rows, wanted.tokens if wanted else None, gives)
    natural = {name: gives[name] for name in counted if name in gives}
    if wanted and wanted.weights:
        shares = normalised(wanted.weights)
        total = wanted.tokens or _largest(recipe, shares, natural) or sum(table.rows.values())
        tokens = {name: share * total for name, share in shares.items()}
    elif wanted is None:
        tokens |= natural
    for name, row in rows.items():
        one = known[name]
        if one is None:
            log.info("%s is left out of the plan: nothing of its category could be measured", name)
        elif tokens[name] <= 0 and row not in table.rows:
            log.info("%s is left out of the plan: the mixture has no share for %s", name, "/".join(row))
        else:
            yield line(name, Share(row, tokens[name], records[name]), *one)


def own_records(entry: SourceRecipe, data: Path | None, rates: Rates, count: int) -> float | None:
    """Return how many records a source that a recipe describes gives; None where that takes reading all of it.

    Parameters
    ----------
    entry : SourceRecipe
    data : Path or None
        The data folder.
    rates : Rates
        As measured on at most ``count`` rows.
    count : int
    """
    if entry.reader is None or data is None:
        return None
    if rates.measured + rates.refused < count:
        return float(rates.measured)
    source = open_source(entry, data)
    if not source.one_to_one:
        return None
    rows = sum(1 for table in source.open_tables() for _ in table.starts())
    return rows * rates.kept


def _largest(recipe: CorpusRecipe, shares: Mapping[str, float], natural: Mapping[str, float]) -> float | None:
    """Return the tokens of the largest mixture that the recipe allows; None where a source's own are not known."""
    if recipe.mixture is None or not shares.keys() <= natural.keys():
        return None
    return min(recipe.mixture.most_repeat * natural[name] / share for name, share in shares.items())


def _stated(entry: SourceRecipe, table: Preset, known: KnownRates) -> float:
    """Return the records of a published source: those taken, else those of the rows that stay; 0 if unknown."""
    if entry.reader is not None:
        return 0.0
    return table.records.get(entry.name) or entry_of(entry.name).records * known.rates.kept


def _alike(row: Row, rows: Mapping[str, Row], rates: Mapping[str, KnownRates]) -> KnownRates | None:
    near = sorted(rates, key=lambda name: (rows[name] != row, rows[name][0] != row[0]))
    if not near or rows[near[0]][0] != row[0]:
        return None
    return rates[near[0]]._replace(basis=f"as {near[0]}, of its category")
