"""A run whose rows would cut molecules or proteins is refused before it begins; texts may be cut."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from biomatrix.corpus.encoding import EncodedDocument
from biomatrix.corpus.shard_writing import write_lengths, write_manifest, write_shard
from biomatrix.corpus.shards import TokenShards
from biomatrix.errors import ConfigurationError
from biomatrix.training.row_lengths import check_rows

OPEN, CLOSE = 5, 6


class Vocabulary:
    modalities = ("beads",)

    def start_id(self, name: str) -> int:
        return OPEN


def corpus(folder: Path, documents: list[tuple[str, list[int]]]) -> TokenShards:
    (folder / "a-00000").mkdir(parents=True)
    encoded = [EncodedDocument(np.array(ids, np.int32), np.full(len(ids), 255, np.uint8)) for _, ids in documents]
    write_shard(folder / "a-00000", encoded, [view for view, _ in documents], np.dtype("<u2"))
    index = write_lengths(folder, ["a-00000"])
    views = list(dict.fromkeys(view for view, _ in documents))
    write_manifest(
        folder, {"dtype": "<u2", "views": views, "shards": [{"name": "a-00000", "files": {}}], "index": index}
    )
    assert json.loads((folder / "manifest.json").read_text())["views"] == views
    return TokenShards(folder)


def test_entities_longer_than_a_row_are_refused_and_counted(tmp_path: Path) -> None:
    known: Any = Vocabulary()
    entity, text = [OPEN, *range(10, 26), CLOSE, 1], [1] * 40
    shards = corpus(tmp_path, [("text", text), ("beads", entity), ("beads", entity[:10]), ("mixed", [1, *entity, 2])])
    with pytest.raises(
        ConfigurationError, match=r"2 documents .*row of 16 .*\(beads 1, mixed 1\).*at least 20"
    ) as told:
        check_rows(shards, known, 16)
    assert "max_tokens = 16" in str(told.value)
    check_rows(shards, known, 20)


def test_a_document_of_one_token_more_fits_a_row(tmp_path: Path) -> None:
    known: Any = Vocabulary()
    shards = corpus(tmp_path, [("beads", [OPEN, *range(10, 25), CLOSE])])
    check_rows(shards, known, 16)
    with pytest.raises(ConfigurationError, match="1 documents"):
        check_rows(shards, known, 15)
