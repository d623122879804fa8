"""The operations as routes: ``POST /v1/NAME``, JSON or a form with files, made from the table of operations."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from biomatrix.serving import sse
from biomatrix.serving.bodies import parse_json, read_body, read_form, require_json
from biomatrix.serving.operations.operation import Operation, operation, operations
from biomatrix.serving.problems import Problem
from biomatrix.serving.state import State

if TYPE_CHECKING:
    from pydantic import BaseModel

    from biomatrix.serving.service import Service

FORM: Final = "multipart/form-data"
_STREAMING: Final = "biomatrix.serving.streaming"
_KINDS: Final = "biomatrix.serving.told_kinds"
_TASKS, _RUN_TASK, _GENERATE = "tasks", "run_task", "generate"
Handler = Callable[..., Awaitable[Response]]


def operation_routes(state: State) -> APIRouter:
    """Return the routes of every operation, and those that name one in another way."""
    router = APIRouter()
    table = {one.name: one for one in operations()}
    for one in table.values():
        if one.name != _TASKS:
            router.add_api_route(
                f"/v1/{one.name}", _handler(state, one), methods=["POST"], name=one.name, summary=one.summary
            )
    if _TASKS in table:
        router.add_api_route("/v1/tasks", _tasks(state), methods=["GET"], name=_TASKS, summary=table[_TASKS].summary)
    if _RUN_TASK in table:
        summary = table[_RUN_TASK].summary
        router.add_api_route("/v1/tasks/{id}/run", _run_task(state), methods=["POST"], name="task", summary=summary)
    if _GENERATE in table and find_spec(_STREAMING) is not None:
        summary = "As generate, the answer sent while it is written: server-sent events."
        router.add_api_route(
            "/v1/generate/stream", _streamed(state), methods=["POST"], name="generate_stream", summary=summary
        )
    if find_spec(_KINDS) is not None:
        summary = "The kinds of entity, with formats, modalities, constraints and examples."
        router.add_api_route("/v1/kinds", _kinds(state), methods=["GET"], name="kinds", summary=summary)
    return router


def _handler(state: State, one: Operation) -> Handler:
    async def handle(request: Request) -> Response:
        given = await _given(state, request)
        return Response(await state.run(one.generates, _run, state, one, given), media_type="application/json")

    return handle


def _tasks(state: State) -> Handler:
    async def handle(request: Request) -> Response:
        one = operation(_TASKS)
        told = await state.run(False, _run, state, one, dict)
        return Response(told, media_type="application/json")

    return handle


def _run_task(state: State) -> Handler:
    async def handle(request: Request, id: str) -> Response:
        one = operation(_RUN_TASK)
        given = await _given(state, request)
        named: Callable[[], dict[str, Any]] = lambda: {**given(), "task": id}  # noqa: E731
        return Response(await state.run(one.generates, _run, state, one, named), media_type="application/json")

    return handle


def _kinds(state: State) -> Handler:
    async def handle(request: Request) -> Response:
        told: Callable[[], Any] = import_module(_KINDS).told_kinds
        return Response(await state.run(False, lambda: _as_json(told())), media_type="application/json")

    return handle


def _streamed(state: State) -> Handler:
    async def handle(request: Request) -> Response:
        one = operation(_GENERATE)
        given = await _given(state, request)
        make: Callable[[Service, Any], Iterator[dict[str, Any]]] = import_module(_STREAMING).stream_events
        asked = await state.run(False, _checked, state, one, given)
        events = sse.from_thread(state.generating, lambda: make(state.opened.service, asked))
        first = await anext(events, None)  # what is wrong with the request is still answered with a status
        while first is None:
            first = await anext(events, {"type": "end"})
        body = sse.as_events(_joined(first, events), _seen(request), lambda error: state.tell(request, error))
        return StreamingResponse(body, media_type=sse.CONTENT_TYPE, headers=sse.HEADERS)

    return handle


async def _joined(
    first: dict[str, Any], rest: AsyncIterator[dict[str, Any] | None]
) -> AsyncIterator[dict[str, Any] | None]:
    try:
        yield first
        async for event in rest:
            yield event
    finally:
        close = getattr(rest, "aclose", None)
        if close is not None:
            await close()


def _seen(request: Request) -> int:
    """Return the id of the last event that a client has seen, 0 for none."""
    shown = request.headers.get("last-event-id", "0")
    if not (shown.isascii() and shown.isdigit() and len(shown) < 10):
        raise Problem(400, "header", "Last-Event-ID is the number of an event")
    return int(shown)


async def _given(state: State, request: Request) -> Callable[[], dict[str, Any]]:
    """Return what reads the input of a request, to be called in a thread where that is work."""
    if request.headers.get("content-type", "").startswith(FORM):
        form = await read_form(request, state.settings.limits.request_bytes)
        return lambda: form
    require_json(request)
    body = await read_body(request)
    return lambda: parse_json(body)


def _checked(state: State, one: Operation, given: Callable[[], dict[str, Any]]) -> BaseModel:
    asked = one.asked.model_validate(given())
    state.try_constraints(getattr(asked, "constraints", ()))
    return asked


def _run(state: State, one: Operation, given: Callable[[], dict[str, Any]]) -> bytes:
    """Return the answer of an operation as JSON; for a thread."""
    asked = _checked(state, one, given)
    told = one.run(state.opened.service, asked)
    return told.model_dump_json().encode()


def _as_json(value: Any) -> bytes:
    import json

    return json.dumps(value).encode()
