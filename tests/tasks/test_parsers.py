"""Answers become values, or errors that say what was found; hostile text never becomes anything else."""

from __future__ import annotations

import math
import time
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from biomatrix.entities import Molecule, modality
from biomatrix.errors import BioMatrixError, ConfigurationError, LimitError, ParseError
from biomatrix.tasks import metric, task
from biomatrix.tasks.parsers import LONGEST_ANSWER, PARSERS, Expected, parse_answer

EXPECTED = Expected("mol/L", ("membrane-bound", "soluble"), "molecule_smiles")


@given(st.floats(-1e6, 1e6), st.sampled_from(["{}", "about {} mol/L", "{}mol/L.", " {}\n", "The value is {}."]))
def test_a_written_number_is_read_back(value: float, words: str) -> None:
    assert parse_answer("number", words.format(f"{value:.3f}"), EXPECTED) == round(value, 3)
    assert parse_answer("number", words.format(f"{value:.3e}"), EXPECTED) == float(f"{value:.3e}")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", "no number"),
        ("none", "no number"),
        ("between 1 and 2", "2 numbers"),
        ("1.2.3", "may follow"),
        ("-3.3 g/L", "g/L"),
        ("12 apples", "apples"),
        ("1e999", "finite"),
        ("nan", "no number"),
        ("-inf", "no number"),
        ("\u0663", "no number"),
        ("H2O", "no number"),
        ("1" * 5000, "may follow"),
    ],
)
def test_what_is_not_one_number_is_refused_with_what_was_found(text: str, found: str) -> None:
    with pytest.raises(ParseError, match=found):
        parse_answer("number", text, EXPECTED)


def test_a_unit_with_a_number_in_it_a_thousands_comma_and_a_true_minus_are_read() -> None:
    assert parse_answer("number", "5 kJ mol-1", Expected("kJ mol-1")) == 5
    assert parse_answer("number", "1,234,567.5", Expected()) == 1234567.5
    assert parse_answer("number", "\u22123.1", Expected()) == -3.1


@given(st.sampled_from(sorted(PARSERS)), st.text(max_size=300))
@settings(max_examples=300, deadline=None)
def test_any_text_is_a_value_or_a_named_error(parser: str, text: str) -> None:
    try:
        value = parse_answer(parser, text, EXPECTED)
    except BioMatrixError:
        return
    assert not isinstance(value, float) or math.isfinite(value)
    if parser == "choice":
        assert value in EXPECTED.choices
    if parser == "entity":
        assert isinstance(value, Molecule)


@pytest.mark.parametrize("parser", ["text", "number", "yes_no", "choice"])
@pytest.mark.parametrize("piece", ["1", "1 ", "1,111", "-", ".", "yes ", "soluble ", "(", "\x00", "1e"])
def test_long_text_takes_no_long_time_and_longer_text_is_refused(parser: str, piece: str) -> None:
    text = piece * (LONGEST_ANSWER // len(piece))
    started = time.monotonic()
    with suppress(ParseError):
        parse_answer(parser, text, EXPECTED)
    assert time.monotonic() - started < 5
    with pytest.raises(ParseError) as refused:
        parse_answer("choice", text.replace("soluble", "sol"), EXPECTED)
    assert len(refused.value.message) < 300
    with pytest.raises(LimitError, match="at most"):
        parse_answer(parser, text + piece * len(text), EXPECTED)


def test_yes_and_no_are_told_apart_from_both_and_neither() -> None:
    assert parse_answer("yes_no", "Yes.", Expected()) is True
    assert parse_answer("yes_no", "It is: NO", Expected()) is False
    with pytest.raises(ParseError, match="both"):
        parse_answer("yes_no", "yes and no", Expected())
    with pytest.raises(ParseError, match="neither"):
        parse_answer("yes_no", "know", Expected())


def test_a_choice_is_a_whole_word_and_the_longest_one() -> None:
    membrane = task("membrane_protein")
    assert membrane.parse("It is Membrane-Bound.") == "membrane-bound"
    with pytest.raises(ParseError, match="none of the choices"):
        membrane.parse("insoluble")
    with pytest.raises(ParseError, match="several"):
        membrane.parse("soluble or membrane-bound")
    assert parse_answer("choice", "cell membrane", Expected(choices=("membrane", "cell membrane"))) == "cell membrane"


@pytest.mark.parametrize("name", ["molecule_smiles", "molecule_selfies"])
def test_an_entity_is_read_with_or_without_its_control_pair(name: str) -> None:
    molecule = Molecule.from_smiles("CCO")
    one = modality(name)
    text = "".join(one.encode(molecule))
    for written in (text, f"{one.start_token}{text}{one.end_token}", f" {text}\n"):
        found = parse_answer("entity", written, Expected(modality=name))
        assert isinstance(found, Molecule)
        assert found.smiles == molecule.smiles


def test_unknown_parsers_and_metrics_are_named() -> None:
    with pytest.raises(ConfigurationError, match="no parser 'json'"):
        parse_answer("json", "{}", Expected())
    with pytest.raises(ConfigurationError, match="no metric 'charm'"):
        metric("charm")


def test_metrics_count_an_answer_without_a_value_as_wrong_and_average_errors_over_the_others() -> None:
    assert metric("mean_absolute_error").score([1.0, None, 4.0], [2.0, 9.0, 2.0]) == 1.5
    assert math.isnan(metric("mean_absolute_error").score([None], [1.0]))
    assert metric("exact_match").score(["Ethanol ", None], ["ethanol", "water"]) == 0.5
    assert metric("accuracy").score([True, None, False, False], [True, True, False, True]) == 0.5
    assert metric("validity").score(["x", None], []) == 0.5
    with pytest.raises(ConfigurationError, match="2 answers and 1 expected"):
        metric("accuracy").score([True, False], [True])
