"""A protein that is none is refused where it is made, with the true reason."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from biomatrix.entities import Protein
from biomatrix.errors import BioMatrixError, ParseError, UnsupportedError

BACKBONE = np.random.default_rng(0).uniform(0, 9, (3, 3, 3))
L = 3


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"sequence": None}, "sequence of a protein is text"),
        ({"sequence": b"AAA"}, "sequence of a protein is text"),
        ({"sequence": "AA"}, "3 places of the backbone for 2 residues"),
        ({"sequence": "AAAA"}, "3 places of the backbone for 4 residues"),
        ({"backbone": np.zeros((L, 4, 3))}, r"shape \(L, 3, 3\).*\(3, 4, 3\)"),
        ({"backbone": np.zeros((L, 3))}, r"\(3, 3\)"),
        ({"backbone": np.zeros(9)}, r"\(9,\)"),
        ({"backbone": 5}, r"not \(\)"),
        ({"backbone": BACKBONE.astype(object)}, "holds object"),
        ({"backbone": BACKBONE.astype(bool)}, "holds bool"),
        ({"backbone": BACKBONE + 1j}, "holds complex"),
        ({"backbone": "abc"}, "array of numbers"),
        ({"backbone": [[[1, 2, 3]] * 3, [[1, 2]]]}, "array of numbers"),
        ({"residue_numbers": [1, 2]}, "2 residue numbers for 3 residues"),
        ({"residue_numbers": [[1, 2, 3]]}, r"shape \(L,\)"),
        ({"residue_numbers": 1}, r"shape \(L,\)"),
        ({"residue_numbers": [1.0, 2.0, 3.0]}, "whole numbers"),
        ({"residue_numbers": [True, False, True]}, "whole numbers"),
        ({"residue_numbers": ["1", "2", "3"]}, "whole numbers"),
        ({"residue_numbers": [1, 2, 2**31]}, "32 bits"),
        ({"residue_numbers": [1, 2, 2**70]}, "whole numbers"),
        ({"insertion_codes": ("", "")}, "2 insertion codes for 3 residues"),
        ({"insertion_codes": "ABC"}, "sequence of texts"),
        ({"insertion_codes": (None, None, None)}, "are texts"),
        ({"notes": "one"}, "sequence of texts"),
        ({"name": None}, "name of a protein is text"),
        ({"chain": 1}, "chain of a protein is text"),
    ],
)
def test_fields_that_do_not_fit_are_refused(fields: dict[str, Any], reason: str) -> None:
    with pytest.raises(ParseError, match=reason):
        Protein(**{"sequence": "ACD", "backbone": BACKBONE, **fields})


@pytest.mark.parametrize(
    ("sequence", "place"), [("AcD", 1), ("A-D", 1), ("AD*", 2), (" AD", 0), ("ÀCD", 0), ("A\nD", 1)]
)
def test_letters_are_named_with_their_place(sequence: str, place: int) -> None:
    with pytest.raises(UnsupportedError, match="no amino acid") as caught:
        Protein(sequence, name="mine")
    assert (caught.value.position, caught.value.record) == (place, "mine")
    assert ("from_sequence" in str(caught.value)) == (sequence == "AcD")


@pytest.mark.parametrize(
    "backbone", [BACKBONE, BACKBONE.tolist(), BACKBONE.astype(np.float16), (BACKBONE * 10).astype(np.int64)]
)
def test_other_numbers_are_converted(backbone: Any) -> None:
    for protein in (Protein("ACD", backbone), Protein.from_backbone(backbone, "ACD")):
        assert protein.backbone is not None
        assert protein.backbone.dtype == np.float32
        np.testing.assert_allclose(protein.backbone, np.asarray(backbone, dtype=np.float32))


def test_labels_are_given_their_types() -> None:
    protein = Protein("ACD", residue_numbers=[5, 6, 7], insertion_codes=["", "A", ""], notes=["one"])  # type: ignore[arg-type]
    assert protein.residue_numbers is not None
    assert protein.residue_numbers.dtype == np.int32
    assert (protein.insertion_codes, protein.notes) == (("", "A", ""), ("one",))
    assert protein.numbers == ("5", "6A", "7")


def test_infinite_positions_are_missing_and_said_once() -> None:
    infinite = BACKBONE.copy()
    infinite[1, 2, 0] = np.inf
    infinite[2, 0] = 1e300
    given = infinite.copy()
    protein = Protein("ACD", infinite)
    np.testing.assert_array_equal(infinite, given)
    assert protein.resolved.tolist() == [True, False, False]
    assert protein.notes == ("2 infinite positions were taken as missing",)
    assert protein.first(2).without_unresolved().notes[0] == protein.notes[0]
    assert Protein("ACD", np.full((3, 3, 3), np.nan)).notes == ()


def test_no_field_of_another_type_passes() -> None:
    for wrong in (0, 1.5, object(), {"a": 1}, {1, 2}, [None], np.array(["x"])):
        for field in ("backbone", "residue_numbers", "insertion_codes"):
            with pytest.raises(BioMatrixError):
                Protein("ACD", **{field: wrong})  # type: ignore[arg-type]
        with pytest.raises(BioMatrixError):
            Protein.from_backbone(wrong)  # type: ignore[arg-type]
        with pytest.raises(BioMatrixError):
            Protein.from_sequence(wrong)  # type: ignore[arg-type]
