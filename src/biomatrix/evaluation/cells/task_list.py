"""The tasks on sets of cells, read from ``tasks.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from biomatrix.entities.near_matches import choices
from biomatrix.errors import ConfigurationError
from biomatrix.evaluation.cells.labelled_cells import LabelledCells, Values, read_labelled_cells
from biomatrix.evaluation.cells.split import Split, split_at, split_by

Question = Literal["annotation", "integration", "perturbation", "imputation", "generation", "description"]
_FILE = Path(__file__).with_name("tasks.toml")
_SIDE = "split"
"""The column of a file that says which side a cell is on."""


class CellTask(BaseModel):
    """One task on a set of cells.

    Its file lies below the folder of data; ``split`` is the column that keeps training and test apart, printed with
    every result. ``floor`` names the row that a model has to clear. Where ``may_train`` is false, weights learned from
    the data are for measuring alone and never shipped.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    version: Annotated[int, Field(ge=1)]
    question: Question
    file: str
    values: Values
    features: Literal["genes", "peaks"] = "genes"
    totals: str = ""
    split: str
    train: Mapping[str, tuple[str, ...]] = {}
    test: Mapping[str, tuple[str, ...]] = {}
    metric: str
    floor: str
    target: float | None = None
    may_train: bool
    broad: Mapping[str, str] = {}
    markers: Mapping[str, tuple[str, ...]] = {}

    def cells(self, folder: Path) -> LabelledCells:
        """Return its cells, from a folder that holds the data of single cells."""
        return read_labelled_cells(folder / self.file, values=self.values, totals=self.totals)

    def sides(self, cells: LabelledCells) -> Split:
        """Return its split of those cells."""
        if self.train:
            return split_at(cells.columns, self.train, self.test)
        return split_by(self.split, cells.columns[self.split], cells.columns[_SIDE])


@cache
def cell_tasks() -> Mapping[str, CellTask]:
    """Return every task by name.

    Raises
    ------
    ConfigurationError
        The file of tasks is wrong.
    """
    entries = tomllib.loads(_FILE.read_text(encoding="utf-8"))["tasks"]
    try:
        return MappingProxyType({name: CellTask(name=name, **entry) for name, entry in entries.items()})
    except ValidationError as error:
        raise ConfigurationError(str(error.errors()[0]["msg"]), file=str(_FILE)) from None


def cell_task(name: str) -> CellTask:
    """Return the task of that name; ConfigurationError where there is none.

    Examples
    --------
    >>> cell_task("kang_annotation").split
    'donor'
    """
    if name not in cell_tasks():
        raise ConfigurationError(f"no task on cells {name!r}; {choices(name, cell_tasks())}")
    return cell_tasks()[name]
