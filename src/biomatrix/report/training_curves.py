"""The curves of a training run, read from its metrics while it runs or afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from biomatrix.entities.files.writing import write_whole
from biomatrix.errors import ConfigurationError
from biomatrix.report.colours import colours_of
from biomatrix.report.line_chart import Line, line_chart, stacked
from biomatrix.report.page import Page
from biomatrix.training.progress import METRICS, read_metrics
from biomatrix.training.trackers import HELD_OUT, HELD_OUT_AVERAGED, VIEW

_TOGETHER: Final = 7
"""Curves of one drawing: more cannot be told apart by colour."""
_ALL: Final = "all"
_SUFFIXES: Final = (".html", ".svg")


@dataclass(frozen=True)
class RunMetrics:
    """What a run has logged so far.

    Parameters
    ----------
    name : str
        Of its folder.
    steps : list of dict
        Lines with the loss of training.
    held_out : list of dict
        Lines with held-out losses.
    damaged : int
        Lines that could not be read; a run that is killed, or is being written, may leave one.
    """

    name: str
    steps: list[dict[str, Any]]
    held_out: list[dict[str, Any]]
    damaged: int

    @classmethod
    def of(cls, run: Path) -> RunMetrics:
        """Read the metrics of a run's output folder, or of a metrics file.

        Raises
        ------
        ConfigurationError
            There are none.
        """
        path = run / METRICS if run.is_dir() else run
        if not path.is_file():
            raise ConfigurationError(f"no {METRICS} here: give the output folder of a training run", file=str(run))
        lines, damaged = read_metrics(path)
        steps = [line for line in lines if isinstance(line.get("loss"), (int, float))]
        held_out = [line for line in lines if isinstance(line.get("held_out"), dict)]
        if not steps and not held_out:
            raise ConfigurationError("no loss is logged yet; ask again after run.log_every steps", file=str(path))
        return cls(path.resolve().parent.name, steps, held_out, damaged)

    def summary(self) -> str:
        """Return where the run stands, in one line."""
        told = []
        if self.steps:
            last = self.steps[-1]
            told.append(f"step {last['step']:,}, loss {last['loss']:.4f}")
        if self.held_out and _ALL in self.held_out[-1]["held_out"]:
            last = self.held_out[-1]
            told.append(f"held-out loss {last['held_out'][_ALL]['nats']:.4f} nats a token at step {last['step']:,}")
        if self.damaged:
            told.append(f"{self.damaged} damaged line{'s' * (self.damaged > 1)} left out")
        return "; ".join(told)


def write_curves(run: Path, output: Path) -> RunMetrics:
    """Draw the curves of a run into a self-contained page (``.html``) or one drawing (``.svg``).

    Parameters
    ----------
    run : Path
        Its output folder, or its metrics file; it may still be going on.
    output : Path

    Raises
    ------
    ConfigurationError
        There are no metrics, or the name of the output ends in something else.
    """
    if output.suffix not in _SUFFIXES:
        raise ConfigurationError(f"curves are drawn as {' or '.join(_SUFFIXES)}, not {output.suffix or 'a folder'}")
    found = RunMetrics.of(run)
    sections = [*_sections(found)]
    if output.suffix == ".svg":
        write_whole(output, stacked([chart for _, charts in sections for chart in charts]).encode())
        return found
    page = Page(f"Training run {found.name}", found.summary())
    for heading, charts in sections:
        page.heading(heading)
        for first in range(0, len(charts), 2):
            page.row(charts[first : first + 2])
    if found.held_out:
        page.heading("Held-out loss in numbers")
        page.table(*_table(found))
    page.write(output)
    return found


def _sections(found: RunMetrics) -> list[tuple[str, list[str]]]:
    sections = [("Loss", [_charted("Training loss, nats a token", found, "loss", "training", noisy=True)])]
    modalities = [name for name in _names(found) if not name.startswith(VIEW)]
    if any(_ALL in line.get(HELD_OUT_AVERAGED, {}) for line in found.held_out):
        lines = [_held_out_line(found, _ALL), _held_out_line(found, _ALL, HELD_OUT_AVERAGED, "averaged weights")]
        chart = line_chart("Held-out loss of the averaged weights, nats a token", "step", lines)
        sections.append(("Averaged weights", [chart]))
    tasks = sorted(name for name in _names(found) if name.startswith(VIEW))
    if modalities:
        sections.append(("Held-out loss by modality", _held_out_charts("by modality", found, modalities)))
    if tasks:
        sections.append(("Held-out loss by task", _held_out_charts("by task", found, tasks)))
    rest = [
        _charted("Learning rate", found, "learning_rate", "learning rate", from_zero=True),
        _charted("Norm of the gradient", found, "gradient_norm", "norm", noisy=True, from_zero=True),
        _charted("Tokens a second", found, "tokens_per_second", "tokens/s", noisy=True, from_zero=True),
    ]
    if any("mfu" in line for line in found.steps):
        rest.append(
            _charted("Model FLOPs utilisation, %", found, "mfu", "MFU", scale=100.0, noisy=True, from_zero=True)
        )
    return [*sections, ("Rate and speed", rest)]


def _charted(
    title: str,
    found: RunMetrics,
    key: str,
    name: str,
    *,
    scale: float = 1.0,
    noisy: bool = False,
    from_zero: bool = False,
) -> str:
    x = np.array([line["step"] for line in found.steps], dtype=np.float64)
    y = np.array([_number(line.get(key)) for line in found.steps], dtype=np.float64) * scale
    return line_chart(title, "step", [Line(name, x, y, noisy=noisy)], from_zero=from_zero)


def _held_out_charts(what: str, found: RunMetrics, names: Sequence[str]) -> list[str]:
    count = -(-len(names) // _TOGETHER)
    groups = [group.tolist() for group in np.array_split(np.array(names, dtype=object), count)]
    charts = []
    for number, group in enumerate(groups, start=1):
        part = f" ({number} of {count})" if count > 1 else ""
        lines = [_held_out_line(found, name) for name in group]
        charts.append(line_chart(f"Held-out loss {what}, nats a token{part}", "step", lines))
    return charts


def _held_out_line(found: RunMetrics, name: str, key: str = HELD_OUT, label: str = "") -> Line:
    points = [(line["step"], _number(line.get(key, {}).get(name, {}).get("nats"))) for line in found.held_out]
    x, y = np.array(points, dtype=np.float64).T
    colour = "" if name.startswith(VIEW) or label else "#1d2126" if name == _ALL else colours_of(name)[0]
    return Line(label or name.removeprefix(VIEW), x, y, colour)


def _names(found: RunMetrics) -> list[str]:
    return list(dict.fromkeys(name for line in found.held_out for name in line["held_out"]))


def _table(found: RunMetrics) -> tuple[list[str], list[list[str]]]:
    rows = []
    for name in _names(found):
        figures = [(line["step"], line["held_out"][name]) for line in found.held_out if name in line["held_out"]]
        nats = [_number(one.get("nats")) for _, one in figures]
        best = int(np.nanargmin(nats)) if np.isfinite(nats).any() else 0
        last = figures[-1][1]
        rows.append(
            [
                name.removeprefix(VIEW),
                "task" if name.startswith(VIEW) else "modality",
                f"{nats[0]:.3f}",
                f"{nats[-1]:.3f}",
                f"{_number(last.get('bits')):.3f}",
                f"{nats[best]:.3f}",
                f"{figures[best][0]:,}",
                f"{last.get('tokens', 0):,}",
            ]
        )
    return ["of", "kind", "first, nats", "last, nats", "last, bits", "best, nats", "best at step", "tokens"], rows


def _number(value: Any) -> float:
    return float(value) if isinstance(value, (int, float)) else float("nan")
