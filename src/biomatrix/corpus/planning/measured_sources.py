"""What can be measured of the sources of a recipe: rates on data at hand, else on the sample that ships."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from biomatrix.corpus.mixtures.measuring import Drawing
from biomatrix.corpus.planning.rates import SAMPLES, Rates, mean_rates, measured_rates
from biomatrix.corpus.planning.selecting import Selecting
from biomatrix.corpus.recipe import CorpusRecipe
from biomatrix.corpus.source_recipe import SourceRecipe
from biomatrix.corpus.sources import open_source
from biomatrix.errors import BioMatrixError

if TYPE_CHECKING:
    from biomatrix.vocabulary.vocabulary import Vocabulary

log = logging.getLogger(__name__)

_DATA: Final = "data at hand"
_SAMPLE: Final = "the shipped sample"


class KnownRates(NamedTuple):
    """What is known of a source: rates, what they rest on, and how far apart repeated measurements lie."""

    rates: Rates
    basis: str
    spread: float = 0.0


def mean_of(rounds: Sequence[Mapping[str, KnownRates]]) -> dict[str, KnownRates]:
    """Return the mean of repeated measurements, by source, with half their range as a share of it."""
    found = {}
    for name, first in rounds[0].items():
        rates = [one[name].rates for one in rounds]
        seconds = [one.seconds for one in rates]
        mean = mean_rates(rates)
        found[name] = KnownRates(mean, first.basis, (max(seconds) - min(seconds)) / 2 / mean.seconds)
    return found


@dataclass(frozen=True)
class Measuring:
    """How sources are measured; see `measured_rates`."""

    drawing: Drawing
    vocabulary: Vocabulary
    selecting: Selecting
    modalities: Sequence[str] | None
    data: Path | None
    count: int

    def all_of(self, recipe: CorpusRecipe) -> dict[str, KnownRates]:
        """Return what is measured of the sources of a recipe."""
        found = ((entry.name, self.one(entry)) for entry in recipe.sources)
        return {name: known for name, known in found if known is not None}

    def one(self, entry: SourceRecipe) -> KnownRates | None:
        """Return what is measured of a source; None where nothing could be, which is logged."""
        places = [(self.data, _DATA)] if self.data is not None else []
        if entry.reader is None or self.data is None:  # what a recipe describes has no shipped sample
            places.append((SAMPLES, _SAMPLE))
        reason = ""
        for root, basis in places:
            try:
                source = open_source(entry, root)
                source.check_files()
                rates = measured_rates(
                    source, self.drawing, self.vocabulary, self.selecting, self.modalities, self.count
                )
            except BioMatrixError as error:
                reason = reason or error.message  # that of the data folder, where there is one
                continue
            if rates is not None and rates.tokens:
                log.info("%s: %d records of %s measured", entry.name, rates.measured, basis)
                return KnownRates(rates, f"{rates.measured} records of {basis}")
        log.info("%s cannot be measured: %s", entry.name, reason or "its records give no token")
        return None
