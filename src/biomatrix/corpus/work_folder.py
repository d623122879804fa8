"""A work folder after a build: its shards, its vocabulary, the slices that documents were drawn from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

from biomatrix.corpus.build_tokens import TokenisedSlice
from biomatrix.corpus.shards import MANIFEST, TokenShards
from biomatrix.corpus.slices import read_done
from biomatrix.errors import ConfigurationError

if TYPE_CHECKING:
    from biomatrix.vocabulary.vocabulary import Vocabulary

_TRAIN: Final = "train"


@dataclass(frozen=True)
class WorkFolder:
    """What a build left.

    Parameters
    ----------
    work : Path
        The folder with records, tokens and the vocabulary.
    shards : Path
        One finished corpus: training shards, or the held-out ones of a view.
    vocabulary_folder : Path, optional
        Where the vocabulary stands; in ``work`` when not given.
    """

    work: Path
    shards: Path
    vocabulary_folder: Path | None = None

    @classmethod
    def at(cls, folder: Path, vocabulary: Path | None = None) -> WorkFolder:
        """Return the build of a work folder, of its shards, or of one of the corpora among them.

        Raises
        ------
        ConfigurationError
            There is no finished corpus.
        """
        for shards in (folder, folder / _TRAIN, folder / "shards" / _TRAIN):
            if (shards / MANIFEST).is_file():
                break
        else:
            raise ConfigurationError(
                f"no finished corpus: no {MANIFEST} in it, in {_TRAIN} or in shards/{_TRAIN}", file=str(folder)
            )
        parent = shards.resolve().parent
        return cls(parent.parent if parent.name == "shards" else parent, shards, vocabulary)

    @cached_property
    def corpus(self) -> TokenShards:
        """The shards, mapped."""
        return TokenShards(self.shards)

    def vocabulary(self) -> Vocabulary:
        """Return the vocabulary; ConfigurationError where it is not there, or is not the one of the shards."""
        from biomatrix.corpus.saved_vocabulary import SavedVocabulary

        saved = SavedVocabulary.at(self.vocabulary_folder or self.work / "vocabulary")
        if saved.fingerprint != self.corpus.manifest.get("vocabulary"):
            wrong = "not the vocabulary of these shards; name it by --vocabulary"
            raise ConfigurationError(wrong, file=str(saved.folder))
        return saved.open()

    def slice_of(self, shard: str) -> TokenisedSlice | None:
        """Return the records, with their tokens, that a training shard was drawn from; None where they are gone."""
        done = read_done(self.shards / shard) or {}
        source, records, written = done.get("source"), done.get("records"), done.get("written")
        if not isinstance(source, str) or not isinstance(records, str) or not isinstance(written, dict):
            return None
        tokens = tuple((name, self.work / "tokens" / name / source / place) for name, place in written.items())
        rewriting = shard.partition("~")[2]
        place = self.work / self._records / source / records
        item = TokenisedSlice(source, shard, place, tokens, "", int(rewriting or 0))
        whole = all((folder / "done.json").is_file() for folder in (item.records, *dict(tokens).values()))
        return item if whole else None

    def record_ids(self, shard: str) -> list[str] | None:
        """Return the names of the records that a training shard was drawn from, in order; None where they are gone."""
        item = self.slice_of(shard)
        return None if item is None else [record.id for record in item.read((_TRAIN,), ())]

    @property
    def _records(self) -> str:
        """Where the records lie that were written: those selected, which list the others as rejects, if any were."""
        return "selected" if (self.work / "selected").is_dir() else "records"

    def rejects(self) -> Iterator[Path]:
        """Yield the lists of what was refused: records, tokens and documents."""
        for part in (self._records, "tokens"):
            yield from sorted((self.work / part).rglob("rejects.jsonl"))
        yield from sorted(self.shards.parent.rglob("rejects.jsonl"))
