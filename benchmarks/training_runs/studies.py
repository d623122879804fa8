"""A study: variants of one small run that differ in one thing, over seeds, and the figure that decides."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import mean
from typing import Any

from biomatrix.cli.plain_tables import markdown_table
from biomatrix.errors import ConfigurationError
from biomatrix.training.mixture import MixtureSection
from training_runs.kept_runs import KeptRuns, RunFigures
from training_runs.settings import RunCorpus, RunSettings

Figures = Mapping[str, float]


@dataclass(frozen=True)
class Bench:
    """What all studies share.

    Parameters
    ----------
    corpus : RunCorpus
    runs : KeptRuns
    settings : RunSettings
        Of every variant, but for what it changes.
    seeds : int
        Each variant is trained with seeds from 0 on.
    samples : int
        Molecules that a model draws, where they are judged.
    molecules : int
        Molecules with a conformer that are encoded anew to train on.
    held_out : int
        The most held-out molecules that whole molecules are measured on.
    """

    corpus: RunCorpus
    runs: KeptRuns
    settings: RunSettings
    seeds: int
    samples: int
    molecules: int
    held_out: int


@dataclass(frozen=True)
class Line:
    """One variant; of each figure the value of each seed."""

    variant: str
    figures: dict[str, list[float]]


@dataclass(frozen=True)
class Study:
    """Variants side by side.

    Parameters
    ----------
    title : str
    decides : str
        The figure to choose by, and whether the lower or the higher is better.
    lines : sequence of Line
    note : str
        What a reader has to know of how it was measured.
    """

    title: str
    decides: str
    lines: Sequence[Line]
    note: str = ""

    def markdown(self) -> str:
        """Return it as Markdown, one line for each variant."""
        columns = list(dict.fromkeys(name for line in self.lines for name in line.figures))
        rows = [["variant", *columns]]
        rows += [[line.variant, *(cell(line.figures.get(name, ())) for name in columns)] for line in self.lines]
        note = f" {self.note}" if self.note else ""
        return f"### {self.title}\n\nDecides: {self.decides}.{note}\n\n{markdown_table(rows)}\n"

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return asdict(self)


def cell(values: Sequence[float]) -> str:
    """Return the mean of the seeds' values, and half their range where there are several; "-" for none."""
    if not values:
        return "-"
    spread = f" ± {(max(values) - min(values)) / 2:.3f}" if len(values) > 1 else ""
    return f"{mean(values):.3f}{spread}"


def line(
    bench: Bench,
    name: str,
    variant: str,
    settings: RunSettings,
    figures: Callable[[RunFigures], Figures],
    corpus: RunCorpus | None = None,
    **how: Any,
) -> Line:
    """Train a variant with each seed and return its figures.

    Parameters
    ----------
    bench : Bench
    name, variant : str
        Of the study and of the variant.
    settings : RunSettings
    figures : callable
        What to tell of a run.
    corpus : RunCorpus, optional
        What to train on in place of the corpus.
    **how
        As :meth:`KeptRuns.run` takes.
    """
    found = []
    for seed in range(bench.seeds):
        label = f"{name}-{variant}-{seed}".replace(" ", "_").replace(",", "")
        found.append(figures(bench.runs.run(label, replace(settings, seed=seed), corpus or bench.corpus, **how)))
    return Line(variant, {figure: [one[figure] for one in found] for figure in found[0]})


def only(corpus: RunCorpus, views: Sequence[str], settings: RunSettings) -> MixtureSection:
    """Return the mixture that draws some views alone, equal shares of tokens of each, none more than four times.

    Raises
    ------
    ConfigurationError
        The corpus lacks one of them.
    """
    names = corpus.shards.view_names
    missing = [view for view in views if view not in names]
    if missing:
        raise ConfigurationError(f"no documents of the view {missing[0]}; add it", file=str(corpus.folder))
    weights = {name: 0.0 for name in names if name not in views}
    budget = settings.steps * settings.short_of(corpus).tokens
    return MixtureSection(sampler="unimax", budget_tokens=budget, weights=weights)


def write_down(folder: Path, name: str, text: str, values: str) -> None:
    """Write a table as Markdown, and its values as JSON beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.md").write_text(text, encoding="utf-8")
    (folder / f"{name}.json").write_text(values, encoding="utf-8")
