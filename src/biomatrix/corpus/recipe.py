"""What a corpus is made of: sources, how often each kind of document is drawn, and limits. A TOML file."""

from __future__ import annotations

import tomllib
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from biomatrix.errors import ConfigurationError


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SourceRecipe(_Strict):
    """One source and how many times as many documents are drawn from each of its records."""

    name: str
    repeat: float = Field(default=1.0, ge=0)


class VocabularyRecipe(_Strict):
    """How a vocabulary is built from the corpus.

    ``text_entries`` counts the byte-level BPE with its chat tokens; the coverages are shares of occurrences;
    ``max_joint`` cuts the joint molecule tokens where their coverage would need more.
    """

    text_entries: int = Field(default=1900, ge=300)
    selfies_coverage: float = Field(default=0.999, gt=0, lt=1)
    joint_coverage: float = Field(default=0.99, gt=0, lt=1)
    max_joint: int = Field(default=1800, ge=1)
    text_characters: int = Field(default=6_000_000, ge=1000)
    smiles_characters: int = Field(default=2_000_000, ge=0)


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
        In the order they are written.
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
    views: dict[str, float]
    tasks: dict[str, float]
    task_files: list[str] = Field(default_factory=list)
    held_out_documents: int = Field(default=300, ge=0)
    modalities: list[str] | None = None
    structure_tokenizers: dict[str, str] = Field(default_factory=dict)
    vocabulary: VocabularyRecipe = Field(default_factory=VocabularyRecipe)

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
