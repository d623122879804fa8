"""A vocabulary on disk, as the steps that write shards refer to it: its folder and the hash of its content."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from biomatrix.corpus.slices import fingerprint
from biomatrix.entities.files.hashing import file_sha256
from biomatrix.entities.files.paths import exists, is_folder
from biomatrix.errors import ConfigurationError

if TYPE_CHECKING:
    from biomatrix.vocabulary.vocabulary import Vocabulary

ORIGIN: Final = "built_from.json"
"""The file beside a corpus's own vocabulary that holds the fingerprint of what it was built from."""


@dataclass(frozen=True)
class SavedVocabulary:
    """A folder that holds a vocabulary.

    Parameters
    ----------
    folder : Path
        In the ordinary tokenizer layout.
    fingerprint : str
        The SHA-256 over its files, by name and content, without the note of what it was built from.
    """

    folder: Path
    fingerprint: str

    @classmethod
    def at(cls, folder: Path) -> SavedVocabulary:
        """Return the vocabulary of a folder, its files hashed; ConfigurationError where the folder holds none."""
        if not is_folder(folder):
            what = "is a file, not the folder of a vocabulary" if exists(folder) else "no such folder"
            raise ConfigurationError(
                f"{what}; --vocabulary names a folder that a build or `Vocabulary` saved", file=str(folder)
            )
        files = sorted(path for path in folder.iterdir() if path.is_file() and path.name != ORIGIN)
        if not files:
            raise ConfigurationError("an empty vocabulary folder", file=str(folder))
        return cls(folder, fingerprint([(path.name, file_sha256(path)) for path in files]))

    def open(self) -> Vocabulary:
        """Return the vocabulary; opened once per process."""
        return _open(self)


@lru_cache(maxsize=4)
def _open(saved: SavedVocabulary) -> Vocabulary:
    from biomatrix.vocabulary import Vocabulary

    return Vocabulary.from_pretrained(saved.folder)
