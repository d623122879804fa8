"""InterProScan and MMseqs2: what is read of their output, and what is said where they are absent or fail."""

from __future__ import annotations

import json
import math
import stat
from pathlib import Path

import pytest

from biomatrix.errors import BioMatrixError, ConfigurationError, ParseError
from biomatrix.metrics.learned.interproscan import keyword_recovery, read_entries
from biomatrix.metrics.learned.mmseqs import read_hits, sequence_diversity
from biomatrix.metrics.learned.registry import load_scorer


def script(path: Path, body: str) -> Path:
    path.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def test_an_absent_program_is_one_line_that_says_where_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"interproscan\.sh, which is not there; install it from"):
        load_scorer("interproscan", tmp_path / "interproscan.sh")
    with pytest.raises(ConfigurationError, match=r"soedinglab"):
        load_scorer("mmseqs2", tmp_path / "mmseqs")


def test_interproscan_is_given_sequences_and_its_output_read(tmp_path: Path) -> None:
    entry = {"signature": {"entry": {"accession": "IPR1"}}}
    output = tmp_path / "output.json"
    output.write_text(json.dumps({"results": [{"sequence": "MKV", "matches": [entry]}]}), encoding="utf-8")
    command = script(tmp_path / "scan", f'grep -q MKV "$2" && cp {output} "$4"')
    found = load_scorer("interproscan", command).entries(["MKV", "", "GG"])
    assert found == [frozenset({"IPR1"}), frozenset(), frozenset()]


def test_mmseqs_is_given_sequences_and_its_hits_read(tmp_path: Path) -> None:
    command = script(tmp_path / "mmseqs", r'[ "$1" = easy-search ] && printf "0\t0\t1.0\t3\n0\t1\t0.4\t3\n" > "$4"')
    assert load_scorer("mmseqs2", command).identities(["MKV", "MKA"]) == {(0, 1): 0.4}


def test_a_program_that_fails_says_its_last_line(tmp_path: Path) -> None:
    command = script(tmp_path / "mmseqs", "echo one >&2; echo 'no memory' >&2; exit 3")
    with pytest.raises(BioMatrixError, match="status 3: no memory"):
        load_scorer("mmseqs2", command).identities(["MKV", "MKA"])


@pytest.mark.parametrize("output", [None, [], {"results": None}])
def test_output_of_another_shape_is_refused(output: object) -> None:
    with pytest.raises(ParseError):
        read_entries(output)
    with pytest.raises(ParseError):
        read_hits("0\tnot a hit\n")


def test_recovery_leaves_out_references_without_entries() -> None:
    one, two = frozenset({"A"}), frozenset({"A", "B"})
    found = keyword_recovery([one, two, one], [two, one, frozenset()])["keyword_recovery"]
    assert (found.value, found.denominator) == (pytest.approx((0.5 + 1.0) / 2), 2)
    assert math.isnan(keyword_recovery([], [])["keyword_recovery"].value)
    with pytest.raises(ValueError, match="one for each"):
        keyword_recovery([one], [])


def test_diversity_counts_missing_pairs_as_unlike() -> None:
    found = sequence_diversity({(0, 1): 0.2}, 3)
    assert found["seq_diversity"].value == pytest.approx((6 - 0.2) / 6)
    assert found["seq_diversity_as_coded"].value == pytest.approx((5 + 0.2) / 6)
    assert math.isnan(sequence_diversity({}, 1)["seq_diversity"].value)
