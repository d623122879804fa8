"""What a recipe says about the rows of a table: which entities they hold, and which of them are held out."""

from __future__ import annotations

from pydantic import Field, model_validator

from biomatrix.entities.settings import LARGEST_INTEGER, Section


class PartRecipe(Section):
    """One of several entities in a row.

    Parameters
    ----------
    kind : str
        The name of its kind.
    column : str
        The column that holds it as a person would type it, such as SMILES, or the name of its file.
    folder : str, optional
        Where the column names files: their folder, relative to the data folder.
    """

    kind: str
    column: str
    folder: str | None = None


class HoldOutRecipe(Section):
    """Which records are held out besides those that the package's own rule holds out.

    Parameters
    ----------
    column : str, optional
        The column that says on which side a row stands.
    values : list of str
        The values of it, in any case, that mean held out; any other means training.
    by : str, optional
        In place of a column, what entities share that must stand on one side: a key of their kind, such as
        ``scaffold`` or ``parent`` of molecules.
    one_in : int
        One group in so many is held out.
    """

    column: str | None = None
    values: list[str] = Field(default=["test", "validation", "valid", "val", "held_out"], min_length=1)
    by: str | None = None
    one_in: int = Field(default=10, ge=2, le=LARGEST_INTEGER)

    @model_validator(mode="after")
    def _one_way(self) -> HoldOutRecipe:
        if (self.column is None) == (self.by is None):
            raise ValueError("hold_out gives either a column or, under by, a key of the entities")
        return self
