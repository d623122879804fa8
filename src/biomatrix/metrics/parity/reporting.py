"""A checked fixture in lines: a value a line, long lists folded to their worst, what was skipped and why."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from biomatrix.metrics.parity.checking import Checked
from biomatrix.metrics.parity.comparison import Compared

FOLDED_FROM: Final = 8
"""So many values of one list or more share a line where they pass."""


def lines_of(checked: Checked, name: str) -> Iterator[str]:
    """Yield lines for the terminal: a heading, the values, a closing count."""
    yield f"{name}: {checked.fixture.metric}"
    for where, values in _groups(checked.values).items():
        passed = [one for one in values if one.outcome == "pass" and not one.reason]
        folded = len(values) >= FOLDED_FROM and "[]" in where
        if folded and passed:
            worst = max((one.difference for one in passed if one.difference is not None), default=None)
            difference = "equal" if worst is None else f"largest difference {worst:.3g}"
            yield f"  pass     {where}: {len(passed)} values, {difference}"
        skipped = [one for one in values if one.outcome == "skipped"]
        if folded and skipped:
            yield f"  skipped  {where}: {len(skipped)} values, {skipped[0].reason}"
        yield from (_line(one) for one in values if not folded or (one not in passed and one not in skipped))
    counts = ", ".join(f"{checked.count(outcome)} {word}" for outcome, word in _WORDS.items())
    yield f"  {'reached' if checked.reached else 'NOT REACHED'}: {counts}"


_WORDS: Final = {"pass": "passed", "fail": "failed", "skipped": "skipped"}


def _groups(values: tuple[Compared, ...]) -> dict[str, list[Compared]]:
    groups: dict[str, list[Compared]] = {}
    for one in values:
        groups.setdefault(re.sub(r"\[\d+\]", "[]", one.name), []).append(one)
    return groups


def _line(one: Compared) -> str:
    name = one.name or "everything"
    if one.outcome == "skipped":
        return f"  skipped  {name}: {one.reason}"
    difference = "" if one.difference is None else f", difference {one.difference:.3g} (at most {one.tolerance:g})"
    reason = f", {one.reason}" if one.reason else ""
    return f"  {one.outcome:7s}  {name}: {_shown(one.ours)}, expected {_shown(one.expected)}{difference}{reason}"


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.10g}"
    text = "undefined" if value is None else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
