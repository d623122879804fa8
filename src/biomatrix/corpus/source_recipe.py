"""A source as a recipe gives it: by name, or described in full."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, model_validator

from biomatrix.corpus.link_recipe import LinkRecipe
from biomatrix.corpus.table_recipes import HoldOutRecipe, PartRecipe
from biomatrix.entities.settings import LARGEST_INTEGER, Section, Texts
from biomatrix.tasks.written_records import INTERACTION

Mean = Annotated[float, Field(ge=0, le=10_000)]
"""A mean number of documents drawn from one record."""

_OF_ANY_SOURCE = {
    "name",
    "repeat",
    "embed_attempts",
    "largest",
    "embed",
    "conformers",
    "rewritings",
    "settings",
    "reader",
    "files",
    "link",
    "allowed_in",
}
"""Keys that need no reader."""


class SourceRecipe(Section):
    """One source, by name or described in full.

    Parameters
    ----------
    name : str
        A registered source where there is no reader, else any name; it seeds the draws for each record.
    repeat : float
        A factor on the number of documents drawn from each of its records.
    embed_attempts : int, optional
        For sources of SMILES, some of which are given a conformer: the starting positions tried for each, of either
        kind; by its size when not given.
    largest : dict of str to int
        The largest entity that is taken, in place of the source's own: of a molecule ``heavy_atoms`` and ``atoms``
        (hydrogens that are written included), of a protein ``residues``.
    embed : float, optional
        For sources of SMILES, the share of molecules that are given a conformer; the source's own when not given.
    conformers : int
        For sources of SMILES, the largest number of conformers of a molecule that is given any; alike ones are left
        out.
    rewritings : int
        The number of further ways in which each record's entities are written: atoms in another order, another
        conformer. Documents are drawn from each as from the first.
    settings : dict
        Settings of a published source's reader, such as the longest piece of text; see its page. Of files that a kind
        reads, what its reader can be told of them, such as ``layer`` for cells.
    reader : str, optional
        The format of its files: ``csv``, ``tsv``, ``jsonl``, ``parquet``, ``fasta``, one that a kind reads, or
        ``files`` for files that are each read as their name says.
    files : list of str
        Paths or patterns, relative to the data folder; of a published source, in place of those of its card.
    kind : str, optional
        The kind of entity in each row or record; ``text``, or not given, for rows of words alone.
    entity : str, optional
        The column that holds the entity as a person would type it, such as SMILES, or the name of its file.
    folder : str, optional
        Where `entity` names files: their folder, relative to the data folder.
    parts : dict of str to PartRecipe
        In place of an entity, several by role, as ``ligand`` and ``protein``: the rows are interactions.
    hold_out : HoldOutRecipe, optional
        Which records are held out besides those that the package's own rule holds out.
    id : str, optional
        The column with the record's name; its number when not given.
    fields : dict of str to str
        The columns that are kept, each with the name of its field in the record.
    licence : list of str
        Every licence that applies, SPDX names.
    origin : str
        The publisher, and what to cite.
    link : LinkRecipe, optional
        How the entities that its texts name are found, which makes interleaved records of them.
    category, part : str, optional
        Its row in the token table; the kind's name and ``other`` when not given.
    """

    name: str = Field(pattern=r"^\w[\w.-]*$")
    repeat: Mean = 1.0
    embed_attempts: int | None = Field(default=None, ge=1, le=LARGEST_INTEGER)
    largest: dict[str, Annotated[int, Field(ge=1, le=LARGEST_INTEGER)]] = Field(default_factory=dict)
    embed: float | None = Field(default=None, ge=0, le=1)
    conformers: int = Field(default=1, ge=1, le=100)
    rewritings: int = Field(default=0, ge=0, le=100)
    settings: dict[str, Any] = Field(default_factory=dict)
    reader: str | None = None
    files: Texts = Field(default_factory=list)
    kind: str | None = None
    entity: str | None = None
    folder: str | None = None
    parts: dict[str, PartRecipe] = Field(default_factory=dict)
    hold_out: HoldOutRecipe | None = None
    id: str | None = None
    fields: dict[str, str] = Field(default_factory=dict)
    licence: Texts = Field(default_factory=list)
    origin: str = ""
    link: LinkRecipe | None = None
    category: str | None = None
    part: str | None = None

    @model_validator(mode="after")
    def _described_or_named(self) -> SourceRecipe:
        keys = [name for name in sorted(self.model_fields_set - _OF_ANY_SOURCE) if getattr(self, name)]
        if self.reader is None and keys:
            raise ValueError(f"source {self.name}: {', '.join(keys)} need a reader, which says how files are read")
        if self.reader is not None and not self.files:
            raise ValueError(f"source {self.name}: a reader needs files")
        if self.parts and (self.entity or self.kind not in (None, INTERACTION)):
            raise ValueError(f"source {self.name}: rows of parts are interactions; leave entity and kind out")
        return self
