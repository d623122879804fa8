"""Lines of composite modalities name the structure tokenizer of each part, and only those read them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from biomatrix.conversion import encode_to_lines, wrap
from biomatrix.conversion.decoding import decode_line
from biomatrix.conversion.reading import Line, read_lines
from biomatrix.conversion.tokenizers import tokenizer_record, with_tokenizer
from biomatrix.entities import Modality, Molecule, Protein, Reject, modality, register_kind, unregister_kind
from biomatrix.entities.composite import CompositeModality
from biomatrix.entities.registration import FileFormat
from biomatrix.errors import ConfigurationError, DecodeError

from ..pair import Pair, PairKind, PairStructure, PairText


class FoldAlone(PairText):
    """The backbone and a SMILES string: one part with a structure tokenizer."""

    name: ClassVar[str] = "pair_fold"
    start_token: ClassVar[str] = "<|pair_fold_start|>"
    end_token: ClassVar[str] = "<|pair_fold_end|>"
    parts: ClassVar[tuple[str, ...]] = ("protein_structure", "molecule_smiles")
    layout = ()

    def segments_of(self, entity: Any) -> list[str | tuple[str, Any]]:
        return [("protein_structure", entity.protein), ("molecule_smiles", entity.molecule)]


class FilePairs(PairKind):
    """Pairs that stand in files, of which any content is the same pair."""

    formats: ClassVar[tuple[FileFormat, ...]] = (FileFormat("pair", (".pair",)),)
    modalities: ClassVar[dict[str, str]] = {  # type: ignore[misc]
        "pair_structure": f"{PairStructure.__module__}:PairStructure",
        "pair_fold": f"{__name__}:FoldAlone",
    }

    def read(self, path: Any, file_format: str, **settings: Any) -> Iterator[Pair]:
        yield pair()


@pytest.fixture(autouse=True)
def _pairs() -> Iterator[None]:
    register_kind(FilePairs())
    yield
    unregister_kind("pair")


def pair() -> Pair:
    """Return a chain of ten residues beside ethanol."""
    angles = np.arange(30) * 1.7
    backbone = np.stack([2.3 * np.cos(angles / 3), 2.3 * np.sin(angles / 3), np.arange(30) * 0.5], axis=1)
    protein = Protein.from_backbone(backbone.astype(np.float32).reshape(10, 3, 3), "ACDEFGHIKL")
    return Pair(protein, Molecule.from_smiles("CCO").embed(seed=0))


def part(one: Modality, name: str) -> Modality:
    assert isinstance(one, CompositeModality)
    return one.part(name)


def line_of(one: Modality, record: Any = None) -> Line:
    tokens = one.encode(pair())
    return Line(1, wrap(tokens, one), tokenizer=record or tokenizer_record(one))


def test_a_line_records_the_tokenizer_of_each_part(tmp_path: Path) -> None:
    (tmp_path / "in.pair").write_text("any\n")
    counts = encode_to_lines(str(tmp_path / "in.pair"), tmp_path / "t.jsonl", modalities=["pair_structure"])
    assert (counts.succeeded, counts.rejected) == (1, 0)
    wanted = {name: tokenizer_record(modality(name)) for name in ("protein_structure", "molecule_structure")}
    assert json.loads((tmp_path / "t.jsonl").read_text())["tokenizer"] == wanted
    (line,) = read_lines(str(tmp_path / "t.jsonl"))
    assert not isinstance(line, Reject)
    assert line.tokenizer == wanted
    assert decode_line(line)[0].kind == "pair"


def test_parts_are_opened_by_the_record() -> None:
    written = with_tokenizer(modality("pair_fold"), "anchored-4096")
    _, used = decode_line(line_of(written))
    assert part(used, "protein_structure").tokenizer.name == "anchored-4096"
    _, given = decode_line(line_of(written), "anchored-4096")
    assert part(given, "protein_structure").tokenizer.name == "anchored-4096"


@pytest.mark.parametrize(
    ("record", "given", "reason"),
    [
        (None, "geometric-4096", "protein_structure codes belong to the tokenizer 'anchored-4096'"),
        ({"protein_structure": {"name": "mine", "fingerprint": "0" * 12}}, None, "not among the shipped ones"),
        ({"name": "mine", "fingerprint": "0" * 12}, None, "no fingerprint for protein_structure"),
    ],
)
def test_other_tokenizers_are_refused(record: Any, given: str | None, reason: str) -> None:
    written = with_tokenizer(modality("pair_fold"), "anchored-4096")
    with pytest.raises(DecodeError, match=reason):
        decode_line(line_of(written, record), given)


def test_one_tokenizer_for_several_parts_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "in.pair").write_text("any\n")
    with pytest.raises(ConfigurationError, match="each of protein_structure, molecule_structure"):
        encode_to_lines(
            str(tmp_path / "in.pair"), tmp_path / "t", modalities=["pair_structure"], tokenizer="anchored-4096"
        )
    assert with_tokenizer(modality("molecule_smiles"), "anchored-4096") is modality("molecule_smiles")


def test_a_file_of_another_kind_takes_a_tokenizer_beside_composites(tmp_path: Path) -> None:
    pair().protein.to_file(tmp_path / "in.pdb")
    counts = encode_to_lines(str(tmp_path / "in.pdb"), tmp_path / "t.jsonl", tokenizer="anchored-4096")
    assert (counts.succeeded, counts.rejected) == (2, 0)


def test_a_part_without_a_fingerprint_is_refused(tmp_path: Path) -> None:
    (tmp_path / "t.txt").write_text('{"text": "x", "tokenizer": {"protein_structure": {"name": "mine"}}}\n')
    (reject,) = read_lines(str(tmp_path / "t.txt"))
    assert isinstance(reject, Reject)
    assert "fingerprint" in reject.reason
