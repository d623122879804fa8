"""Fixtures: inputs and what the official code made of them, one JSON file a family of metrics."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from biomatrix.errors import LimitError, ParseError

MAX_BYTES: Final = 256 * 1024 * 1024
_MOST_DIGITS: Final = 300
_NEEDED: Final = ("metric", "inputs", "expected", "tolerance_abs")


@dataclass(frozen=True)
class Skipped:
    """Stands where a value cannot be computed here, with the reason: a package or weights that are absent."""

    reason: str


@dataclass(frozen=True)
class Equivalent:
    """Stands for a value that is written otherwise than recorded but was found to mean the same, with the reason."""

    value: Any
    reason: str


@dataclass(frozen=True)
class Fixture:
    """One recording of official code.

    Parameters
    ----------
    metric : str
        The family, in words.
    inputs : mapping
        What the official code was given.
    expected : mapping
        What it returned: numbers, strings, booleans, None for NaN or undefined, nested in lists and mappings.
    tolerance : float
        The largest difference that counts as equal.
    overrides : mapping of str to float
        Tolerances of single values, by a name, a dotted path or a pattern with ``*``.
    official_source : mapping
        ``repo``, ``commit`` and ``files``.
    environment : mapping
        Versions that the official code ran with.
    path : Path, optional
        Where it was read.
    """

    metric: str
    inputs: Mapping[str, Any]
    expected: Mapping[str, Any]
    tolerance: float
    overrides: Mapping[str, float] = field(default_factory=dict)
    official_source: Mapping[str, Any] = field(default_factory=dict)
    environment: Mapping[str, Any] = field(default_factory=dict)
    path: Path | None = None

    @property
    def repository(self) -> str:
        """The official repository, "" where the file names none."""
        return str(self.official_source.get("repo", ""))


def read_fixture(path: Path) -> Fixture:
    """Read a fixture.

    Raises
    ------
    ParseError
        The file is absent, no JSON, or no fixture.
    LimitError
        It is larger than :data:`MAX_BYTES`.
    """
    content = _content(path)
    missing = [key for key in _NEEDED if key not in content]
    if missing:
        raise ParseError(f"no metric fixture: it lacks {', '.join(missing)}", file=str(path))
    source, overrides = content.get("official_source", {}), content.get("tolerance_abs_overrides", {})
    environment = content.get("environment", {})
    objects = {
        "environment": environment,
        "inputs": content["inputs"],
        "expected": content["expected"],
        "official_source": source,
        "tolerance_abs_overrides": overrides,
    }
    for name, value in objects.items():
        if not isinstance(value, dict):
            raise ParseError(f"no metric fixture: {name} is no object", file=str(path))
    if not isinstance(content["metric"], str):
        raise ParseError("no metric fixture: metric is no text", file=str(path))
    limits = {name: _tolerance(value, name, path) for name, value in overrides.items()}
    tolerance = _tolerance(content["tolerance_abs"], "tolerance_abs", path)
    return Fixture(
        content["metric"], content["inputs"], content["expected"], tolerance, limits, source, environment, path
    )


def _content(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise LimitError(f"larger than {MAX_BYTES} bytes", file=str(path))
        content = json.loads(path.read_text(encoding="utf-8"), parse_int=_integer)
    except OSError as error:
        raise ParseError(f"cannot be read: {error.strerror}", file=str(path)) from error
    except (ValueError, RecursionError) as error:
        raise ParseError("no metric fixture: it is no JSON", file=str(path)) from error
    if not isinstance(content, dict):
        raise ParseError("no metric fixture: it holds no object", file=str(path))
    return content


def _integer(digits: str) -> int | float:
    """Return an integer, or an infinite number where no float would hold it."""
    return int(digits) if len(digits) < _MOST_DIGITS else float(digits)


def _tolerance(value: object, name: str, path: Path) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        raise ParseError(f"no metric fixture: the tolerance {name} is no number from 0 up", file=str(path))
    return float(value)
