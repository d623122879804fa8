"""How the entities that texts name are found and looked up, as a recipe describes it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from biomatrix.entities.settings import Section, Texts

Seconds = Annotated[float, Field(gt=0, le=86_400)]


class EntityTableRecipe(Section):
    """A table of entities under their names and identifiers.

    Parameters
    ----------
    files : list of str
        Paths or patterns, relative to the data folder.
    reader : str
        ``csv``, ``tsv``, ``jsonl``, ``parquet`` or ``fasta``.
    kind : str
        The kind of entity in each row.
    entity : str
        The column that holds the entity as a person would type it, such as SMILES.
    id : str, optional
        The column with the identifiers by which others name it, such as ``mesh:D001241``.
    names : list of str
        The columns with its names and synonyms.
    separator : str
        What parts several names, or identifiers, in one column.
    """

    files: Texts = Field(min_length=1)
    reader: str
    kind: str
    entity: str
    id: str | None = None
    names: list[str] = Field(default_factory=list)
    separator: str = Field(default="; ", min_length=1)

    @model_validator(mode="after")
    def _can_be_found(self) -> EntityTableRecipe:
        if self.id is None and not self.names:
            raise ValueError("name the columns of names, or under id that of identifiers: nothing else finds an entity")
        return self


class LinkRecipe(Section):
    """How the mentions of entities in the texts of a source are found.

    Parameters
    ----------
    linker : {"dictionary", "bern2", "pubtator"}
        By the names in the tables; by a server that runs BERN2; by files of annotations.
    entities : list of EntityTableRecipe
        The entities that mentions are linked to.
    batch : int
        The number of texts that are linked together.
    stop : list of str
        For ``dictionary``: further names that are words of the language and never linked; the package has a list.
    files : list of str
        For ``pubtator``: the files of annotations, as the files of a source.
    types : list of str, optional
        For ``bern2`` and ``pubtator``: the types of mentions that are looked up; those of molecules and proteins when
        not given.
    url : str
        For ``bern2``: where the server takes a text.
    timeout : float
        For ``bern2``: the longest wait for an answer, in seconds.
    retries : int
        For ``bern2``: the number of further attempts, each after twice the wait of the one before.
    wait : float
        For ``bern2``: the wait before the first of them, in seconds.
    parallel : int
        For ``bern2``: the number of texts that are asked about at the same time.
    """

    linker: Literal["dictionary", "bern2", "pubtator"]
    entities: list[EntityTableRecipe] = Field(min_length=1)
    batch: int = Field(default=64, ge=1, le=10_000)
    stop: list[str] = Field(default_factory=list)
    files: Texts = Field(default_factory=list)
    types: list[str] | None = None
    url: str = Field(default="http://localhost:8888/plain", pattern=r"^https?://[^\s/]+")
    timeout: Seconds = 120.0
    retries: int = Field(default=4, ge=0, le=20)
    wait: Seconds = 1.0
    parallel: int = Field(default=4, ge=1, le=64)

    @model_validator(mode="after")
    def _fits_its_linker(self) -> LinkRecipe:
        if (self.linker == "pubtator") != bool(self.files):
            raise ValueError("the linker 'pubtator' needs files, and files need the linker 'pubtator'")
        if self.linker == "dictionary" and not any(table.names for table in self.entities):
            raise ValueError("the linker 'dictionary' needs a table with columns of names")
        if self.linker != "dictionary" and not any(table.id for table in self.entities):
            raise ValueError(f"the linker {self.linker!r} needs a table with a column of identifiers")
        return self
