"""From what is asked to answers: the same calls as the command line makes, under the limits of the server."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from biomatrix.entities.kind_registry import kind as kind_named
from biomatrix.entities.modality_registry import modality_class
from biomatrix.entities.slow_checks import further_checks_by
from biomatrix.errors import ConfigurationError
from biomatrix.generation.choosing import chosen_answer
from biomatrix.generation.confidence import with_evidence
from biomatrix.generation.lengths import ends_of
from biomatrix.generation.model import request_of
from biomatrix.generation.origins import calibration_doubts
from biomatrix.generation.soundness import by_checks
from biomatrix.serving.answers import told_answer, told_model
from biomatrix.serving.entities import shown_item, shown_modality
from biomatrix.serving.schemas.answers import AnswersTold
from biomatrix.serving.schemas.entities import GivenEntity
from biomatrix.serving.wishes import about_constraints, try_wishes
from biomatrix.trust.checking import checked_level

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from biomatrix.entities.base_entity import Entity
    from biomatrix.generation.answers import Answer
    from biomatrix.generation.requests import Request, Scorer
    from biomatrix.serving.schemas.asking import GenerateAsked
    from biomatrix.serving.service import Service
    from biomatrix.trust.calibration import Calibration
    from biomatrix.trust.text_checks import AskedNumber
    from biomatrix.vocabulary.tables import Item

Opened: TypeAlias = "Mapping[int, Entity]"
NONE_OPENED: Final[Opened] = {}


def request_for(
    service: Service, asked: GenerateAsked, opened: Opened = NONE_OPENED, number: AskedNumber | None = None
) -> Request:
    """Return the request that is asked.

    Parameters
    ----------
    service : Service
    asked : GenerateAsked
    opened : mapping of int to Entity
        Entities of the prompt that were read already, by the identity of what gave them.
    number : AskedNumber, optional
        The number that the answers should hold, where a task asks for one.

    Raises
    ------
    BioMatrixError
        An entity cannot be read, a limit of the server is broken, or the request makes no sense.
    """
    _check_limits(service, asked)
    try_wishes(service, asked.output, asked.length, asked.constraints)
    settings: dict[str, Any] = {
        "num_samples": asked.samples,
        "temperature": asked.temperature,
        "top_p": asked.top_p,
        "greedy": asked.greedy,
        "seed": asked.seed,
        "drafts": asked.drafts,
        "best_of": asked.best_of,
        "max_new_tokens": asked.max_new_tokens,
        "system": asked.system,
        "scorer": _scorer(asked),
        "constraints": asked.constraints,
        "number": number,
        "kept": None if asked.kept is None else _item(service, asked.kept, "kept", opened),
    }
    request = request_of(opened_parts(service, asked.prompt, "prompt", opened), asked.output, asked.length, **settings)
    most = ends_of(request.bounds)[1] if request.bounds is not None else None
    service.limits.check("new_tokens", most or 0, "length")
    return request


def answers_to(
    service: Service,
    asked: GenerateAsked,
    opened: Opened = NONE_OPENED,
    reference: Entity | None = None,
    number: AskedNumber | None = None,
    calibration: Calibration | None = None,
) -> tuple[list[Answer], AnswersTold]:
    """Return the answers to what is asked, and how they are told; see :func:`request_for`.

    ``reference`` is what every answer should be of, such as the molecule whose structure is asked for: where one is of
    another, a check fails. A ``calibration`` gives numbers an interval and chooses among labels.
    """
    begun = time.perf_counter()
    request = request_for(service, asked, opened, number)
    level = checked_level(asked.checks)
    with further_checks_by(service.parser.further_checks):
        engine = service.model.engine
        doubts = calibration_doubts(calibration, engine, request)
        with about_constraints(asked.constraints):
            if calibration is not None and calibration.labels:
                written = [chosen_answer(engine, request, calibration)]
            else:
                written = engine.generate([request])[0]
        # One that stands there several times, as nothing was drawn, stays one.
        checked = {id(one): replace(one, level=level, reference=reference) for one in written}
        answers = with_evidence([checked[id(one)] for one in written], calibration, doubts)
        told = [told_answer(one, service, seed=asked.seed, index=index) for index, one in enumerate(answers)]
    return answers, AnswersTold(
        answers=told,
        model=told_model(service.model),
        asked=asked.model_dump(mode="json"),
        seconds=time.perf_counter() - begun,
    )


def opened_parts(
    service: Service, given: str | Sequence[str | GivenEntity], where: str, opened: Opened = NONE_OPENED
) -> list[Item]:
    """Return text and entities in order, each entity with the modality that shows it where one is named.

    Parameters
    ----------
    service : Service
    given : str or sequence of (str or GivenEntity)
    where : str
        The field of the request, for errors.
    opened : mapping of int to Entity
        As for :func:`request_for`.
    """
    parts = [given] if isinstance(given, str) else list(given)
    texts = sum(len(part) for part in parts if isinstance(part, str))
    service.limits.check("entities", len(parts), f"number of parts of {where}")
    service.limits.check("text_characters", texts, f"number of characters of {where}")
    return [
        _item(service, part, f"{where}[{place}]", opened) if isinstance(part, GivenEntity) else part
        for place, part in enumerate(parts)
    ]


def usual_modality(service: Service, given: GivenEntity, entity: Entity) -> str:
    """Return the modality in which the model is shown a given entity."""
    named = None if given.is_soft else shown_modality(given)
    return named or service.model.vocabulary.default_modality(entity)


def structure_modality(service: Service, kind: str) -> str:
    """Return the modality of a kind that writes coordinates, as the model knows it.

    Raises
    ------
    ConfigurationError
        There is none.
    """
    known = service.model.vocabulary.modalities
    found = next((name for name in known if modality_class(name).kind == kind and _needs_structure(name)), None)
    if found is None:
        raise ConfigurationError(f"{service.model.name} writes no structures of {kind_named(kind).plural}")
    return found


def _needs_structure(name: str) -> bool:
    return bool(modality_class(name).needs_structure)


def _check_limits(service: Service, asked: GenerateAsked) -> None:
    limits = service.limits
    limits.check("samples", asked.samples * asked.best_of, "number of samples, those chosen from included")
    limits.check("samples", asked.drafts or 0, "number of drafts")
    limits.check("new_tokens", asked.max_new_tokens or 0, "max_new_tokens")
    others = len(asked.system or "") + sum(map(len, asked.constraints))
    limits.check("text_characters", others, "number of characters of system and constraints")


def _item(service: Service, given: GivenEntity, where: str, opened: Opened) -> Item:
    return shown_item(given, service, where, opened.get(id(given)))


def _scorer(asked: GenerateAsked) -> Scorer | None:
    """Return what chooses among several answers; None for their likelihood."""
    if asked.best_by is None:
        return None
    if asked.best_of < 2:
        raise ConfigurationError("best_by chooses among several answers; give best_of, such as 8")
    if asked.best_by == "likelihood":
        return None
    if asked.checks == "off":
        raise ConfigurationError("best_by checks needs checks; ask for fast or full")
    return by_checks(level=checked_level(asked.checks))
