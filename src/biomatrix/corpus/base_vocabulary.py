"""The tokenizer that the vocabulary of a corpus grows from, where the recipe names one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from biomatrix.corpus.slices import fingerprint
from biomatrix.corpus.vocabulary_recipe import VocabularyRecipe
from biomatrix.entities.files.hashing import file_sha256
from biomatrix.entities.files.paths import is_folder

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

_FILES: Final = ("*.json", "*.json.gz", "merges.txt", "merges.txt.gz", "vocab.txt", "*.model", "*.jinja")
"""What the tokenizer of a folder may be read from, and the configuration of the model beside it."""


@dataclass(frozen=True)
class BaseVocabulary:
    """A folder that holds a tokenizer, perhaps beside the model that it belongs to.

    Parameters
    ----------
    folder : Path
    fingerprint : str
        The SHA-256 over the tokenizer's files, by name and content.
    """

    folder: Path
    fingerprint: str

    @classmethod
    def of(cls, recipe: VocabularyRecipe, data: Path) -> BaseVocabulary | None:
        """Return the base of a recipe, fetched from the hub if need be; None where the recipe names none.

        Raises
        ------
        WeightsError
            It is neither a folder, relative to ``data`` or not, nor a repository of the hub.
        """
        from biomatrix.vocabulary.folder import locate

        if recipe.base is None:
            return None
        folder = data / recipe.base if is_folder(data / recipe.base) else locate(recipe.base)
        files = sorted({path for pattern in _FILES for path in folder.glob(pattern)})
        return cls(folder, fingerprint([(path.name, file_sha256(path)) for path in files]))

    def open(self) -> tuple[PreTrainedTokenizerFast, int | None]:
        """Return the tokenizer, and the rows of the embedding of the model beside it, None where there is no model."""
        from biomatrix.vocabulary import base_tokenizer
        from biomatrix.vocabulary.folder import read_rows

        return base_tokenizer(self.folder), read_rows(self.folder)
