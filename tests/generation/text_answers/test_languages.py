"""Languages of answers: exactly the strings they name, no state from which none can be completed."""

from __future__ import annotations

import re
from decimal import Decimal

import numpy as np
import pytest
from rdkit import Chem
from rdkit.Chem.rdMolDescriptors import CalcMolFormula

from biomatrix.errors import BioMatrixError, ConfigurationError, ParseError
from biomatrix.generation.text_answers.choices import Choices, YesNo
from biomatrix.generation.text_answers.formula import SYMBOLS, MolecularFormula
from biomatrix.generation.text_answers.labels import MOST, EcLanguage, EcNumber, Labels
from biomatrix.generation.text_answers.language import Language, contains
from biomatrix.generation.text_answers.numbers import Number


def every_string(language: Language, longest: int) -> set[str]:
    """Return every string of up to so many bytes; fails where a state leads nowhere."""
    found, pending = set(), [(language.start, b"")]
    while pending:
        state, text = pending.pop()
        following = language.following(state)
        assert following or language.accepts(state), text
        assert set(following) <= language.alphabet
        if language.accepts(state):
            found.add(text.decode())
        if len(text) < longest:
            pending += [(after, text + bytes([byte])) for byte, after in following.items()]
    return found


def spellings(low: str, high: str, decimals: int) -> set[str]:
    """Return every way to write the numbers of a range, by counting through it."""
    found, step = set(), Decimal(1).scaleb(-decimals)
    number = Decimal(low)
    while number <= Decimal(high):
        for places in range(decimals + 1):
            text = f"{number:.{places}f}"
            if (Decimal(text) == number and not text.startswith("-0")) or (Decimal(text) == number and number != 0):
                found.add(text)
        number += step
    return found


@pytest.mark.parametrize(
    ("low", "high", "decimals"),
    [("0", "9", 0), ("-12", "105", 0), ("0.5", "2.25", 2), ("-1.5", "1.5", 1), ("-20", "-7", 1), ("99", "101", 1),
     ("0.1", "0.3", 2), ("-0.3", "0", 1), ("7", "7", 0), ("998.5", "1001", 1), ("100", "212.5", 1),
     ("-345", "-123", 0)],
)  # fmt: skip
def test_numbers_are_those_of_the_range(low: str, high: str, decimals: int) -> None:
    number = Number(float(low), float(high), decimals)
    strings = every_string(number.language(), 8)
    assert strings == spellings(low, high, decimals)
    for text in strings:
        assert number.value(text) == float(text)


def test_units_stand_behind_numbers() -> None:
    number = Number(1, 12, 0, "kcal/mol")
    assert every_string(number.language(), 14) == {f"{n} kcal/mol" for n in range(1, 13)}
    assert number.value("3 kcal/mol") == 3.0
    for text in ("3", "3kcal/mol", "13 kcal/mol", "x kcal/mol", "03"):
        with pytest.raises(ParseError):
            number.value(text)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (Number(decimals=4), "-123456789012.0001"),
        (Number(100_000_000, 987_654_321_012, 4), "345678901234.0001"),
        (Number(-987_654_321_012, -100_000_000), "-345678901234"),
    ],
)
def test_numbers_of_many_digits_have_few_states(number: Number, text: str) -> None:
    language = number.language()
    seen, pending = {language.start}, [language.start]
    while pending:
        for after in language.following(pending.pop()).values():
            if after not in seen:
                seen.add(after)
                pending.append(after)
    assert len(seen) < 500
    assert contains(language, text)
    assert not contains(language, "1234567890123")


@pytest.mark.parametrize(
    ("text", "expected"),
    [("0..10", Number(0, 10)), ("-5..5,2,kcal/mol", Number(-5, 5, 2, "kcal/mol")), ("..5", Number(None, 5)),
     ("0.5..,1", Number(0.5, None, 1)), ("-1.5..-0.5,1", Number(-1.5, -0.5, 1))],
)  # fmt: skip
def test_numbers_are_typed(text: str, expected: Number) -> None:
    assert Number.parse(text) == expected


@pytest.mark.parametrize(
    "text", ["", "5", "a..b", "5..3", "0.2..0.3", "0..1,99", "0..inf", "nan..1", "1...2", "0..1e40"]
)
def test_what_is_no_range_of_numbers_is_refused(text: str) -> None:
    with pytest.raises(BioMatrixError):
        Number.parse(text)


def test_choices_are_the_words() -> None:
    choices = Choices(["toxic", "harmless", "toxic to fish", "öko"])
    assert every_string(choices.language(), 20) == set(choices.options)
    assert choices.value("toxic") == "toxic"
    with pytest.raises(ParseError, match="none of toxic"):
        choices.value("tox")
    assert Choices.parse("a | b|a") == Choices(["a", "b"])
    for wrong in ([], [""], [" a"], "ab", [3]):
        with pytest.raises(ConfigurationError):
            Choices(wrong)  # type: ignore[arg-type]


def test_yes_or_no() -> None:
    assert every_string(YesNo().language(), 9) == {"Yes", "No"}
    assert (YesNo().value("Yes"), YesNo().value("No")) == (True, False)
    with pytest.raises(ParseError):
        YesNo.parse("maybe")


SMILES = ["CCO", "C", "O", "Cn1cnc2c1c(=O)n(C)c(=O)n2C", "[Na+].[Cl-]", "OS(=O)(=O)O", "ClC(Cl)(Cl)Cl", "N", "BrBr",
          "CC(=O)Oc1ccccc1C(=O)O", "[U]", "F[Xe]F", "[Ca+2].[O-]C([O-])=O", "[SiH4]", "O=C=O", "[Co]"]  # fmt: skip


@pytest.mark.parametrize("smiles", SMILES)
def test_formulas_of_molecules_are_formulas(smiles: str) -> None:
    formula = CalcMolFormula(Chem.MolFromSmiles(smiles))
    assert contains(MolecularFormula().language(), formula), formula


@pytest.mark.parametrize(
    "text", ["", "C1", "C0", "HC", "OC", "CHC", "H2C", "C01", "CO2H", "XX", "C1000", "c", "ClC", "O2H2"]
)
def test_what_is_no_formula_is_none(text: str) -> None:
    with pytest.raises(ParseError):
        MolecularFormula().value(text)


def test_random_formulas_are_in_hill_order() -> None:
    language, generator = MolecularFormula().language(), np.random.default_rng(0)
    for _ in range(300):
        state, text = language.start, b""
        while not (language.accepts(state) and generator.random() < 0.3):
            options = list(language.following(state).items())
            assert options or language.accepts(state)
            if not options:
                break
            byte, state = options[int(generator.integers(len(options)))]
            text += bytes([byte])
        parts = [(s, int(n or 1)) for s, n in re.findall(r"([A-Z][a-z]?)(\d*)", text.decode())]
        symbols = [symbol for symbol, _ in parts]
        assert set(symbols) <= set(SYMBOLS)
        hill = (["C"] + (["H"] if "H" in symbols else []) if "C" in symbols else []) + sorted(
            s for s in symbols if "C" not in symbols or s not in ("C", "H")
        )
        assert symbols == hill
        assert "".join(s + (str(n) if n > 1 else "") for s, n in parts) == text.decode()


EC = re.compile(r"[1-7]\.(-\.-\.-|[1-9]\d{0,2}\.(-\.-|[1-9]\d{0,2}\.(-|n?[1-9]\d{0,2})))", re.ASCII)


def test_ec_numbers_are_those_of_the_nomenclature() -> None:
    strings = every_string(EcLanguage(), 7)
    assert all(EC.fullmatch(text) for text in strings)
    assert {"1.-.-.-", "4.2.1.-", "7.1.1.9", "2.7.-.-"} <= strings
    wish = EcNumber()
    for text in ("2.7.11.1; 2.7.12.2", "6.3.4.n1", "1.14.14.154; 4.2.1.-"):
        assert wish.value(text) == text
    for text in ("", "1.1.1", "8.1.1.1", "1.-.1.1", "1.01.1.1", "1.1.1.1;2.1.1.1", "1.1.1.1; ", "1.1.1.n", "EC 1.1.1"):
        with pytest.raises(ParseError):
            wish.value(text)
    with pytest.raises(ParseError):
        EcNumber.parse("1.1.1.1")


def test_lists_of_labels_are_those_of_the_set() -> None:
    wish = Labels.parse("lung|skin of body")
    strings = every_string(wish.language(), 14)
    assert strings == {"lung", "skin of body", "lung; lung"}
    assert wish.value("lung; skin of body") == "lung; skin of body"
    assert all(wish.language().may_hold(piece) for piece in (b"; ", b"n of", b"g; sk", b" body", b";"))
    assert not wish.language().may_hold(b"liver")
    with pytest.raises(ParseError):
        wish.value("; ".join(["lung"] * (MOST + 1)))
    for options in ("", "a;b", "a||b"):
        with pytest.raises(ConfigurationError):
            Labels.parse(options)
