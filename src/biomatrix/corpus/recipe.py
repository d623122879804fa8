"""What a corpus is made of: sources, how often each kind of document is drawn, and limits. A TOML file."""

from __future__ import annotations

import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from biomatrix.errors import ConfigurationError


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SourceRecipe(_Strict):
    """One source, by name or described in full.

    Parameters
    ----------
    name : str
        A registered source where there is no reader, else any name; it seeds what is drawn for each record.
    repeat : float
        How many times as many documents are drawn from each of its records.
    reader : str, optional
        How its files are read: ``csv``, ``tsv``, ``jsonl``, ``parquet``, ``fasta``, or a format that a kind reads.
    files : list of str
        Paths or patterns, relative to the data folder.
    kind : str, optional
        What a row or record is; ``text``, or not given, for rows of words alone.
    entity : str, optional
        The column that holds what a person types for the entity.
    id : str, optional
        The column that names the record; its number when not given.
    fields : dict of str to str
        Columns that are kept, each with the name of the record's field.
    licence : list of str
        Every licence that applies, SPDX names.
    origin : str
        The publisher, and what to cite.
    """

    name: str = Field(pattern=r"^\w[\w.-]*$")
    repeat: float = Field(default=1.0, ge=0)
    reader: str | None = None
    files: list[str] = Field(default_factory=list)
    kind: str | None = None
    entity: str | None = None
    id: str | None = None
    fields: dict[str, str] = Field(default_factory=dict)
    licence: list[str] = Field(default_factory=list)
    origin: str = ""

    @model_validator(mode="after")
    def _described_or_named(self) -> SourceRecipe:
        given = [name for name in sorted(self.model_fields_set - {"name", "repeat", "reader"}) if getattr(self, name)]
        if self.reader is None and given:
            raise ValueError(f"source {self.name}: {', '.join(given)} need a reader, which says how files are read")
        if self.reader is not None and not self.files:
            raise ValueError(f"source {self.name}: a reader needs files")
        return self


class CoverageRecipe(_Strict):
    """Which tokens of a modality without a fixed set of them a vocabulary keeps.

    Parameters
    ----------
    share : float, optional
        The most frequent tokens that cover more than this share of occurrences.
    limit : int, optional
        The most tokens.
    """

    share: float | None = Field(default=None, gt=0, lt=1)
    limit: int | None = Field(default=None, ge=1)


_FORMER_KEYS = {
    "selfies_coverage": ("molecule_selfies", "share"),
    "joint_coverage": ("molecule_structure", "share"),
    "max_joint": ("molecule_structure", "limit"),
}
"""Keys of recipes written before coverage was by modality."""


class VocabularyRecipe(_Strict):
    """How a vocabulary is built from the corpus.

    Parameters
    ----------
    text_entries : int
        Entries of the byte-level BPE, its chat tokens included.
    coverage : dict of str to CoverageRecipe
        By modality; what is not given has a default that is wider for plain tokens than for those with codes.
    text_characters, smiles_characters : int
        The most characters of prose, and of entities spelled as text, that the BPE is learned on.
    """

    text_entries: int = Field(default=1900, ge=300)
    coverage: dict[str, CoverageRecipe] = Field(default_factory=dict)
    text_characters: int = Field(default=6_000_000, ge=1000)
    smiles_characters: int = Field(default=2_000_000, ge=0)

    @model_validator(mode="before")
    @classmethod
    def _take_former_keys(cls, given: Any) -> Any:
        if not isinstance(given, dict) or not _FORMER_KEYS.keys() & given.keys():
            return given
        kept = {key: value for key, value in given.items() if key not in _FORMER_KEYS}
        coverage = {name: dict(entry) for name, entry in dict(kept.get("coverage", {})).items()}
        for key, (name, part) in _FORMER_KEYS.items():
            if key in given:
                coverage.setdefault(name, {}).setdefault(part, given[key])
        return {**kept, "coverage": coverage}


class CorpusRecipe(_Strict):
    """A whole corpus.

    Parameters
    ----------
    name : str
        For messages and the manifest.
    seed : int
        Everything drawn depends on it and on the record's source and id, on nothing else.
    max_tokens : int
        The longest document, in token ids.
    slice_rows : int
        Source rows in one slice of work.
    sources : list of SourceRecipe
        In the order they are written; no name twice.
    allow : list of str, optional
        The licences that sources may have; those under which weights may be shipped when not given.
    views : dict of str to float
        The mean number of documents drawn of each view from a record that has it.
    tasks : dict of str to float
        The same for instruction documents.
    task_files : list of str
        TOML files of further tasks and views that the two above may name.
    held_out_documents : int
        The most held-out documents kept of each view and task.
    modalities : list of str, optional
        What entities are written in; every registered modality when not given.
    structure_tokenizers : dict of str to str
        By modality, a shipped name or a folder; the default where not named.
    """

    name: str
    seed: int = 0
    max_tokens: int = Field(default=512, ge=16)
    slice_rows: int = Field(default=5000, ge=1)
    sources: list[SourceRecipe]
    allow: list[str] | None = None
    views: dict[str, float]
    tasks: dict[str, float]
    task_files: list[str] = Field(default_factory=list)
    held_out_documents: int = Field(default=300, ge=0)
    modalities: list[str] | None = None
    structure_tokenizers: dict[str, str] = Field(default_factory=dict)
    vocabulary: VocabularyRecipe = Field(default_factory=VocabularyRecipe)

    @model_validator(mode="after")
    def _no_name_twice(self) -> CorpusRecipe:
        twice = sorted(name for name, count in Counter(entry.name for entry in self.sources).items() if count > 1)
        if twice:
            raise ValueError(f"sources named twice: {', '.join(twice)}")
        return self

    def source(self, name: str) -> SourceRecipe:
        """Return the entry of a source."""
        return next(entry for entry in self.sources if entry.name == name)

    @classmethod
    def from_file(cls, path: str | Path) -> CorpusRecipe:
        """Read a TOML recipe; a wrong or unknown key is named in the error."""
        path = Path(path)
        try:
            return cls.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
        except OSError as error:
            raise ConfigurationError(f"cannot be read: {error.strerror or error}", file=str(path)) from error
        except (tomllib.TOMLDecodeError, ValidationError) as error:
            raise ConfigurationError(f"not a corpus recipe: {error}", file=str(path)) from error
