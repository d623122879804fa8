"""What a calibration found, in lines and as a figure: how risk falls with coverage, how far probabilities come true."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from biomatrix.errors import ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path

    from biomatrix.generation.calibrating import CalibratedTask
    from biomatrix.trust import Calibration


def report_lines(made: CalibratedTask) -> Iterator[str]:
    """Yield what is known of the answers: risk by coverage, calibration error, and when one is held back."""
    curve = made.curve
    if curve is not None:
        points = ", ".join(f"{share:.0%} {curve.risk_at(share):.3g}" for share in (1.0, 0.8, 0.5))
        order = "spread of samples" if made.sure_by == "spread" else "probability"
        yield (
            f"{risk_of(made.calibration)} of the surest answers by {order}: {points}; "
            f"AURC {curve.area:.3g} ({curve.area - curve.excess:.3g} at best)"
        )
    if made.stated is not None:
        after = "" if made.mended is None else f", recalibrated {made.mended.error:.3f}"
        yield f"expected calibration error {made.stated.error:.3f}{after}"
    limit = made.calibration.abstention
    if limit is not None and curve is not None:
        given = float((curve.confidence >= limit.least).mean())
        yield (
            f"answers are given where {_sureness(limit.by, limit.least)}: {given:.0%} of these, with a risk of "
            f"{curve.risk_at(given):.3g}; others are unknown"
        )


def _sureness(by: str, least: float) -> str:
    return f"samples spread by at most {-least:.3g}" if by == "spread" else f"the probability is at least {least:.3g}"


def risk_of(made: Calibration) -> str:
    """Return what the risk is, with its unit."""
    if not made.is_interval:
        return "share wrong"
    return f"mean absolute error ({made.unit})" if made.unit else "mean absolute error"


def check_figure(path: Path | None) -> None:
    """Refuse a figure that cannot be written, before the model is asked."""
    from biomatrix.entities.files.writing import check_writable

    if path is None:
        return
    if path.suffix != ".svg":
        raise ConfigurationError("--figure is an .svg file", file=str(path))
    check_writable(path)


def write_figure(made: CalibratedTask, path: Path) -> None:
    """Write the risk-coverage curve as SVG."""
    from biomatrix.entities.files.writing import write_whole
    from biomatrix.trust.figures import risk_coverage_figure

    if made.curve is not None:
        figure = risk_coverage_figure(
            made.curve, made.calibration.task or "Risk and coverage", risk_of(made.calibration)
        )
        write_whole(path, figure.encode() + b"\n")
