"""Shards give back what was written, in place, and notice damage; corpora of the first format still open."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from biomatrix.corpus.encoding import EncodedDocument
from biomatrix.corpus.shard_writing import MOST_VIEWS, ShardWriter, token_dtype, write_manifest, write_shard
from biomatrix.corpus.shards import MANIFEST, ROWS, VIEW_NAMES, VIEWS, TokenShards
from biomatrix.corpus.slices import file_sha256
from biomatrix.errors import LimitError, ParseError

NAMES = ("x", "y", "z")


def encoded(rng: np.random.Generator, top: int) -> EncodedDocument:
    length = int(rng.integers(1, 50))
    ids = rng.integers(0, top, length).astype(np.int32)
    return EncodedDocument(ids, rng.choice([0, 255], length).astype(np.uint8))


def corpus(folder: Path, size: int) -> tuple[list[EncodedDocument], list[str]]:
    rng = np.random.default_rng(5)
    written: list[EncodedDocument] = []
    views: list[str] = []
    shards = []
    for name, count in (("a", 7), ("b", 0), ("c", 4)):
        documents = [encoded(rng, size) for _ in range(count)]
        named = [str(view) for view in rng.choice(NAMES if name == "a" else NAMES[1:], count)]
        (folder / name).mkdir(parents=True)
        write_shard(folder / name, documents, named, token_dtype(size))
        files = {path.name: {"sha256": file_sha256(path)} for path in (folder / name).iterdir()}
        shards.append({"name": name, "files": files})
        written += documents
        views += named
    write_manifest(folder, {"dtype": token_dtype(size).str, "views": list(NAMES), "shards": shards})
    return written, views


@pytest.mark.parametrize("size", [4096, 170_000])
def test_documents_come_back_under_their_views(tmp_path: Path, size: int) -> None:
    written, views = corpus(tmp_path, size)
    read = TokenShards(tmp_path)
    assert len(read) == len(written)
    assert read.lengths.tolist() == [len(item) for item in written]
    assert read.num_tokens == sum(len(item) for item in written)
    assert [read.view_names[view] for view in read.views] == views
    for index, item in enumerate(written):
        ids, weights = read.document(index)
        assert (ids == item.ids).all()
        assert (weights == item.weights / 255).all()
    read.verify()


def test_a_shard_names_its_own_views_whatever_a_corpus_lists_beside_them(tmp_path: Path) -> None:
    _, views = corpus(tmp_path, 100)
    manifest = json.loads((tmp_path / MANIFEST).read_text())
    write_manifest(tmp_path, {**manifest, "views": ["new", "z", "y", "x"]})
    read = TokenShards(tmp_path)
    assert [read.view_names[view] for view in read.views] == views
    write_manifest(tmp_path, {**manifest, "views": ["x", "y"]})
    with pytest.raises(ParseError, match="does not list the view 'z'"):
        _ = TokenShards(tmp_path).views


def test_a_corpus_of_the_first_format_opens_by_the_list_of_its_manifest(tmp_path: Path) -> None:
    written, views = corpus(tmp_path, 100)
    manifest = json.loads((tmp_path / MANIFEST).read_text())
    for shard in ("a", "b", "c"):
        names = json.loads((tmp_path / shard / VIEW_NAMES).read_text())
        local = np.fromfile(tmp_path / shard / VIEWS, dtype="u1")
        np.array([NAMES.index(names[view]) for view in local], dtype="u1").tofile(tmp_path / shard / VIEWS)
        (tmp_path / shard / VIEW_NAMES).unlink()
        (tmp_path / shard / ROWS).unlink()
    (tmp_path / MANIFEST).write_text(json.dumps({**manifest, "format": 1}))
    read = TokenShards(tmp_path)
    assert [read.view_names[view] for view in read.views] == views
    assert (read.document(3)[0] == written[3].ids).all()
    (tmp_path / MANIFEST).write_text(json.dumps({**manifest, "format": 3}))
    with pytest.raises(ParseError, match="this version reads 1 and 2"):
        TokenShards(tmp_path)


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


@pytest.mark.parametrize("names", ['["x"]', "{}", "[1, 2, 3]", "nonsense", None])
def test_a_broken_list_of_views_is_found(tmp_path: Path, names: str | None) -> None:
    corpus(tmp_path, 100)
    if names is None:
        (tmp_path / "a" / VIEW_NAMES).unlink()
    else:
        (tmp_path / "a" / VIEW_NAMES).write_text(names)
    with pytest.raises(ParseError, match=r"views\.(json|bin)"):
        TokenShards(tmp_path)


def test_a_shard_holds_a_limited_number_of_views(tmp_path: Path) -> None:
    names = [f"v{index}" for index in range(MOST_VIEWS)]
    with ShardWriter(tmp_path, names, token_dtype(10)) as writer:
        for row, name in enumerate(names):
            writer.add(EncodedDocument(np.array([row % 10], np.int32), np.array([255], np.uint8)), name, row)
    assert np.fromfile(tmp_path / VIEWS, dtype="u1").tolist() == list(range(MOST_VIEWS))
    with pytest.raises(LimitError, match="at most 256"):
        ShardWriter(tmp_path, [*names, "more"], token_dtype(10))


def test_an_unfinished_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ParseError, match=r"manifest\.json"):
        TokenShards(tmp_path)
