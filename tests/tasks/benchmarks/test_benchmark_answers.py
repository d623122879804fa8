"""Answers to benchmarks: a gold answer reads back, a hedged or broken one is a fault, and nothing raises."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from biomatrix.entities import Molecule
from biomatrix.errors import ConfigurationError
from biomatrix.tasks import Task
from biomatrix.tasks.benchmarks.answers import gold_answer, prediction_of
from biomatrix.tasks.benchmarks.benchmark import Benchmark, DataSet, MetricUse, Source
from biomatrix.tasks.benchmarks.examples import UNREADABLE, Example

OPTIONS = {"A": "It is a dye.", "B": "It is a drug."}
QUESTION = Example("0", {}, ("B",), facts={"options": OPTIONS})


def benchmark(parser: str, output: str | None = None, answer: str = "{answer}", **task: object) -> Benchmark:
    return Benchmark(
        Task("asked", ("Ask.",), answer, output, parser=parser, **task),  # type: ignore[arg-type]
        title="", domain="molecule", modality="1d", category="", dataset="",
        data=DataSet(Source("none", licence="none"), "table", "none"),
        judge="smolinstruct.names", metrics=(MetricUse("em", True),),
    )  # fmt: skip


MOLECULE = benchmark("entity", "molecule_smiles", "{molecule_smiles}")
SEQUENCE = benchmark("entity", "protein_sequence", "{protein_sequence}")


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("<|mol_smi_start|>CCO<|mol_smi_end|><|im_end|>", "CCO"),
        ("<think>either CCO or CCN</think>\nCCO", "CCO"),
        ("The product is <SMILES> CC(=O)O </SMILES>.", "CC(=O)O"),
        ("```smiles\nCCO\n```", "CCO"),
        ("`OCC`", "OCC"),
        ("C1CC", "C1CC"),  # the judge says whether it is a molecule
    ],
)
def test_a_molecule_is_read_from_between_marks_or_as_the_whole_answer(raw: str, text: str) -> None:
    prediction = prediction_of(MOLECULE, raw)
    assert (prediction.text, prediction.fault, prediction.stated) == (text, "", text)


@pytest.mark.parametrize(
    "raw",
    [
        "<think><|mol_smi_start|>CCO<|mol_smi_end|>",
        "<|im_end|><|mol_smi_start|>CCO<|mol_smi_end|>",
        "<|endoftext|>CCO",
    ],
)
def test_what_is_not_said_to_the_reader_is_no_answer(raw: str) -> None:
    prediction = prediction_of(MOLECULE, raw)
    assert (prediction.text, prediction.fault) == ("", "an empty answer")


def test_what_follows_the_end_of_the_turn_does_not_count() -> None:
    assert prediction_of(benchmark("yes_no"), "Yes<|im_end|><|im_start|>user\nNo?").text == "Yes"


@pytest.mark.parametrize(
    "raw",
    [
        "CCO or CCN",
        "CC O",
        "It is not <|mol_smi_start|>CCO<|mol_smi_end|>",
        "<|mol_smi_start|>CCO<|mol_smi_end|> or <|mol_smi_start|>CCN<|mol_smi_end|>",
        "<|mol_smi_start|>CCO",
        "CCO<|mol_smi_end|>",
        "<SMILES> CCO </SMILES> <SELFIES> [C] </SELFIES>",
        "<|mol_smi_end|>CCO<|mol_smi_start|>",
        "C" * 200_000,
        "C1CC1" * 401,
    ],
)
def test_what_leaves_open_which_molecule_is_meant_is_a_fault(raw: str) -> None:
    prediction = prediction_of(MOLECULE, raw)
    assert prediction.fault
    assert prediction.stated == UNREADABLE
    assert prediction.text


def test_an_answer_in_selfies_becomes_smiles() -> None:
    raw = "<|mol_sfi_start|>[C][C][O]<|mol_sfi_end|>"
    assert prediction_of(MOLECULE, raw, notation="selfies").text == "CCO"
    assert prediction_of(MOLECULE, "[C][Nope]", notation="selfies").stated == UNREADABLE
    assert prediction_of(MOLECULE, "CCO", notation="selfies").stated == UNREADABLE


def test_a_sequence_is_read_from_tokens_letters_or_the_entity() -> None:
    tokens = "<|prot_aa_start|><A M><A K><|prot_aa_end|>"
    assert prediction_of(SEQUENCE, tokens).text == prediction_of(SEQUENCE, "MK").text == "MK"
    assert prediction_of(SEQUENCE, "", prediction_of(SEQUENCE, "MK").entity).text == "MK"
    assert prediction_of(SEQUENCE, "<A M>K").fault


def test_an_entity_without_text_is_written_by_its_kind() -> None:
    assert prediction_of(MOLECULE, "", Molecule.from_smiles("OCC")).text == "CCO"


@pytest.mark.parametrize(
    ("parser", "raw", "text"),
    [
        ("number", "logS = -3.10", "-3.1"),
        ("number", "<NUMBER> 2e-3 </NUMBER>", "0.002"),
        ("yes_no", "No, it is soluble.", "No"),
        ("yes_no", "<BOOLEAN> Yes </BOOLEAN>", "Yes"),
        ("yes_no", "Answer: true", "Yes"),
        ("formula", "<MOLFORMULA> C5H14NO+ </MOLFORMULA>", "C5H14NO+"),
        ("name", "<IUPAC> acetic  acid </IUPAC>", "acetic acid"),
        ("labels", "nucleus; membrane", "nucleus; membrane"),
        ("option", "(B) It is a drug.", "B"),
        ("option", "it is a drug", "B"),
        ("text", "  A sweet\nsolid. ", "A sweet\nsolid."),
    ],
)
def test_text_is_read_into_the_official_notation(parser: str, raw: str, text: str) -> None:
    assert prediction_of(benchmark(parser), raw, example=QUESTION).stated == text


@pytest.mark.parametrize(
    ("parser", "raw"),
    [
        ("number", "not -3.1"),
        ("number", "-3.1 or -4"),
        ("number", "less than 3"),
        ("number", "minus 3"),
        ("number", "nan"),
        ("yes_no", "Yes or no"),
        ("yes_no", "No doubt it is toxic"),
        ("yes_no", "It is, yes"),
        ("formula", "C9H8O4zz"),
        ("formula", "C5H14NO++"),
        ("name", "ethanol\npropanol"),
        ("labels", "nucleus; ; membrane"),
        ("option", "A or B"),
        ("option", "B. It is a dye."),
        ("option", "C"),
    ],
)
def test_text_that_states_no_one_value_is_a_fault(parser: str, raw: str) -> None:
    prediction = prediction_of(benchmark(parser), raw, example=QUESTION)
    assert prediction.fault
    assert prediction.stated == UNREADABLE


def test_a_choice_is_the_whole_answer() -> None:
    where = benchmark("choice", choices=("Soluble", "Insoluble"))
    assert prediction_of(where, "The answer is soluble.").stated == "Soluble"
    assert prediction_of(where, "not soluble").fault


def test_an_empty_answer_is_empty_whatever_is_asked() -> None:
    for asked in (MOLECULE, SEQUENCE, *map(benchmark, ("text", "number", "yes_no", "labels"))):
        for raw in ("", "  ", "<|im_end|>", "<think>hm</think>"):
            assert (prediction_of(asked, raw).stated, bool(prediction_of(asked, raw).fault)) == ("", True)


def test_gold_answers_are_written_as_a_model_would_and_read_back() -> None:
    example = Example("0", {}, ("OCC",))
    for notation, written in (("smiles", "<|mol_smi_start|>CCO<|mol_smi_end|>"), ("selfies", "[C][C][O]")):
        gold = gold_answer(MOLECULE, example, notation)
        assert gold is not None
        assert written in gold
        assert prediction_of(MOLECULE, gold, notation=notation).text == "CCO"
    assert gold_answer(benchmark("number", answer="{value} mol/L"), Example("0", {}, ("-1",))) == "-1 mol/L"
    assert gold_answer(MOLECULE, Example("0", {}, facts={"gold": "C"})) == "<|mol_smi_start|>C<|mol_smi_end|>"
    assert gold_answer(MOLECULE, Example("0", {})) is None


def test_a_benchmark_that_asks_for_nothing_known_is_refused() -> None:
    for asked, fault in ((benchmark("oracle"), "no parser 'oracle'"), (benchmark("entity"), "needs an output")):
        with pytest.raises(ConfigurationError, match=fault):
            prediction_of(asked, "yes")


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=60), st.sampled_from(("smiles", "selfies")))
def test_no_text_raises(raw: str, notation: str) -> None:
    for asked in (MOLECULE, SEQUENCE, *map(benchmark, ("number", "yes_no", "formula", "name", "labels", "option"))):
        prediction = prediction_of(asked, raw, notation=notation, example=QUESTION)
        assert prediction.stated == (UNREADABLE if prediction.fault and prediction.text else prediction.text)
