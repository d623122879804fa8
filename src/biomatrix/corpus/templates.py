"""The instruction tasks and their exact wording, used alike to train a model and to ask it.

A prompt is a string with placeholders. A placeholder named like a modality stands for an entity written in
it; ``{molecule}`` for a molecule in any modality it has; every other one for text, where a format such as
``:.2f`` means a number. A task's wording is part of what a model has learned: a changed prompt is a new
version.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from string import Formatter
from typing import TypeVar

from biomatrix.corpus.documents import PartItem
from biomatrix.errors import ConfigurationError

ItemT = TypeVar("ItemT", bound=PartItem)

ANY_MOLECULE = "molecule"


@dataclass(frozen=True)
class Task:
    """One instruction task.

    Parameters
    ----------
    name : str
        A stable name.
    prompts : tuple of str
        Paraphrases; the first is the one to ask with.
    answer : str
        What is learned.
    output : str or None
        The modality of the answer, None for text.
    version : int
        Raised when the wording changes.
    """

    name: str
    prompts: tuple[str, ...]
    answer: str
    output: str | None = None
    version: int = 1

    @cached_property
    def needs(self) -> frozenset[str]:
        """The placeholders of the answer and of all prompts."""
        return frozenset(name for text in (*self.prompts, self.answer) for name in placeholders(text))


def placeholders(text: str) -> list[str]:
    """Return the names of a template's placeholders, in order."""
    return [name for _, name, _, _ in Formatter().parse(text) if name]


def fill(template: str, values: Mapping[str, ItemT]) -> list[str | ItemT]:
    """Return a template's text and values in order, neighbouring text joined.

    Raises
    ------
    ConfigurationError
        A placeholder has no value.
    """
    items: list[str | ItemT] = []
    for literal, name, form, _ in Formatter().parse(template):
        if literal:
            _append(items, literal)
        if name is None:
            continue
        if name not in values:
            raise ConfigurationError(f"no value for {{{name}}} of {template!r}")
        value = values[name]
        _append(items, format(float(value), form) if form and isinstance(value, str) else value)
    return items


def _append(items: list[str | ItemT], item: str | ItemT) -> None:
    last = items[-1] if items else None
    if isinstance(item, str) and isinstance(last, str):
        items[-1] = last + item
    else:
        items.append(item)


def task_prompt(task: str, values: Mapping[str, ItemT] | None = None, paraphrase: int = 0) -> list[str | ItemT]:
    """Return the user turn of a task as a list of text and entities.

    Parameters
    ----------
    task : str
        A key of `TASKS`.
    values : mapping of str to item
        A value for each placeholder: text, an entity, or (entity, modality).
    paraphrase : int
        Which wording; the first by default.

    Examples
    --------
    >>> task_prompt("molecule_from_name", {"name": "ethanol"})
    ['Make ethanol.']
    """
    if task not in TASKS:
        raise ConfigurationError(f"no task {task!r}; known: {', '.join(TASKS)}")
    return fill(TASKS[task].prompts[paraphrase], values or {})


def _tasks(*tasks: Task) -> dict[str, Task]:
    return {task.name: task for task in tasks}


TASKS: dict[str, Task] = _tasks(
    Task(
        "describe_molecule",
        ("Describe {molecule}", "What is known about {molecule}", "Write a description of {molecule}"),
        "{description}",
    ),
    Task("name_molecule", ("Name {molecule}", "What is {molecule} called?"), "{name}"),
    Task(
        "molecule_from_description",
        ("Make a molecule: {description}", "Which molecule is this? {description}"),
        "{molecule_selfies}",
        "molecule_selfies",
    ),
    Task(
        "molecule_from_name",
        ("Make {name}.", "Draw {name}.", "What is the structure of {name}?"),
        "{molecule_selfies}",
        "molecule_selfies",
    ),
    Task(
        "make_molecule_selfies",
        ("Make a molecule as SELFIES.", "Write a molecule in SELFIES."),
        "{molecule_selfies}",
        "molecule_selfies",
    ),
    Task(
        "make_molecule_smiles",
        ("Make a molecule as SMILES.", "Write a molecule in SMILES."),
        "{molecule_smiles}",
        "molecule_smiles",
    ),
    Task(
        "make_molecule_structure",
        ("Make a molecule in 3D.", "Write a molecule with its 3D structure."),
        "{molecule_structure}",
        "molecule_structure",
    ),
    Task(
        "predict_log_solubility",
        ("Log solubility (mol/L) of {molecule}", "How soluble in water is {molecule}"),
        "{log_solubility:.2f}",
    ),
    Task(
        "predict_lipophilicity",
        ("Lipophilicity (logD at pH 7.4) of {molecule}", "How lipophilic is {molecule}"),
        "{lipophilicity:.2f}",
    ),
    Task(
        "predict_hydration",
        ("Hydration free energy (kcal/mol) of {molecule}", "How much energy does hydration give {molecule}"),
        "{hydration:.2f}",
    ),
    Task(
        "predict_weight",
        ("Molecular weight (g/mol) of {molecule}", "How heavy is {molecule}"),
        "{weight:.0f}",
    ),
    Task(
        "predict_donors",
        ("Hydrogen bond donors of {molecule}", "How many hydrogen bond donors has {molecule}"),
        "{donors}",
    ),
    Task(
        "predict_acceptors",
        ("Hydrogen bond acceptors of {molecule}", "How many hydrogen bond acceptors has {molecule}"),
        "{acceptors}",
    ),
    Task(
        "predict_tpsa",
        (
            "Polar surface area (square Angstrom) of {molecule}",
            "How large is the polar surface of {molecule}",
        ),
        "{tpsa:.0f}",
    ),
    Task(
        "embed_molecule",
        ("Give the 3D structure of {molecule_selfies}", "Embed {molecule_selfies}"),
        "{molecule_structure}",
        "molecule_structure",
    ),
    Task(
        "fold_protein",
        ("Fold {protein_sequence}", "Predict the structure of {protein_sequence}"),
        "{protein_structure}",
        "protein_structure",
    ),
    Task(
        "inverse_fold_protein",
        ("Write a sequence that folds into {protein_structure}", "Design a sequence for {protein_structure}"),
        "{protein_sequence}",
        "protein_sequence",
    ),
    Task("name_protein", ("Name {protein_sequence}", "What is the protein {protein_sequence}"), "{name}"),
    Task(
        "locate_protein",
        ("Where in the cell is {protein_sequence}", "Location of {protein_sequence}"),
        "{location}",
    ),
    Task(
        "membrane_protein",
        ("Membrane-bound or soluble? {protein_sequence}", "Is it in a membrane? {protein_sequence}"),
        "{membrane}",
    ),
    Task("answer_question", ("{question}",), "{answer}"),
)
"""Every task, by name. Prompts: the first wording is the one to ask with."""

MEASURED = frozenset({"log_solubility", "lipophilicity", "hydration"})
"""Fields that hold measured labels, a tenth of which is held out by molecule."""
