"""Questions as plain text: for models that know no tokens of entities, and for people who read the log."""

from __future__ import annotations

from collections.abc import Sequence

from biomatrix.entities.base_entity import Entity
from biomatrix.entities.base_modality import Modality
from biomatrix.entities.kind_registry import kind_of
from biomatrix.entities.modality_registry import modality
from biomatrix.errors import BioMatrixError, UnsupportedError
from biomatrix.evaluation.answering import Question
from biomatrix.tasks.benchmarks.notations import is_notation
from biomatrix.tasks.documents import PartItem


def question_text(question: Question) -> str:
    """Return a question for a model that reads text alone: molecules as SMILES or SELFIES, chains as residue letters.

    Raises
    ------
    UnsupportedError
        It shows coordinates, or wants them as the answer.
    """
    if question.output is not None and modality(question.output).needs_tokenizer:
        raise UnsupportedError(f"the answer is a {question.output}, which a model of text cannot write")
    return "".join(_written(part) for part in question.prompt)


def shown_prompt(prompt: Sequence[PartItem]) -> str:
    """Return a prompt as the log keeps it: structures, which no line of text holds, by what they are structures of."""
    return "".join(_shown(part) for part in prompt)


def _written(part: PartItem) -> str:
    if isinstance(part, str):
        return part
    entity, spelling = _with_modality(part)
    if spelling is None:
        return kind_of(entity).text(entity)
    if spelling.needs_structure:
        raise UnsupportedError(f"the question shows a {spelling.name}, which a model of text cannot read")
    return "".join(spelling.encode(entity)) if is_notation(spelling.name) else kind_of(entity).text(entity)


def _shown(part: PartItem) -> str:
    if isinstance(part, str):
        return part
    entity, spelling = _with_modality(part)
    if spelling is not None and spelling.needs_structure:
        return f"{{{spelling.name} of {kind_of(entity).text(entity)}}}"
    try:
        return _written(part)
    except BioMatrixError as error:
        return f"{{{error.message}}}"


def _with_modality(part: PartItem) -> tuple[Entity, Modality | None]:
    if isinstance(part, Entity):
        return part, None
    if isinstance(part, tuple) and len(part) == 2 and isinstance(part[0], Entity):
        return part[0], modality(str(part[1]))
    raise UnsupportedError(f"a question shows text and entities, not a {type(part).__name__}")
