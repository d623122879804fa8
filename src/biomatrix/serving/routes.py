"""The operations as routes: ``POST /v1/NAME``, JSON or a form with files, made from the table of operations."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from biomatrix.errors import ConfigurationError
from biomatrix.serving import sse
from biomatrix.serving.bodies import parse_json, read_body, read_form, require_json
from biomatrix.serving.operations.operation import Operation, operations
from biomatrix.serving.problems import Problem
from biomatrix.serving.state import State
from biomatrix.serving.streaming import stream_events
from biomatrix.serving.task_questions import question

FORM: Final = "multipart/form-data"
LISTS: Final = ("tasks", "kinds")
"""Operations that are asked with GET."""
RUN_TASK, GENERATE = "run_task", "generate"
Handler = Callable[..., Awaitable[Response]]


def operation_routes(state: State) -> APIRouter:
    """Return the routes of every operation, and those that name one in another way."""
    router = APIRouter()
    table = {one.name: one for one in operations()}
    for one in table.values():
        if one.name in LISTS:
            router.add_api_route(f"/v1/{one.name}", _lister(state, one), methods=["GET"], summary=one.summary)
        else:
            router.add_api_route(f"/v1/{one.name}", _handler(state, one), methods=["POST"], summary=one.summary)
    if RUN_TASK in table:
        summary = table[RUN_TASK].summary
        router.add_api_route("/v1/tasks/{id}/run", _run_task(state, table[RUN_TASK]), methods=["POST"], summary=summary)
    if GENERATE in table:
        summary = "As generate, the answer sent while it is written: server-sent events."
        stream = _streamed(state, table[GENERATE])
        router.add_api_route("/v1/generate/stream", stream, methods=["POST"], summary=summary)
    return router


def _handler(state: State, one: Operation) -> Handler:
    async def handle(request: Request) -> Response:
        return await _answered(state, request, one, await _given(state, request))

    return handle


def _lister(state: State, one: Operation) -> Handler:
    """Return the handler of what lists things: its input is the query."""

    async def handle(request: Request) -> Response:
        asked = dict(request.query_params)
        return await _answered(state, request, one, lambda: asked)

    return handle


def _run_task(state: State, one: Operation) -> Handler:
    async def handle(request: Request, id: str) -> Response:
        given = await _given(state, request)

        def named() -> dict[str, Any]:
            asked = given()
            if asked.get("task", id) != id:
                message = (
                    f"the body names another task than the path, which names {id[:80]!r}; leave task out of the body"
                )
                raise Problem(422, "configuration", message, where={"field": "task", "record": None, "position": None})
            try:
                question(id)
            except ConfigurationError as error:
                raise Problem(404, "missing", error.message) from error
            return {**asked, "task": id}

        return await _answered(state, request, one, named)

    return handle


def _streamed(state: State, one: Operation) -> Handler:
    async def handle(request: Request) -> Response:
        after = _seen(request)
        asked = await state.run(request, False, _checked, one, await _given(state, request))
        events = sse.from_thread(state.generating, lambda: stream_events(state.opened.service, asked))
        first = await state.first(request, events)
        body = sse.as_events(_joined(state, first, events), after, lambda error: state.tell(request, error))
        return StreamingResponse(body, media_type=sse.CONTENT_TYPE, headers=sse.HEADERS)

    return handle


async def _joined(
    state: State, first: dict[str, Any] | None, rest: AsyncIterator[dict[str, Any] | None]
) -> AsyncIterator[dict[str, Any] | None]:
    try:
        yield first
        async for event in rest:
            if event is not None and event["type"] == "error":
                state.metrics.refused(event["error"]["type"])
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


async def _answered(state: State, request: Request, one: Operation, given: Callable[[], dict[str, Any]]) -> Response:
    """Return the answer of an operation as JSON; its input is read by a quick thread, whoever answers it."""
    asked = await state.run(request, False, _checked, one, given)
    told = await state.run(request, one.waits(asked), _run, state, one, asked)
    return Response(told, media_type="application/json")


def _checked(one: Operation, given: Callable[[], dict[str, Any]]) -> Any:
    """Return the input of an operation, as its schema has it."""
    return one.asked.model_validate(given())


def _run(state: State, one: Operation, asked: Any) -> bytes:
    """Return the answer of an operation as JSON; for a thread."""
    return one.run(state.opened.service, asked).model_dump_json().encode()
