"""A plan for a recipe: each source measured on data at hand or on its sample, then scaled to the wanted tokens."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from biomatrix.corpus.mixtures.measuring import Drawing
from biomatrix.corpus.mixtures.mixing import normalised
from biomatrix.corpus.mixtures.preset import PUBLISHED, Row, preset
from biomatrix.corpus.planning.rates import SAMPLES, Rates, measured_rates
from biomatrix.corpus.planning.scaling import Line, Machines, Plan, Share, line, tokens_wanted
from biomatrix.corpus.recipe import CorpusRecipe
from biomatrix.corpus.source_recipe import SourceRecipe
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
    recipe: CorpusRecipe, vocabulary: Vocabulary, machines: Machines, data: Path | None = None, count: int = 300
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

    Raises
    ------
    ConfigurationError
        No source could be measured, or the recipe names one that is not known.
    """
    drawing = Drawing(draws(recipe.views, recipe.tasks, recipe.task_files), recipe.seed, recipe.max_tokens)
    rates: dict[str, tuple[Rates, str]] = {}
    for entry in recipe.sources:
        found = _measured(entry, drawing, vocabulary, recipe.modalities, data, count)
        if found is not None:
            rates[entry.name] = found
    if not rates:
        raise ConfigurationError("no source of the recipe has data at hand or a sample; name their folder by --data")
    names = recipe.modalities or modality_names()
    on_gpu = frozenset(name for name in names if modality_class(name).needs_tokenizer)
    own = {name: own_records(recipe.source(name), data, found[0], count) for name, found in rates.items()}
    known = {name: number for name, number in own.items() if number is not None}
    return Plan(tuple(_lines(recipe, rates, known, data)), machines, on_gpu)


def _measured(
    entry: SourceRecipe,
    drawing: Drawing,
    vocabulary: Vocabulary,
    modalities: Sequence[str] | None,
    data: Path | None,
    count: int,
) -> tuple[Rates, str] | None:
    places = [(data, _DATA)] if data is not None else []
    if entry.reader is None or data is None:  # what a recipe describes has no shipped sample
        places.append((SAMPLES, _SAMPLE))
    reason = ""
    for root, basis in places:
        try:
            source = open_source(entry, root)
            source.check_files()
            rates = measured_rates(source, drawing, vocabulary, modalities, count)
        except BioMatrixError as error:
            reason = reason or error.message  # that of the data folder, where there is one
            continue
        if rates is not None and rates.tokens:
            log.info("%s: %d records of %s measured", entry.name, rates.measured, basis)
            return rates, f"{rates.measured} records of {basis}"
    log.info("%s cannot be measured: %s", entry.name, reason or "its records give no token")
    return None


def _row_of(entry: SourceRecipe, data: Path | None) -> Row:
    if entry.reader is not None:
        return entry.category or entry.kind or "text", entry.part or "other"
    found = entry_of(entry.name, data)
    return found.category, found.part


def _lines(
    recipe: CorpusRecipe, rates: dict[str, tuple[Rates, str]], own: Mapping[str, float], data: Path | None
) -> Iterator[Line]:
    """Yield the line of each source; one that could not be measured takes the rates of one of its category."""
    wanted = recipe.mixture
    table = preset(wanted.preset if wanted and wanted.preset else PUBLISHED)
    rows = {entry.name: _row_of(entry, data) for entry in recipe.sources}
    tokens = tokens_wanted(table.rows, rows, wanted.tokens if wanted else None)
    natural = {name: number * rates[name][0].tokens * recipe.source(name).repeat for name, number in own.items()}
    if wanted and wanted.weights:
        shares = normalised(wanted.weights)
        total = wanted.tokens or _largest(recipe, shares, natural) or sum(table.rows.values())
        tokens = {name: share * total for name, share in shares.items()}
    elif wanted is None:
        tokens |= natural
    for name, row in rows.items():
        known = rates.get(name) or _alike(row, rows, rates)
        stated = own.get(name) or table.records.get(name, 0) or _stated_records(recipe.source(name))
        if known is None:
            log.info("%s is left out of the plan: nothing of its category could be measured", name)
        elif tokens[name] <= 0:
            log.info("%s is left out of the plan: the mixture has no share for %s", name, "/".join(row))
        else:
            yield line(name, Share(row, tokens[name], stated), *known)


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
    read = rates.measured + rates.refused
    if read < count:
        return float(rates.measured)
    source = open_source(entry, data)
    if not source.one_to_one:
        return None
    rows = sum(1 for table in source.open_tables() for _ in table.starts())
    return rows * rates.measured / read


def _largest(recipe: CorpusRecipe, shares: Mapping[str, float], natural: Mapping[str, float]) -> float | None:
    """Return the tokens of the largest mixture that the recipe allows; None where a source's own are not known."""
    if recipe.mixture is None or not shares.keys() <= natural.keys():
        return None
    return min(recipe.mixture.most_repeat * natural[name] / share for name, share in shares.items())


def _stated_records(entry: SourceRecipe) -> int:
    return 0 if entry.reader is not None else entry_of(entry.name).records


def _alike(row: Row, rows: dict[str, Row], rates: dict[str, tuple[Rates, str]]) -> tuple[Rates, str] | None:
    near = sorted(rates, key=lambda name: (rows[name] != row, rows[name][0] != row[0]))
    if not near or rows[near[0]][0] != row[0]:
        return None
    return replace(rates[near[0]][0]), f"as {near[0]}, of its category"
