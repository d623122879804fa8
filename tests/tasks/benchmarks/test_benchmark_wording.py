"""Questions of benchmarks: every placeholder filled, molecules in the notation asked for, requests from facts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from biomatrix.entities import Molecule, Protein
from biomatrix.errors import ConfigurationError
from biomatrix.tasks.benchmarks.benchmark import Benchmark
from biomatrix.tasks.benchmarks.examples import Example
from biomatrix.tasks.benchmarks.loading import load_examples
from biomatrix.tasks.benchmarks.notations import in_notation, written_as
from biomatrix.tasks.benchmarks.registry import benchmark
from biomatrix.tasks.benchmarks.sample_data import sample_folder
from biomatrix.tasks.benchmarks.wording import question_parts, shown_as

ETHANOL = Molecule.from_smiles("CCO")


def asked(prompts: tuple[str, ...], **changes: object) -> Benchmark:
    known = benchmark("mol_name_i2s")
    return replace(known, task=replace(known.task, prompts=prompts), **changes)


def test_a_molecule_is_shown_and_asked_for_in_the_notation() -> None:
    example = Example("0", {"molecule": ETHANOL, "name": "ethanol"})
    for notation in ("smiles", "selfies"):
        wording = question_parts(asked(("Is {molecule} {name}?",)), example, notation)
        assert wording.prompt == ("Is ", (ETHANOL, f"molecule_{notation}"), " ethanol?")
        assert wording.output == f"molecule_{notation}"


def test_a_placeholder_or_the_value_says_the_modality_of_an_entity() -> None:
    chain = Protein("MK")
    assert shown_as(chain, "protein_sequence", "selfies") == (chain, "protein_sequence")
    assert shown_as(chain, "protein", "selfies") is chain
    assert shown_as((ETHANOL, "molecule_smiles"), "ligand", "selfies") == (ETHANOL, "molecule_selfies")
    assert shown_as((ETHANOL, "molecule_structure"), "ligand", "selfies") == (ETHANOL, "molecule_structure")
    assert in_notation("molecule_selfies", "smiles") == "molecule_smiles"
    assert written_as("protein", "smiles") is None
    with pytest.raises(ConfigurationError, match="no notation 'inchi'"):
        written_as("molecule", "inchi")


def test_a_prompt_is_the_first_one_by_number_or_drawn_by_a_seed() -> None:
    wordy = asked(tuple(f"{number} {{name}}" for number in range(20)))
    example = Example("7", {"name": "x"})
    assert question_parts(wordy, example).prompt == ("0 x",)
    assert question_parts(wordy, example, paraphrase=23).prompt == ("3 x",)
    drawn = {question_parts(wordy, Example(str(key), {"name": "x"}), seed=1).prompt for key in range(100)}
    assert len(drawn) > 15
    assert question_parts(wordy, example, seed=1).prompt == question_parts(wordy, example, seed=1).prompt


def test_lengths_and_constraints_come_from_facts() -> None:
    wordy = asked(("{name}",), length="{residues}", constraints=("atoms={atoms}", "rings={rings}"))
    example = Example("0", {"name": "x"}, facts={"residues": 12, "atoms": 3, "rings": None})
    wording = question_parts(wordy, example)
    assert (wording.length, wording.constraints) == (12, ("atoms=3",))
    with pytest.raises(ConfigurationError, match="'residues', which an example lacks"):
        question_parts(wordy, Example("0", {"name": "x"}))
    with pytest.raises(ConfigurationError, match="no whole number"):
        question_parts(wordy, Example("0", {"name": "x"}, facts={"residues": "many"}))
    with pytest.raises(ConfigurationError, match="no value for"):
        question_parts(wordy, Example("0", {}, facts={"residues": 1}))


def test_an_answer_of_a_known_set_is_held_to_it() -> None:
    known = benchmark("prot_subcell_loc")
    folder = sample_folder(known.data)
    example = next(row for row in load_examples(known.data, folder) if isinstance(row, Example))
    wording = question_parts(known, example)
    assert wording.constraints == ("choices=cytoplasm|extracellular|membrane|nucleus",)
    untold = replace(example, facts={"locations": None})
    assert question_parts(known, untold).constraints == ()
    assert question_parts(benchmark("prot_fold_fold"), example).constraints == ("number=0..1194",)
