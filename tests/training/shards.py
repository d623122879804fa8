"""Small corpora of token shards on disk, with views and sources, for the tests of training."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from biomatrix.corpus.encoding import EncodedDocument
from biomatrix.corpus.shard_writing import write_lengths, write_manifest, write_shard
from biomatrix.corpus.shards import TokenShards


def written(folder: Path, shards: Mapping[str, Sequence[tuple[str, int, int]]]) -> TokenShards:
    """Write shards of documents that hold one token only, which so tells what a batch is made of.

    Parameters
    ----------
    folder : Path
    shards : mapping of str to sequence of (str, int, int)
        By the name of a source, its documents: the view, the token, and how many of it.
    """
    names = []
    for source, documents in shards.items():
        names.append(f"{source}-00000")
        place = folder / names[-1]
        place.mkdir(parents=True)
        encoded = [
            EncodedDocument(np.full(length, token, np.int32), np.full(length, 255, np.uint8))
            for _, token, length in documents
        ]
        write_shard(place, encoded, [view for view, _, _ in documents], np.dtype("<u2"))
        (place / "done.json").write_text(json.dumps({"fingerprint": "", "source": source, "files": {}}))
    views = list(dict.fromkeys(view for documents in shards.values() for view, _, _ in documents))
    listed = [{"name": name, "files": {}} for name in names]
    index = write_lengths(folder, names)
    write_manifest(folder, {"dtype": "<u2", "views": views, "shards": listed, "index": index})
    return TokenShards(folder)
