"""From wanted shares to a factor on the documents of each source.

The rule: of a source that gives ``T`` tokens and is to have the share ``w`` of a corpus of ``N`` tokens, ``w N / T``
times the documents are drawn that its repeat and the views say. ``N`` is given, or the largest that asks no source for
more than ``most_repeat`` times its documents. Factors have six significant digits; the mean number of documents of a
record need not be whole, so what comes out differs from what was wanted by the error of sampling alone.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from biomatrix.corpus.build_tokens import TokenisedSlice
from biomatrix.corpus.mixtures.measuring import Drawing, Measured, measure
from biomatrix.corpus.mixtures.preset import Row, preset
from biomatrix.corpus.recipe import CorpusRecipe, MixtureRecipe
from biomatrix.corpus.saved_vocabulary import SavedVocabulary
from biomatrix.corpus.sources import open_source
from biomatrix.errors import ConfigurationError
from biomatrix.tasks.drawing import Draw

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Mixture:
    """A mixture as it is built.

    Parameters
    ----------
    shares : mapping of str to float
        The wanted share of tokens of each source; they sum to 1.
    factors : mapping of str to float
        What the repeat of each source is multiplied by.
    measured : mapping of str to Measured
        The tokens of each source at its repeat.
    """

    shares: Mapping[str, float]
    factors: Mapping[str, float]
    measured: Mapping[str, Measured]

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return asdict(self)


def mixture_of(
    slices: Mapping[str, Sequence[TokenisedSlice]],
    recipe: CorpusRecipe,
    drawn: tuple[Draw, ...],
    vocabulary: SavedVocabulary,
    data: Path,
) -> Mixture:
    """Return the factors that give a recipe's mixture.

    Raises
    ------
    ConfigurationError
        A source gives no token, has no share in the preset, or would be drawn more often than the recipe allows.
    """
    wanted = recipe.mixture or MixtureRecipe(weights=dict.fromkeys(slices, 1.0))
    drawing = Drawing(drawn, recipe.seed, recipe.max_tokens)
    opened = vocabulary.open()
    measured = {name: measure(group, drawing, recipe.source(name).repeat, opened) for name, group in slices.items()}
    tokens = {name: one.tokens for name, one in measured.items()}
    if wanted.preset is None:
        shares = normalised(wanted.weights)
    else:
        provenances = {name: open_source(recipe.source(name), data).provenance for name in slices}
        rows = {name: (one.category, one.part) for name, one in provenances.items()}
        shares = shares_of_rows(preset(wanted.preset).rows, rows, tokens)
    factors = factors_of(tokens, shares, wanted.tokens, wanted.most_repeat)
    for name, factor in factors.items():
        log.info(
            "mixture: %s has the share %.4f of tokens: %.4g times the documents that its views give",
            name,
            shares[name],
            factor,
        )
    return Mixture(shares, factors, measured)


def normalised(weights: Mapping[str, float]) -> dict[str, float]:
    """Return weights as shares that sum to 1."""
    largest = max(weights.values(), default=0.0) or 1.0  # the sum of numbers of any size would not be one
    total = sum(weight / largest for weight in weights.values()) or 1.0
    return {name: weight / largest / total for name, weight in weights.items()}


def shares_of_rows(
    table: Mapping[Row, float], rows: Mapping[str, Row], tokens: Mapping[str, float]
) -> dict[str, float]:
    """Return the share of each source by a table of rows; sources of one row share it by their tokens.

    Rows without a source give their share to the others, which is logged.

    Parameters
    ----------
    table : mapping of (category, part) to float
    rows : mapping of str to (category, part)
        The row of each source.
    tokens : mapping of str to float
        The tokens of each source.

    Raises
    ------
    ConfigurationError
        A source is of no row.
    """
    strangers = [f"{name} ({'/'.join(row)})" for name, row in rows.items() if row not in table]
    if strangers:
        raise ConfigurationError(
            f"the preset has no share for {', '.join(strangers)}; state category and part of a source that a recipe "
            "describes, leave the source out, or give weights by source"
        )
    held: dict[Row, float] = defaultdict(float)
    for name, row in rows.items():
        held[row] += tokens[name]
    empty = ["/".join(row) for row in table if row not in held]
    if empty:
        log.info("mixture: no source of %s; their shares go to the others", ", ".join(empty))
    return normalised({name: table[row] * tokens[name] / (held[row] or 1.0) for name, row in rows.items()})


def factors_of(
    tokens: Mapping[str, float], shares: Mapping[str, float], total: int | None, most: float
) -> dict[str, float]:
    """Return what the documents of each source are multiplied by; see the rule above.

    Parameters
    ----------
    tokens : mapping of str to float
        The tokens of each source at its repeat.
    shares : mapping of str to float
    total : int, optional
        The tokens of the corpus; as many as ``most`` allows when not given.
    most : float
        The largest factor.

    Raises
    ------
    ConfigurationError
        A source has no token, or ``total`` asks a source for more than ``most``.

    Examples
    --------
    >>> factors_of({"a": 100.0, "b": 300.0}, {"a": 0.5, "b": 0.5}, None, 1.0)
    {'a': 1.0, 'b': 0.333333}
    """
    silent = sorted(name for name, share in shares.items() if share > 0 and not tokens[name])
    if silent:
        raise ConfigurationError(f"sources that give no document and can have no share: {', '.join(silent)}")
    largest = min(most * tokens[name] / share for name, share in shares.items() if share > 0)
    wanted = float(total) if total is not None else largest
    if wanted > largest * (1 + 1e-9):
        scarce = [
            f"{name} {wanted * share / tokens[name]:.3g} times"
            for name, share in shares.items()
            if share > 0 and wanted * share / tokens[name] > most
        ]
        raise ConfigurationError(
            f"a mixture of {wanted:,.0f} tokens draws {', '.join(scarce)}, and most_repeat is {most:g}: raise it, or "
            f"ask for at most {largest:,.0f} tokens"
        )
    return {name: float(f"{wanted * share / tokens[name]:.6g}") if share else 0.0 for name, share in shares.items()}
