"""Shards give back what was written, in place, and notice damage."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from biomatrix.corpus.encoding import EncodedDocument
from biomatrix.corpus.shards import TokenShards, token_dtype, write_manifest, write_shard
from biomatrix.corpus.slices import file_sha256
from biomatrix.errors import ParseError


def encoded(rng: np.random.Generator, top: int) -> EncodedDocument:
    length = int(rng.integers(1, 50))
    ids = rng.integers(0, top, length).astype(np.int32)
    return EncodedDocument(ids, rng.choice([0, 255], length).astype(np.uint8))


def corpus(folder: Path, size: int) -> list[EncodedDocument]:
    rng = np.random.default_rng(5)
    written = []
    shards = []
    for name, count in (("a", 7), ("b", 0), ("c", 4)):
        documents = [encoded(rng, size) for _ in range(count)]
        (folder / name).mkdir(parents=True)
        write_shard(folder / name, documents, [1] * count, token_dtype(size))
        files = {path.name: {"sha256": file_sha256(path)} for path in (folder / name).iterdir()}
        shards.append({"name": name, "files": files})
        written += documents
    write_manifest(folder, {"dtype": token_dtype(size).str, "views": ["x", "y"], "shards": shards})
    return written


@pytest.mark.parametrize("size", [4096, 170_000])
def test_documents_come_back(tmp_path: Path, size: int) -> None:
    written = corpus(tmp_path, size)
    read = TokenShards(tmp_path)
    assert len(read) == len(written)
    assert read.lengths.tolist() == [len(item) for item in written]
    assert read.num_tokens == sum(len(item) for item in written)
    assert read.view_names[int(read.views[0])] == "y"
    for index, item in enumerate(written):
        ids, weights = read.document(index)
        assert (ids == item.ids).all()
        assert (weights == item.weights / 255).all()
    read.verify()


def test_damage_is_found(tmp_path: Path) -> None:
    corpus(tmp_path, 100)
    raw = bytearray((tmp_path / "a" / "tokens.bin").read_bytes())
    raw[0] ^= 1
    (tmp_path / "a" / "tokens.bin").write_bytes(raw)
    with pytest.raises(ParseError, match=r"tokens\.bin"):
        TokenShards(tmp_path).verify()
    (tmp_path / "a" / "tokens.bin").write_bytes(raw[:-2])
    with pytest.raises(ParseError, match="cut short"):
        TokenShards(tmp_path)


def test_an_unfinished_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ParseError, match=r"manifest\.json"):
        TokenShards(tmp_path)
