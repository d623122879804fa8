"""One task of each kind for the model: what is asked, with which entity, and what the answer is worth."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from rdkit.Chem.rdMolDescriptors import CalcExactMolWt

from biomatrix.entities import Entity, Molecule, Protein, compare
from biomatrix.errors import BioMatrixError
from biomatrix.generation import Answer, Model
from biomatrix.tasks import task, task_prompt

SAMPLES = 4
NUCLEUS = 0.95
LONGEST_CHAIN = 220
"""Longer chains are shown to the small model by their first residues only; its documents hold 512 tokens."""


@dataclass(frozen=True)
class Question:
    """A task to ask: what fills its template, an exact ``length``, and what the answer is held against."""

    task: str
    title: str
    values: dict[str, Any]
    length: int | None = None
    samples: int = 1
    reference: Entity | None = None
    expected: str = ""


@dataclass(frozen=True)
class Reply:
    """What the model answered: the prompt as parts, the answers, and what code says of each."""

    question: Question
    prompt: list[Any]
    answers: list[Answer]
    verdicts: list[str]
    error: str = ""


def gather_questions(entities: Sequence[Entity]) -> list[Question]:
    """Return one question of each kind, about the given entities where one is needed."""
    molecules = [entity for entity in entities if isinstance(entity, Molecule)]
    proteins = [entity for entity in entities if isinstance(entity, Protein)]
    questions = [
        Question("make_molecule_selfies", "Make molecules (SELFIES)", {}, samples=SAMPLES),
        Question("make_molecule_smiles", "Make molecules (SMILES)", {}, samples=SAMPLES),
        Question("make_molecule_structure", "Make molecules in 3D", {}, samples=SAMPLES),
        Question("molecule_from_name", "Make a molecule from a text", {"name": "benzoic acid"}, samples=SAMPLES),
    ]
    for molecule in molecules[-1:]:
        shown = (molecule, "molecule_selfies")
        questions += [
            Question("describe_molecule", "Describe a molecule", {"molecule": shown}),
            Question("predict_log_solubility", "Predict a property: log solubility", {"molecule": shown}),
            Question(
                "predict_weight",
                "Predict a property: molecular weight",
                {"molecule": shown},
                expected=f"{CalcExactMolWt(molecule.mol):.0f}, computed",
            ),
        ]
    for protein in proteins[:1]:
        questions += _protein_questions(shortened(protein))
    return questions


def _protein_questions(protein: Protein) -> list[Question]:
    questions = [
        Question(
            "fold_protein",
            "Propose a fold for a sequence",
            {"protein_sequence": (protein, "protein_sequence")},
            length=len(protein),
            samples=SAMPLES,
            reference=protein if protein.has_structure else None,
        )
    ]
    if protein.has_structure:
        questions.append(
            Question(
                "inverse_fold_protein",
                "Propose a sequence for a fold",
                {"protein_structure": (protein, "protein_structure")},
                length=len(protein),
                samples=SAMPLES,
                reference=protein,
            )
        )
    return questions


def shortened(protein: Protein) -> Protein:
    """Return the chain, or its first residues where it is longer than the small model reads."""
    if len(protein) <= LONGEST_CHAIN:
        return protein
    kept = slice(0, LONGEST_CHAIN)
    return replace(
        protein,
        sequence=protein.sequence[kept],
        backbone=None if protein.backbone is None else protein.backbone[kept],
        residue_numbers=None if protein.residue_numbers is None else protein.residue_numbers[kept],
        insertion_codes=None if protein.insertion_codes is None else protein.insertion_codes[kept],
        notes=(*protein.notes, f"shown by its first {LONGEST_CHAIN} of {len(protein)} residues"),
    )


def ask(model: Model, questions: Sequence[Question], seed: int, progress: Callable[[str], None]) -> list[Reply]:
    """Ask every question; one the model cannot be asked is a reply with an error."""
    replies = []
    for question in questions:
        progress(f"asking: {question.title}")
        replies.append(_ask_one(model, question, seed))
    return replies


def _ask_one(model: Model, question: Question, seed: int) -> Reply:
    prompt = task_prompt(question.task, question.values)
    output = task(question.task).output
    try:
        answers = model.generate(
            prompt,
            output=output,
            length=question.length,
            num_samples=question.samples,
            greedy=output is None,
            temperature=0.9,
            top_p=NUCLEUS,
            seed=seed,
        )
    except BioMatrixError as error:
        return Reply(question, prompt, [], [], str(error))
    return Reply(question, prompt, answers, [_judge(question, answer, output) for answer in answers])


def _judge(question: Question, answer: Answer, output: str | None) -> str:
    """Return what code can say of one answer: why it is invalid, or which checks it passed and how near it came."""
    if output is None:
        return f"expected: {question.expected}" if question.expected else ""
    if answer.entity is None:
        return f"not valid: {answer.error}"
    checks = [check for check in answer.checks if check.passed is not None]
    failed = [check.name for check in checks if not check.passed]
    parts = [f"{len(checks) - len(failed)} of {len(checks)} checks passed"]
    parts += [f"failed: {', '.join(failed)}"] if failed else []
    parts += [_against(question.reference, answer.entity)] if question.reference is not None else []
    return "; ".join(part for part in parts if part)


def _against(reference: Entity, entity: Entity) -> str:
    return f"against the native: {compare(reference, entity)}"
