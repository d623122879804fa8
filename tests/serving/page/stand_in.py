"""A small application that answers what the page asks, with real content of the shipped model.

It stands in for the server's own application, so that the page is tested by itself.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from fastapi import Body, FastAPI, Request
from fastapi.responses import JSONResponse, StreamingResponse

import biomatrix as bm
from biomatrix.entities import Entity
from biomatrix.entities.kind_registry import kind_names, kind_of
from biomatrix.errors import BioMatrixError, ConfigurationError
from biomatrix.generation import events
from biomatrix.generation.answers import Answer
from biomatrix.serving.entities import open_entity, tell_entity
from biomatrix.serving.limits import ServingLimits
from biomatrix.serving.operations.operation import operation
from biomatrix.serving.page import mount_page
from biomatrix.serving.parsing import DirectParser
from biomatrix.serving.schemas.entities import GivenEntity
from biomatrix.serving.service import Service
from biomatrix.tasks.registry import task_names, task_prompt
from biomatrix.tasks.registry import task as task_named
from biomatrix.tasks.templates import placeholders
from biomatrix.trust import judge

TOKEN_SECONDS = 0.0
"""How long the stand-in waits after each event of a stream, so that a test can stop one."""


def create_app() -> FastAPI:
    """Return the application over nano."""
    app = FastAPI()
    service = Service(bm.load("nano"), DirectParser(), ServingLimits())
    app.state.pace = TOKEN_SECONDS
    app.state.break_after = None
    app.state.asked = []

    @app.exception_handler(BioMatrixError)
    def refuse(request: Request, error: BioMatrixError) -> JSONResponse:
        return JSONResponse(told_error(error), status_code=422)

    @app.get("/v1/models")
    def models() -> dict[str, Any]:
        return {"object": "list", "data": [{"id": service.model.name, "object": "model"}]}

    @app.get("/v1/tasks")
    def tasks() -> list[dict[str, Any]]:
        return [told_task(name) for name in task_names()]

    @app.post("/v1/tasks/{name}/run")
    def run_task(name: str, body: dict[str, Any] = Body()) -> dict[str, Any]:
        given = [open_entity(GivenEntity.model_validate(one), service) for one in body.get("entities", [])]
        needs = {need for text in task_named(name).prompts[:1] for need in placeholders(text)}
        values: dict[str, Any] = {}
        for need in sorted(needs):
            owner = next((one for one in given if need == one.kind or need.startswith(f"{one.kind}_")), None)
            is_modality = owner is not None and need != owner.kind
            values[need] = body.get("text", "") if owner is None else (owner, need) if is_modality else owner
        asked = {"output": task_named(name).output, **{k: v for k, v in body.items() if k not in ("entities", "text")}}
        return told_answers(task_prompt(name, values), asked, service)

    @app.post("/v1/generate")
    def generate(body: dict[str, Any] = Body()) -> dict[str, Any]:
        return told_answers(prompt_of(body["prompt"], service), body, service)

    @app.post("/v1/generate/stream")
    def stream(request: Request, body: dict[str, Any] = Body()) -> StreamingResponse:
        app.state.asked.append(body)
        written = streamed(body, service, app)
        return StreamingResponse(written, media_type="text/event-stream")

    @app.post("/v1/encode")
    def encode(body: dict[str, Any] = Body()) -> dict[str, Any]:
        return encoded(open_entity(GivenEntity.model_validate(body["entity"]), service), body.get("modality"), service)

    @app.post("/v1/decode")
    def decode(body: dict[str, Any] = Body()) -> dict[str, Any]:
        return {"entity": tell_entity(decoded(body["tokens"], service), service).model_dump(), "notes": []}

    @app.post("/v1/check")
    def check(body: dict[str, Any] = Body()) -> dict[str, Any]:
        verdict = judge(open_entity(GivenEntity.model_validate(body["entity"]), service))
        return {"checks": [told_check(one) for one in verdict.checks], "verdict": str(verdict)}

    for name in ("draw", "superpose"):
        add_operation(app, name, service)
    mount_page(app)
    return app


def add_operation(app: FastAPI, name: str, service: Service) -> None:
    one = operation(name)

    @app.post(f"/v1/{name}", name=name)
    def run(body: dict[str, Any] = Body()) -> Any:
        return one.run(service, one.asked.model_validate(body))


def decoded(text: str, service: Service) -> Entity:
    """Return the entity of a wrapped segment of any modality."""
    for modality in map(service.model.vocabulary.modality, service.model.vocabulary.modalities):
        if text.startswith(modality.start_token) and text.endswith(modality.end_token):
            inside = text.removeprefix(modality.start_token).removesuffix(modality.end_token)
            return modality.decode(modality.split(inside))
    raise ConfigurationError("no segment begins and ends here; give tokens with their control pair")


def told_error(error: BioMatrixError) -> dict[str, Any]:
    where = {"field": None, "record": error.record, "position": error.position}
    kind = type(error).__name__.removesuffix("Error").lower()
    return {"error": {"type": kind, "message": error.message, "where": where, "limit": None}}


def told_task(name: str) -> dict[str, Any]:
    one = task_named(name)
    needs = sorted({need for text in one.prompts[:1] for need in placeholders(text)})
    kinds = sorted({kind for need in needs for kind in kinds_of(need)})
    return {
        "id": name,
        "title": name.replace("_", " ").capitalize(),
        "kinds": kinds,
        "output": one.output,
        "metric": one.metric,
        "needs": needs,
        "example": one.prompts[0],
    }


def kinds_of(need: str) -> list[str]:
    """Return the kind that a placeholder of a prompt stands for, such as ``ligand.molecule``; nothing for text."""
    name = need.split(".")[-1]
    return [one for one in kind_names() if name == one or name.startswith(f"{one}_")]


def prompt_of(prompt: Any, service: Service) -> Any:
    if isinstance(prompt, str):
        return prompt
    return [one if isinstance(one, str) else open_entity(GivenEntity.model_validate(one), service) for one in prompt]


def settings_of(body: dict[str, Any], service: Service) -> dict[str, Any]:
    length = body.get("length")
    found: dict[str, Any] = {"output": body.get("output"), "length": tuple(length) if type(length) is list else length}
    found |= {"num_samples": body.get("samples", 1), "constraints": body.get("constraints") or ()}
    for name in ("temperature", "top_p", "greedy", "seed", "max_new_tokens", "best_of", "drafts"):
        if body.get(name) is not None:
            found[name] = body[name]
    return found


def told_answers(prompt: Any, body: dict[str, Any], service: Service) -> dict[str, Any]:
    began = time.monotonic()
    answers = service.model.generate(prompt, **settings_of(body, service))
    told = [told_answer(one, service, body.get("seed", 0)) for one in answers]
    return {"answers": told, "model": told_model(service), "asked": body, "seconds": time.monotonic() - began}


def told_model(service: Service) -> dict[str, Any]:
    return {"name": service.model.name, "hash": "0" * 16, "vocabulary": "stand-in", "structure_tokenizers": {}}


def told_answer(answer: Answer, service: Service, seed: int) -> dict[str, Any]:
    entities = [part.value for part in answer.segments if isinstance(part.value, Entity)]
    return {
        "text": answer.text,
        "entity": None if answer.entity is None else tell_entity(answer.entity, service).model_dump(),
        "error": answer.error,
        "value": answer.value,
        "segments": [told_segment(one, entities) for one in answer.segments],
        "tokens": told_tokens(answer),
        "logprob": answer.logprob,
        "finish_reason": answer.finish_reason,
        "checks": [told_check(one) for one in answer.checks],
        "verdict": "" if answer.entity is None else str(judge(answer.entity, answer.checks)),
        "confidence": answer.confidence.as_json(),
        "notes": list(answer.notes),
        "refused": {"count": len(answer.refused), "reasons": list(answer.refused)},
        "sample": answer.sample,
        "seed": seed,
    }


def told_segment(segment: Any, entities: list[Any]) -> dict[str, Any]:
    index = next((n for n, one in enumerate(entities) if one is segment.value), None)
    text = segment.value if isinstance(segment.value, str) else "".join(segment.tokens)
    return {"modality": segment.modality, "text": text, "entity": index, "error": getattr(segment.value, "reason", None)}


def told_tokens(answer: Answer) -> list[dict[str, Any]]:
    owner: dict[int, tuple[str, int | None]] = {}
    for segment in answer.segments:
        if segment.modality is None:
            continue
        modality = answer.vocabulary.modality(segment.modality)
        inside = [answer.vocabulary.text([one]) for one in answer.token_ids[segment.start + 1 : segment.stop - 1]]
        units = modality.units(inside) if isinstance(segment.value, Entity) else [()] * len(inside)
        for place in range(segment.start, segment.stop):
            inner = place - segment.start - 1
            unit = units[inner] if 0 <= inner < len(units) else ()
            owner[place] = (segment.modality, unit[0] if unit else None)
    told = []
    for place, (one, logprob) in enumerate(zip(answer.token_ids, answer.token_logprobs, strict=True)):
        modality_name, unit_index = owner.get(place, (None, None))
        token = {"id": one, "text": answer.vocabulary.text([one]), "modality": modality_name, "unit": unit_index}
        told.append({**token, "logprob": finite(logprob)})
    return told


def told_check(check: Any) -> dict[str, Any]:
    return {**asdict(check), "value": finite(check.value), "threshold": None}


def finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def streamed(body: dict[str, Any], service: Service, app: FastAPI) -> Iterator[bytes]:
    began, number = time.monotonic(), 0
    breaking, app.state.break_after = app.state.break_after, None

    def line(kind: str, data: dict[str, Any]) -> bytes:
        nonlocal number
        number += 1
        return f"id: {number}\nevent: {kind}\ndata: {json.dumps(data)}\n\n".encode()

    try:
        for event in service.model.stream(prompt_of(body["prompt"], service), **settings_of(body, service)):
            yield line(*told_event(event, service, body.get("seed", 0)))
            time.sleep(app.state.pace)
            if breaking is not None and number >= breaking:
                raise ConnectionResetError("the stand-in drops this stream")
    except BioMatrixError as error:
        yield line("error", {"type": "error", **told_error(error)})
        return
    yield line("end", {"type": "end", "model": told_model(service), "asked": body, "seconds": time.monotonic() - began})


def told_event(event: Any, service: Service, seed: int) -> tuple[str, dict[str, Any]]:
    names = {
        events.TextPiece: "text",
        events.SegmentOpened: "segment_opened",
        events.SegmentToken: "token",
        events.SegmentClosed: "segment_closed",
        events.Refused: "refused",
        events.Finished: "finished",
    }
    name = names[type(event)]
    data: dict[str, Any] = {"type": name, "sample": event.sample}
    for field in ("text", "modality", "token", "reason"):
        if hasattr(event, field):
            data[field] = getattr(event, field)
    if name == "finished":
        data["answer"] = told_answer(event.answer, service, seed)
    return name, data


def encoded(entity: Entity, modality: str | None, service: Service) -> dict[str, Any]:
    name = modality or service.model.vocabulary.default_modality(entity)
    writer = service.model.vocabulary.modality(name)
    if not writer.accepts(entity):
        raise ConfigurationError(f"this {entity.kind} has no coordinates, which {name} needs; give a file with them")
    tokens = writer.encode(entity)
    again = writer.decode(tokens)
    units = writer.units(tokens)
    kind = kind_of(entity)
    pairs = enumerate(zip(tokens, units, strict=True))
    listed = [{"id": n, "text": text, "unit": unit[0] if unit else None} for n, (text, unit) in pairs]
    before, after = kind.points(entity), kind.points(kind.superpose(again, entity))
    error: list[dict[str, Any]] = []
    if before is not None and after is not None and before.shape == after.shape:
        size = kind.size(entity) or len(before)
        far = ((before - after) ** 2).sum(axis=1).reshape(size, -1).mean(axis=1) ** 0.5
        error = [{"unit": n, "value": finite(float(one)), "measure": "Angstrom"} for n, one in enumerate(far)]
    return {
        "tokens": listed,
        "modality": name,
        "wrapped": f"{writer.start_token}{''.join(tokens)}{writer.end_token}",
        "entity": tell_entity(again, service).model_dump(),
        "error": error,
        "notes": [*entity.notes, *writer.losses(entity)],
    }


if __name__ == "__main__":
    import sys

    import uvicorn

    uvicorn.run(create_app(), host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
