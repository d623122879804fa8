"""How a recipe has the vocabulary of its corpus built."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field, model_validator

from biomatrix.corpus.selection_recipes import Count
from biomatrix.entities.settings import Section


class CoverageRecipe(Section):
    """The tokens that a vocabulary keeps of an open-ended modality, which has no fixed set of them.

    Parameters
    ----------
    share : float, optional
        The most frequent tokens are kept that cover more than this share of occurrences, in (0, 1]; at 1 all are.
    limit : int, optional
        The largest number of tokens.
    """

    share: float | None = Field(default=None, gt=0, le=1)
    limit: Count | None = Field(default=None, ge=1)


_FORMER_KEYS = {
    "selfies_coverage": ("molecule_selfies", "share"),
    "joint_coverage": ("molecule_structure", "share"),
    "max_joint": ("molecule_structure", "limit"),
}
"""Keys of recipes written before coverage was by modality."""


class VocabularyRecipe(Section):
    """How a vocabulary is built from the corpus.

    Parameters
    ----------
    base : str, optional
        A tokenizer that the tokens of the corpus are added to, so that a model that has it goes on: a folder, relative
        to the data folder or not, or a repository of the hub. None learns a byte-level BPE of the corpus's own.
    text_entries : int
        Entries of the byte-level BPE, its chat tokens included.
    coverage : dict of str to CoverageRecipe
        By modality name; the default keeps a larger share of plain tokens than of tokens with structure codes.
    text_characters, smiles_characters : int
        The largest number of characters of prose, and of entities spelled as text, that the BPE is learned on.
    """

    former_keys: ClassVar[tuple[str, ...]] = tuple(_FORMER_KEYS)

    base: str | None = None
    text_entries: int = Field(default=1900, ge=300, le=2**24)
    coverage: dict[str, CoverageRecipe] = Field(default_factory=dict)
    text_characters: Count = Field(default=6_000_000, ge=1000)
    smiles_characters: Count = Field(default=2_000_000, ge=0)

    @model_validator(mode="after")
    def _base_or_entries(self) -> VocabularyRecipe:
        learned = {"text_entries", "text_characters", "smiles_characters"} & self.model_fields_set
        if self.base is not None and learned:
            raise ValueError(f"a base brings its own entries: leave {', '.join(sorted(learned))} out")
        return self

    @model_validator(mode="before")
    @classmethod
    def _take_former_keys(cls, given: Any) -> Any:
        if not isinstance(given, dict) or not _FORMER_KEYS.keys() & given.keys():
            return given
        present = {key: value for key, value in given.items() if key not in _FORMER_KEYS}
        coverage = {name: dict(entry) for name, entry in dict(present.get("coverage", {})).items()}
        for key, (name, part) in _FORMER_KEYS.items():
            if key in given:
                coverage.setdefault(name, {}).setdefault(part, given[key])
        return {**present, "coverage": coverage}
