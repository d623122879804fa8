"""How many records a vocabulary writes whole: a record is lost in a modality where one of its tokens is missing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from biomatrix.corpus.work_folder import WorkFolder
from biomatrix.progress import Progress

if TYPE_CHECKING:
    from biomatrix.vocabulary.vocabulary import Vocabulary

SPLITS: Final[Mapping[str, str]] = {"train": "trained on", "held_out": "held out", "held_out_label": "held out"}

Counts = dict[str, dict[str, tuple[int, int]]]
"""By modality and by a value of `SPLITS`, the number of records, and of those that can be written whole."""


def written_whole(built: WorkFolder, vocabulary: Vocabulary) -> Counts:
    """Return the records of a build, in their usual way of writing, by what the vocabulary writes of them.

    Only modalities without a fixed set of tokens are counted: the others lose nothing. Slices that are gone count as
    nothing.
    """
    names = [name for name in vocabulary.modalities if vocabulary.block(name).modality.open_ended]
    kept = {name: frozenset(vocabulary.block(name).tokens) for name in names}
    sums: Counts = {name: dict.fromkeys(SPLITS.values(), (0, 0)) for name in names}
    shards = [reader.folder.name for reader in built.corpus.readers if "~" not in reader.folder.name]
    progress = Progress("records written whole", len(shards), "slices")
    for shard in shards:
        if (item := built.slice_of(shard)) is not None and item.writes(names):
            for record, name in ((record, name) for record in item.read(tuple(SPLITS), names) for name in names):
                written = [
                    tokens for other, tokens in record.written() if other == name
                ]  # several, of a record of parts
                if written:
                    split = SPLITS[record.split]
                    records, whole = sums[name][split]
                    sums[name][split] = records + 1, whole + all(map(kept[name].issuperset, written))
        progress.advance()
    return {name: splits for name, splits in sums.items() if any(records for records, _ in splits.values())}
