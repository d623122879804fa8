"""``/v1/models``, ``/v1/chat/completions`` and ``/v1/completions``."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter
from pydantic import BaseModel, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from biomatrix.errors import BioMatrixError
from biomatrix.serving import sse
from biomatrix.serving.bodies import parse_json, read_body, require_json
from biomatrix.serving.openai.choices import usage
from biomatrix.serving.openai.forms import ChatForm, CompletionForm, Form
from biomatrix.serving.openai.prompts import seed_for
from biomatrix.serving.openai.schemas import Asked, ChatAsked, CompletionAsked
from biomatrix.serving.openai.streams import chunks
from biomatrix.serving.problems import Problem, problem_of
from biomatrix.serving.state import State
from biomatrix.serving.wishes import about_constraints

if TYPE_CHECKING:
    from biomatrix.generation.requests import Request as ModelRequest

_INVALID = "invalid_request_error"


def openai_routes(state: State) -> APIRouter:
    """Return the routes that clients of OpenAI ask."""
    router = APIRouter(tags=["OpenAI"])

    @router.get("/v1/models", summary="The model of this server.")
    async def models() -> Response:
        return JSONResponse({"object": "list", "data": [_model(state)]})

    @router.get("/v1/models/{name}", summary="The model of this server, by name.")
    async def model(name: str) -> Response:
        if name != state.opened.name:
            raise Problem(404, "model_not_found", f"this server has the model {state.opened.name!r} and no other")
        return JSONResponse(_model(state))

    named = {"model": state.settings.name, "seed": 1, "max_tokens": 20}
    chat = {**named, "messages": [{"role": "user", "content": "Make a molecule."}]}
    table: tuple[tuple[str, type[Asked], Any, str, dict[str, Any]], ...] = (
        ("/v1/chat/completions", ChatAsked, ChatForm, "The next turn of a conversation.", chat),
        (
            "/v1/completions",
            CompletionAsked,
            CompletionForm,
            "A document that goes on.",
            {**named, "prompt": "The ring"},
        ),
    )
    for path, asked, form, summary, example in table:
        extra = _body(asked, example)
        router.add_api_route(path, _handler(state, asked, form), methods=["POST"], summary=summary, openapi_extra=extra)
    return router


def _body(asked: type[BaseModel], example: dict[str, Any]) -> dict[str, Any]:
    content = {"schema": asked.model_json_schema(), "examples": {"example": {"value": example}}}
    return {"requestBody": {"required": True, "content": {"application/json": content}}}


def _model(state: State) -> dict[str, Any]:
    opened = state.opened
    model = opened.service.model
    return {
        "id": opened.name,
        "object": "model",
        "created": 0,
        "owned_by": "biomatrix",
        "hash": opened.hash,
        "context_length": model.context_length,
        "modalities": list(model.vocabulary.modalities),
    }


def _handler(state: State, asked: type[Asked], form: Callable[[Any], Form]) -> Callable[[Request], Awaitable[Response]]:
    async def handle(request: Request) -> Response:
        try:
            require_json(request)
            body = await read_body(request)
            made, given, requests, seed = await state.run(request, False, _read, state, asked, form, body)
            if not given.stream:
                told = await state.run(request, True, _whole, state, made, requests, seed)
                return Response(told, media_type="application/json")
            with_usage = given.stream_options is not None and given.stream_options.include_usage
            events = sse.from_thread(state.generating, lambda: chunks(made, state.opened, requests, seed, with_usage))
            first = await state.first(request, events)
        except (BioMatrixError, ValidationError, Problem) as error:
            raise _as_openai(error) from error
        body_ = _lines(first, events, lambda error: state.tell(request, error))
        return StreamingResponse(body_, media_type=sse.CONTENT_TYPE, headers=sse.HEADERS)

    return handle


def _read(
    state: State, asked: type[Asked], form: Callable[[Any], Form], body: bytes
) -> tuple[Form, Asked, list[ModelRequest], int]:
    """Return what is asked, checked in full; for a thread."""
    given = asked.model_validate(parse_json(body))
    given.check(state.opened.name)
    seed = seed_for(given)
    made = form(given)
    return made, given, made.requests(state.opened, seed), seed


def _whole(state: State, form: Form, requests: list[ModelRequest], seed: int) -> bytes:
    opened = state.opened
    with about_constraints(form.asked.constraints):
        groups = opened.service.model.engine.generate(requests)
    answers = [answer for group in groups for answer in group]
    told = form.head(opened, seed) | {
        "choices": [form.choice(answer, index) for index, answer in enumerate(answers)],
        "usage": usage(opened.service.model.engine, requests, answers),
    }
    return json.dumps(told).encode()


async def _lines(
    first: dict[str, Any] | None,
    rest: AsyncIterator[dict[str, Any] | None],
    tell: Callable[[BaseException], None],
) -> AsyncIterator[bytes]:
    """Yield chunks as lines of a stream, and the line that ends it; an error is the last of them."""
    try:
        if first is not None:
            yield _line(first)
        async for chunk in rest:
            yield _line(chunk) if chunk is not None else b": still here\n\n"
        yield b"data: [DONE]\n\n"
    except Exception as error:  # noqa: BLE001  # the status has been sent: the error is a line
        tell(error)
        yield _line(_as_openai(error).body())
    finally:
        close = getattr(rest, "aclose", None)
        if close is not None:
            await close()


def _line(value: dict[str, Any]) -> bytes:
    return f"data: {json.dumps(value)}\n\n".encode()


def _as_openai(error: Exception) -> Problem:
    """Return a problem with the status and the type that clients of OpenAI expect; ``code`` says which it is."""
    problem = problem_of(error)
    if problem.status not in (400, 404, 415, 422):
        return problem
    status = 400 if problem.status == 422 else problem.status
    told = Problem(status, _INVALID, problem.message, where=problem.where, limit=problem.limit)
    told.code = problem.type
    return told
