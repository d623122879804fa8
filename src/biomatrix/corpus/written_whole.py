"""How many records a vocabulary writes whole: a record is lost in a modality where one of its tokens is missing."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import TYPE_CHECKING, Final

from biomatrix.corpus.build_tokens import TokenisedSlice
from biomatrix.corpus.work_folder import WorkFolder
from biomatrix.progress import Progress

if TYPE_CHECKING:
    from biomatrix.vocabulary.vocabulary import Vocabulary

SPLITS: Final[Mapping[str, tuple[str, ...]]] = {"trained on": ("train",), "held out": ("held_out", "held_out_label")}

Counts = dict[str, dict[str, tuple[int, int]]]
"""By modality and by a name of `SPLITS`, the number of records, and of those that can be written whole."""


def written_whole(built: WorkFolder, vocabulary: Vocabulary) -> Counts:
    """Return the records of a build, in their usual way of writing, by what the vocabulary writes of them.

    Only modalities without a fixed set of tokens are counted: the others lose nothing. Slices that are gone count as
    nothing.
    """
    names = [name for name in vocabulary.modalities if vocabulary.block(name).modality.open_ended]
    kept = {name: frozenset(vocabulary.block(name).tokens) for name in names}
    sums: Counts = {name: dict.fromkeys(SPLITS, (0, 0)) for name in names}
    shards = [reader.folder.name for reader in built.corpus.readers if "~" not in reader.folder.name]
    progress = Progress("records written whole", len(shards), "slices")
    for shard in shards:
        if (item := built.slice_of(shard)) is not None:
            for name, split in product(names, SPLITS):
                if item.writes((name,)):
                    records, whole = sums[name][split]
                    found = _in_slice(item, name, SPLITS[split], kept[name])
                    sums[name][split] = records + found[0], whole + found[1]
        progress.advance()
    return {name: splits for name, splits in sums.items() if any(records for records, _ in splits.values())}


def _in_slice(item: TokenisedSlice, name: str, splits: tuple[str, ...], kept: frozenset[str]) -> tuple[int, int]:
    """Return how many records are written in a modality, and how many with kept tokens alone, those of parts too."""
    records = whole = 0
    for record in item.read(splits, (name,)):
        written = [tokens for other, tokens in record.written() if other == name]
        records += bool(written)
        whole += bool(written) and all(kept.issuperset(tokens) for tokens in written)
    return records, whole
