"""Text: the number asked for, things mentioned, segments."""

from __future__ import annotations

from biomatrix.trust.text_checks import AskedNumber, check_mentions, check_number, check_segments


def test_a_number_counts_in_any_unit_that_converts() -> None:
    with_unit, in_range = check_number("It takes 41.84 kJ/mol.", AskedNumber("kcal/mol", 0, 20))
    assert with_unit.passed
    assert round(with_unit.value or 0.0, 3) == 10.0
    assert in_range.passed


def test_a_number_without_its_unit_is_a_fault() -> None:
    with_unit, in_range = check_number("It takes 12 at 300 K.", AskedNumber("kcal/mol"))
    assert with_unit.passed is False
    assert "12 (no unit), 300 K" in with_unit.detail
    assert in_range.passed is None


def test_a_number_out_of_range_is_a_fault() -> None:
    number, in_range = check_number("log S = -55", AskedNumber(low=-15, high=3))
    assert number.passed
    assert in_range.passed is False
    assert in_range.detail == "expected -15 to 3"


def test_words_that_look_like_entities_must_be_ones() -> None:
    (sound,) = check_mentions("Ibuprofen, CC(C)Cc1ccc(cc1)C(C)C(=O)O, relieves pain.")
    assert (sound.name, sound.passed) == ("molecules mentioned exist", True)
    (broken,) = check_mentions("It is C1CC(=O)C=C.")
    assert broken.passed is False
    (chain,) = check_mentions("The peptide MKTAYIAKQRQISFVKSHFSRQ binds.")
    assert (chain.name, chain.passed) == ("proteins mentioned exist", True)


def test_prose_mentions_nothing() -> None:
    prose = "S-adenosyl-L-methionine (SAM) of class [CoA], 2-oxo(4)acid, (R)-3-hydroxy; an RNA-binding PROTEIN, pH 7."
    assert check_mentions(prose) == []


def test_segments_are_balanced_and_decode() -> None:
    assert check_segments(0, []) == []
    balanced, decoded = check_segments(1, ["the molecule_smiles segment is not closed"])
    assert balanced.passed is False
    assert decoded.passed is False
    balanced, decoded = check_segments(1, ["unclosed ring"])
    assert balanced.passed
    assert decoded.passed is False


def test_a_number_whose_unit_the_question_names_needs_none() -> None:
    asked = AskedNumber("g/mol", 1, bare=True)
    assert [check.passed for check in check_number("94", asked)] == [True, True]
    assert [check.passed for check in check_number("0.094 kg/mol", asked)] == [True, True]
    assert [check.passed for check in check_number("94 nm", asked)] == [False, None]
    assert [check.passed for check in check_number("-94", asked)] == [True, False]
    (unit, _) = check_number("-3.1 log mol/L", AskedNumber("log mol/L"))
    assert unit.passed
