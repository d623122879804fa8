"""The nucleic acid itself: letters, strands, features, codons."""

from __future__ import annotations

import random

import numpy as np
import pytest

from biomatrix import NucleicAcid
from biomatrix.entities.nucleic.bases import LETTERS, NAMES, BaseKind
from biomatrix.entities.nucleic.features import Feature, Interval
from biomatrix.entities.nucleic.genetic_code import TABLES, genetic_code
from biomatrix.errors import LimitError, ParseError, UnsupportedError


def random_acid(rng: random.Random, kind: BaseKind, length: int, circular: bool = False) -> NucleicAcid:
    """Return any letters with features and soft masking."""

    def interval() -> Interval:
        start = rng.randrange(length)
        return Interval(start, rng.randint(start, length), rng.choice((0, 0, 1, -1)), rng.random() < 0.1)

    features = tuple(
        Feature("CDS", tuple(interval() for _ in range(rng.randint(1, 3))), rng.choice((1, -1)), rng.randrange(3))
        for _ in range(4)
    )
    cuts = sorted(rng.sample(range(length + 1), 4))
    letters = "".join(rng.choices(LETTERS[kind], k=length))
    return NucleicAcid(
        letters, kind, circular=circular, features=features, soft_masked=((cuts[0], cuts[1]), (cuts[2], cuts[3]))
    )


@pytest.mark.parametrize("kind", ["dna", "rna"])
def test_the_other_strand_is_an_involution_under_which_features_read_the_same(kind: BaseKind) -> None:
    rng = random.Random(3)
    for _ in range(50):
        acid = random_acid(rng, kind, rng.randint(4, 60))
        other = acid.reverse_complement()
        assert other.reverse_complement() == acid
        for one, turned in zip(acid.features, other.features, strict=True):
            assert one.letters(acid.sequence, kind) == turned.letters(other.sequence, kind)


def test_a_slice_keeps_what_lies_in_it_and_a_turned_circle_everything() -> None:
    rng = random.Random(4)
    for _ in range(50):
        acid = random_acid(rng, "dna", 40, circular=True)
        turn = rng.randrange(1, 40)
        turned = acid.slice(turn, turn)
        assert turned.sequence == acid.sequence[turn:] + acid.sequence[:turn]
        for one, kept in zip(acid.features, turned.features, strict=True):
            assert len(one) == len(kept)
            assert one.phase == kept.phase
        start, stop = sorted(rng.sample(range(41), 2))
        part = acid.slice(start, stop)
        masked = {place for low, high in acid.soft_masked for place in range(low, high)}
        assert {start + place for low, high in part.soft_masked for place in range(low, high)} == {
            place for place in masked if start <= place < stop
        }


def test_the_phase_follows_a_cut_so_that_codons_stay_whole() -> None:
    letters = "".join(random.Random(5).choices("ACGT", k=60))
    for strand in (1, -1):
        whole = NucleicAcid(letters, features=(Feature("CDS", (Interval(0, 60),), strand),))
        protein = whole.cds(whole.features[0]).translate()
        for start in range(6):
            part = whole.slice(start, 60 - start)
            assert part.cds(part.features[0]).translate() in protein
            assert part.features[0].intervals[0].before is (start > 0)


def test_an_interval_crosses_the_origin_only_of_a_circle() -> None:
    circle = NucleicAcid("AAAACCCC", circular=True, features=(Feature("gene", ((6, 8), (0, 2))),))
    assert circle.slice(6, 2).sequence == circle.slice(6, 10).sequence == "CCAA"
    assert circle.slice(6, 2).features[0].intervals == (Interval(0, 2), Interval(2, 4))
    for start, stop in ((6, 2), (6, 10), (-1, 3)):
        with pytest.raises(ParseError, match="not within the 8 bases"):
            NucleicAcid("AAAACCCC").slice(start, stop)


def test_pairs_of_a_slice_are_those_inside_and_the_rest_are_noted() -> None:
    acid = NucleicAcid("GGGAAACCC", "RNA", pairs=((0, 8), (7, 1), (2, 6)), backbone=np.zeros((9, 15, 3)))
    part = acid.slice(1, 8)
    assert part.pairs == ((0, 6), (1, 5))
    assert part.backbone is not None
    assert part.backbone.shape == (7, 15, 3)
    assert acid.slice(0, 8).notes == ("1 pairs with bases outside the slice were dropped",)
    assert "without pairs, coordinates" in acid.reverse_complement().notes[0]


def test_dna_and_rna_are_told_apart_and_made_of_each_other() -> None:
    dna = NucleicAcid.from_sequence("acgTTn")
    assert (dna.kind, dna.sequence, dna.soft_masked, dna.strands) == ("dna", "ACGTTN", ((0, 3), (5, 6)), 2)
    rna = dna.transcribe()
    assert (rna.kind, rna.sequence, rna.strands) == ("rna", "ACGUUN", 1)
    assert rna.back_transcribe() == dna
    assert NucleicAcid.from_sequence("ACGU").kind == "rna"
    assert NucleicAcid.from_sequence("ACGU", "DNA").notes == ("U was read as T, as DNA is written",)
    assert set(NAMES) == set(LETTERS["dna"]) | set(LETTERS["rna"])


@pytest.mark.parametrize(
    ("text", "message", "position"),
    [
        ("ACGTXA", "'X' is no IUPAC letter of DNA", 4),
        ("MKTWLE", "this looks like a protein", 4),
        ("AC-GT", "is a gap", 2),
        ("ACGTU", "letters of DNA and of RNA", 4),
        ("  ", "an empty sequence", None),
    ],
)
def test_letters_that_are_none_are_refused_with_their_place(text: str, message: str, position: int | None) -> None:
    with pytest.raises(ParseError, match=message) as raised:
        NucleicAcid.from_sequence(text)
    assert raised.value.position == position


def test_fields_that_do_not_fit_are_refused() -> None:
    for fields, message in (
        ({"pairs": ((0, 3), (3, 1))}, "in two pairs"),
        ({"pairs": ((0, 4),)}, "does not lie within 4 bases"),
        ({"soft_masked": ((0, 3), (2, 4))}, "over each other"),
        ({"features": (Feature("gene", ((2, 5),)),)}, "past the 4 bases"),
        ({"modified": ((4, "PSU"),)}, "past the 4 bases"),
        ({"backbone": np.zeros((4, 3, 3))}, r"shape \(L, 15, 3\)"),
        ({"strands": 3}, "1 or 2 strands"),
        ({"kind": "protein"}, '"DNA" or "RNA"'),
    ):
        with pytest.raises(ParseError, match=message):
            NucleicAcid("ACGA", **fields)  # type: ignore[arg-type]
    with pytest.raises(ParseError, match="two whole numbers"):
        Feature("CDS", ((0.0, 3.0),))  # type: ignore[arg-type]
    with pytest.raises(UnsupportedError, match="no letter of DNA; is this RNA"):
        NucleicAcid("ACGU")
    from biomatrix.entities import Limits

    with pytest.raises(LimitError, match="bases_per_sequence"):
        NucleicAcid.from_sequence("ACGT", limits=Limits(bases_per_sequence=3))


def test_codons_are_read_where_all_their_readings_agree() -> None:
    for table in TABLES:
        code = genetic_code(table)
        assert len(code.amino_acids) == 64
        for amino_acid, codons in code.codons.items():
            assert all(code.read(codon) == code.read(codon.replace("T", "U")) == amino_acid for codon in codons)
    assert NucleicAcid("GTGAUGGGNNNN".replace("U", "T")).translate(11, start="M") == "MMGX"
    assert genetic_code(2).read("TGA") == "W"
    for missing in (7, 32, 33, "1", True):
        with pytest.raises(UnsupportedError, match="no genetic code"):
            genetic_code(missing)  # type: ignore[arg-type]


def test_dirty_coding_sequences_are_flagged_and_refused_only_where_exactness_is_asked() -> None:
    code = genetic_code(11)
    flags = code.flags("CCCTAANNNATGGCTAG"[:17])
    assert (flags.remainder, flags.start, flags.stop, flags.inner_stops, flags.ambiguous) == (
        2,
        False,
        False,
        (1,),
        (2,),
    )
    assert len(flags.sentences()) == 5
    assert code.flags("ATGAAATAA").clean
    assert code.exact_protein("GTGAAATAA") == "MK"
    for letters, position in (("ATGAAAT", 2), ("ATGTAAAAA", 1), ("ATGNNNTAA", 1)):
        with pytest.raises(UnsupportedError) as raised:
            code.exact_protein(letters)
        assert raised.value.position == position


def test_selenocysteine_and_pyrrolysine_only_where_asked() -> None:
    code = genetic_code(1)
    assert code.translate("ATGTGATAG", recoded={1: "U"}) == "MU*"
    with pytest.raises(UnsupportedError, match="codon 0 is ATG"):
        code.translate("ATGTGA", recoded={0: "U"})
    with pytest.raises(UnsupportedError, match="ask for recoding"):
        code.synonyms("O")
    assert code.synonyms("O", recode=True) == ("TAG",)


def test_open_frames_are_those_of_a_plain_search_and_cross_the_origin() -> None:
    rng = random.Random(6)
    code = genetic_code(11)
    for circular in (False, True):
        acid = NucleicAcid("".join(rng.choices("ACGT", k=301)), circular=circular)
        found = acid.orfs(11, shortest=5)
        assert found
        for one in found:
            read = code.translate(one.letters(acid.sequence, "dna"), start_as_m=True)
            assert read.startswith("M")
            assert read.find("*") == len(read) - 1 >= 5
        if circular:
            turned = acid.slice(150, 150)
            again = NucleicAcid(turned.sequence, circular=True).orfs(11, shortest=5)
            assert {one.letters(turned.sequence, "dna") for one in again} == {
                one.letters(acid.sequence, "dna") for one in found
            }
            assert any(len(one.intervals) == 2 for one in (*found, *again))
    with pytest.raises(UnsupportedError, match="always a stop"):
        NucleicAcid("ATGTAA").orfs(27)
