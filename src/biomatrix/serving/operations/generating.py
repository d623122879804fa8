"""Operations that write: the general request, and the narrow forms of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from biomatrix.entities.comparison import compare
from biomatrix.entities.kind_registry import kind_of
from biomatrix.errors import ConfigurationError, UnsupportedError
from biomatrix.serving.answers import told_check
from biomatrix.serving.asking import answers_to, structure_modality, usual_modality
from biomatrix.serving.entities import open_entity
from biomatrix.serving.operations.operation import Operation
from biomatrix.serving.schemas.answers import AnswersTold
from biomatrix.serving.schemas.asking import (
    Choosing,
    DescribeAsked,
    Drawn,
    EditAsked,
    EditTold,
    FoldAsked,
    GenerateAsked,
    InverseFoldAsked,
)
from biomatrix.serving.task_questions import filled, question_about, question_between

if TYPE_CHECKING:
    from biomatrix.entities.base_entity import Entity
    from biomatrix.serving.schemas.entities import GivenEntity
    from biomatrix.serving.service import Service

_DRAWN: Final = tuple(Drawn.model_fields)
"""What every request says of how its answers are drawn."""


def drawn_as(asked: Choosing, **others: Any) -> GenerateAsked:
    """Return the general request that a narrow one means."""
    return GenerateAsked(**{name: getattr(asked, name) for name in _DRAWN}, **others)


def generate(service: Service, asked: GenerateAsked) -> AnswersTold:
    """Answer a request."""
    return answers_to(service, asked)[1]


def describe(service: Service, asked: DescribeAsked) -> AnswersTold:
    """Describe an entity in words, as the task of its kind asks it."""
    found = question_about(asked.entity.type, "description")
    if asked.words is not None:
        prompt: list[str | GivenEntity] = [f"{asked.words.strip()} ", asked.entity]
    elif found is not None:
        prompt = filled(found, [asked.entity], None)[0]
    else:
        prompt = ["Describe ", asked.entity]
    return generate(service, drawn_as(asked, prompt=prompt))


def fold(service: Service, asked: FoldAsked) -> AnswersTold:
    """Write the structure of an entity that is shown without one.

    A chain gets exactly its residues. What has no such size is written together with its graph, so that the structure
    is of that graph and no other.
    """
    entity = open_entity(asked.entity, service)
    kind = kind_of(entity)
    target = structure_modality(service, kind.name)
    source = kind.conditionals[0] if kind.conditionals is not None else _without_structure(service, entity)
    shown, prompt = _between(asked.entity, source, target, "Give the structure of ")
    size = kind.size(entity)
    settings: dict[str, Any] = {"output": target, "length": size}
    if size is None:
        settings = {"output": [source, target], "kept": shown}
    request = drawn_as(asked, prompt=prompt, constraints=asked.constraints, **settings)
    return answers_to(service, request, {id(shown): entity})[1]


def inverse_fold(service: Service, asked: InverseFoldAsked) -> AnswersTold:
    """Write a sequence for a structure, of exactly as many residues."""
    entity = open_entity(asked.entity, service)
    kind = kind_of(entity)
    if kind.conditionals is None:
        raise UnsupportedError(
            f"nothing is designed for the structure of a {kind.name}; its structure says all: convert it"
        )
    target, source = kind.conditionals
    if not entity.has_structure:
        raise UnsupportedError(
            f"the {kind.name} has no coordinates to design for; give a structure file", file="entity"
        )
    shown, prompt = _between(asked.entity, source, target, "Write a sequence for ")
    request = drawn_as(asked, prompt=prompt, output=target, length=kind.size(entity), constraints=asked.constraints)
    return answers_to(service, request, {id(shown): entity})[1]


def edit(service: Service, asked: EditAsked) -> EditTold:
    """Change an entity as words say, and tell what it still shares with the one that was given."""
    entity = open_entity(asked.entity, service)
    request = drawn_as(
        asked,
        prompt=[f"{asked.words.strip()} ", asked.entity],
        output=asked.output or usual_modality(service, asked.entity, entity),
        length=asked.length,
        constraints=asked.constraints,
    )
    answers, told = answers_to(service, request, {id(asked.entity): entity})
    changes = [[] if one.entity is None else _changes(entity, one.entity) for one in answers]
    return EditTold(**dict(told), changes=changes)


def _changes(entity: Entity, edited: Entity) -> list[Any]:
    return [told_check(one) for one in compare(entity, edited)] if entity.kind == edited.kind else []


def _without_structure(service: Service, entity: Entity) -> str:
    """Return the modality in which an entity is shown without its coordinates."""
    name = service.model.vocabulary.default_modality(entity)
    if service.model.vocabulary.modality(name).needs_structure:
        raise ConfigurationError(f"{service.model.name} shows no {entity.kind} without its coordinates")
    return name


def _between(given: GivenEntity, source: str, target: str, words: str) -> tuple[GivenEntity, list[str | GivenEntity]]:
    """Return an entity as one modality shows it, and the prompt of the task that asks for another of it."""
    task = question_between(source, target)
    if task is None:
        shown = given.model_copy(update={"modality": source})
        return shown, [words, shown]
    prompt, (shown,) = filled(task, [given], None)
    return shown, prompt


_CHAIN: Final = {"type": "protein", "sequence": "MKTAYIAKQRQISFVKSHFSRQ"}
_BACKBONE: Final = (
    "<|prot_3d_start|>" + "".join(f"<S {code}>" for code in (240, 8, 4, 8, 8, 4, 8, 4)) + "<|prot_3d_end|>"
)

OPERATIONS: Final = (
    Operation(
        "generate",
        "Ask the model in words, with molecules and proteins in the request; get typed, checked answers.",
        GenerateAsked,
        AnswersTold,
        generate,
        {"prompt": "Make a molecule as SELFIES.", "output": "molecule_selfies", "length": [4, 16], "seed": 1},
        generates=True,
    ),
    Operation(
        "describe",
        "Describe a molecule, a protein or another entity in words.",
        DescribeAsked,
        AnswersTold,
        describe,
        {"entity": {"type": "molecule", "smiles": "CC(=O)O"}, "max_new_tokens": 24},
        generates=True,
    ),
    Operation(
        "fold",
        "Propose the structure of a sequence, residue for residue, or the conformer of a molecule.",
        FoldAsked,
        AnswersTold,
        fold,
        {"entity": _CHAIN},
        generates=True,
    ),
    Operation(
        "inverse_fold",
        "Propose a sequence for a structure, of exactly as many residues.",
        InverseFoldAsked,
        AnswersTold,
        inverse_fold,
        {"entity": {"type": "protein", "tokens": _BACKBONE}, "samples": 2},
        generates=True,
    ),
    Operation(
        "edit",
        "Change a molecule or another entity as words say, under constraints such as a required substructure.",
        EditAsked,
        EditTold,
        edit,
        {
            "entity": {"type": "molecule", "smiles": "CC(=O)O"},
            "words": "Add a hydroxyl group to",
            "constraints": ["contains=CO"],
            "length": [3, 12],
        },
        generates=True,
    ),
)
