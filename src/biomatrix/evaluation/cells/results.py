"""Results on cells: no model's number without its floors, no number without its split."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from biomatrix.errors import ConfigurationError


@dataclass(frozen=True)
class Row:
    """What one method reaches.

    Parameters
    ----------
    method : str
    scores : mapping of str to float
    role : {"floor", "control", "ceiling", "model"}
        ``control`` is what must be bad, such as shuffled labels; a ``ceiling`` knew more than may be known.
    """

    method: str
    scores: Mapping[str, float]
    role: Literal["floor", "control", "ceiling", "model"] = "floor"


@dataclass(frozen=True)
class CellResult:
    """The rows of one task.

    Parameters
    ----------
    task : str
    split : str
        What training and test differ in.
    trained, tested : int
        Cells of each.
    metric : str
        The official one.
    rows : tuple of Row

    Raises
    ------
    ConfigurationError
        There is no floor among the rows.
    """

    task: str
    split: str
    trained: int
    tested: int
    metric: str
    rows: tuple[Row, ...]

    def __post_init__(self) -> None:
        if not any(row.role == "floor" for row in self.rows):
            raise ConfigurationError(f"{self.task}: a result stands beside its floors; give the baselines too")

    def with_model(self, method: str, scores: Mapping[str, float]) -> CellResult:
        """Return the result with a model's row at its end."""
        return replace(self, rows=(*self.rows, Row(method, scores, "model")))

    def score(self, method: str) -> float:
        """Return the official metric of a method; ConfigurationError where it is not among the rows."""
        for row in self.rows:
            if row.method == method:
                return float(row.scores[self.metric])
        raise ConfigurationError(
            f"{self.task} has no row {method!r}; there are {', '.join(r.method for r in self.rows)}"
        )

    def table(self) -> str:
        """Return a Markdown table, the split in each row.

        Examples
        --------
        >>> print(CellResult("t", "donor", 8, 2, "accuracy", (Row("majority", {"accuracy": 0.5}),)).table())
        | task | split | method | role | accuracy |
        |---|---|---|---|---|
        | t | donor (8/2) | majority | floor | 0.500 |
        """
        names = list(dict.fromkeys(name for row in self.rows for name in row.scores))
        lines = [f"| task | split | method | role | {' | '.join(names)} |", "|" + "---|" * (4 + len(names))]
        side = f"{self.split} ({self.trained}/{self.tested})"
        for row in self.rows:
            numbers = (f"{row.scores[name]:.3f}" if name in row.scores else "-" for name in names)
            lines.append(f"| {self.task} | {side} | {row.method} | {row.role} | {' | '.join(numbers)} |")
        return "\n".join(lines)
