"""Files that are looked up: by a sorted key, or by the place of a record; nothing of them is held whole."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from biomatrix.corpus.sources.fasta_places import FastaPlaces
from biomatrix.corpus.sources.sorted_lines import MOST_VALUES, SortedLines
from biomatrix.errors import ConfigurationError


def _written(path: Path, rows: list[tuple[int, str]], packed: bool) -> Path:
    content = "".join(f"{key}\t{value}\n" for key, value in rows).encode()
    path.write_bytes(gzip.compress(content) if packed else content)
    return path


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("seed", range(5))
def test_any_key_gives_its_values(packed: bool, seed: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(seed)
    keys = np.sort(rng.choice(5000, 1500)).tolist()
    rows = [(key, "v" * int(rng.integers(0, 60)) + str(number)) for number, key in enumerate(keys)]
    side = SortedLines(_written(tmp_path / "side", rows, packed), int)
    asked = rng.integers(0, 5100, 200)
    for key in (np.sort(asked) if packed else asked).tolist():
        assert side[str(key)] == [value for other, value in rows if other == key]


def test_values_of_one_key_are_bounded(tmp_path: Path) -> None:
    rows = [(1, "a"), *((2, str(number)) for number in range(1000)), (3, "b")]
    side = SortedLines(_written(tmp_path / "side", rows, packed=False), int)
    assert side["2"] == [str(number) for number in range(MOST_VALUES)]
    assert side["3"] == ["b"]


def test_keys_before_the_last_are_found_again(tmp_path: Path) -> None:
    side = SortedLines(_written(tmp_path / "side.gz", [(1, "a"), (5, "b"), (9, "c")], packed=True), int)
    assert [side[key] for key in ("9", "1", "5", "5", "7", "2")] == [["c"], ["a"], ["b"], ["b"], [], []]
    with pytest.raises(ConfigurationError, match="unpack it"):
        _ = [side[key] for key in ("9", "1") * 200]


@pytest.mark.parametrize("packed", [False, True])
def test_files_out_of_order_are_refused(packed: bool, tmp_path: Path) -> None:
    path = _written(tmp_path / "side", [(key, "value") for key in range(900, 0, -1)], packed)
    with pytest.raises(ConfigurationError, match="not sorted by its first column"):
        assert SortedLines(path, int)["5"]


def test_a_header_is_no_key(tmp_path: Path) -> None:
    path = tmp_path / "side"
    path.write_text("CID\ttitle\n3\tthree\n\n4\tfour\n")
    side = SortedLines(path, int)
    assert (side["3"], side["4"]) == (["three"], ["four"])


def test_sequences_by_name(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    letters = {
        f"{taxon}.P{number}": "".join(rng.choice(list("ACDEFGHIKLMNPQRSTVWY"), int(rng.integers(1, 200))))
        for taxon in range(3)
        for number in range(300)
    }
    path = tmp_path / "sequences.fa"
    path.write_text("".join(f">{name} more\n{text[:60]}\n{text[60:]}\n" for name, text in letters.items()))
    places = FastaPlaces(path)
    for name in rng.permutation(list(letters)).tolist():
        assert places[name] == letters[name]
    assert places["3.P1"] is None
    path.with_suffix(".fa.gz").write_bytes(gzip.compress(path.read_bytes()))
    with pytest.raises(ConfigurationError, match="unpack the file"):
        FastaPlaces(path.with_suffix(".fa.gz"))
