"""The API's routes of jobs."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Annotated, Any, Final, Protocol

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import Response, StreamingResponse
from starlette.concurrency import run_in_threadpool

from biomatrix.errors import BioMatrixError, LimitError
from biomatrix.serving.faults import placed_error
from biomatrix.serving.jobs.job import Job, JobsFullError, OtherBodyError
from biomatrix.serving.jobs.submissions import LINES, RefusedRecordsError, digest_of, read_submission

if TYPE_CHECKING:
    from biomatrix.serving.jobs.store import JobStore

_PAGE: Final = 16
"""Results in memory at once: one may hold the files of many entities."""
_POLL_SECONDS: Final = 0.25
_LONGEST_KEY: Final = 200
_LARGEST: Final = (1 << 63) - 1
"""Of the numbers that SQLite keeps."""
_BODY: Final = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["operation"],
                    "properties": {
                        "operation": {"type": "string", "description": "Such as generate: the name behind /v1/."},
                        "input": {"type": "object", "description": "What POST /v1/NAME takes."},
                        "inputs": {"type": "array", "items": {"type": "object"}, "description": "Several of them."},
                    },
                },
                "examples": {
                    "example": {
                        "value": {
                            "operation": "generate",
                            "inputs": [{"prompt": "Make a molecule.", "output": "molecule_selfies", "seed": 1}],
                        }
                    }
                },
            },
            "application/x-ndjson": {
                "schema": {"type": "string", "description": 'Lines {"operation": NAME, "input": {...}}.'}
            },
        },
    }
}


class Worker(Protocol):
    """What is told of new and of cancelled jobs."""

    def wake(self) -> None: ...

    def stop_cancelled(self) -> None: ...


def job_routes(
    store: JobStore,
    runner: Worker,
    request_bytes: int = 32 * 2**20,
    refused: Callable[[str], object] = lambda reason: None,
) -> APIRouter:
    """Return ``/v1/jobs`` and what is below it.

    The owner of a job is ``request.state.owner``, the name of the API key, where the server sets it; "" elsewhere.
    Nobody sees the jobs of another owner.

    Parameters
    ----------
    store : JobStore
    runner : Worker
        Told of new and cancelled jobs.
    request_bytes : int
        The largest body.
    refused : callable
        Called with the reason of each request that is refused.
    """
    routes = _JobRoutes(store, runner, request_bytes, refused)
    router = APIRouter(prefix="/v1/jobs", tags=["jobs"])
    router.add_api_route("", routes.create, methods=["POST"], status_code=202, openapi_extra=_BODY)
    router.add_api_route("", routes.index, methods=["GET"])
    router.add_api_route("/{id}", routes.show, methods=["GET"])
    router.add_api_route("/{id}/results", routes.results, methods=["GET"])
    router.add_api_route("/{id}", routes.cancel, methods=["DELETE"])
    return router


class _JobRoutes:
    """The handlers; what blocks runs in threads."""

    def __init__(self, store: JobStore, runner: Worker, request_bytes: int, refused: Callable[[str], object]) -> None:
        self._count = refused
        self._store = store
        self._runner = runner
        self._request_bytes = request_bytes

    async def create(
        self,
        request: Request,
        operation: Annotated[str | None, Query(description="Lets each JSON line be an input of it.")] = None,
        idempotency_key: Annotated[
            str | None, Header(max_length=_LONGEST_KEY, description="The same key and body give the same job.")
        ] = None,
    ) -> Response:
        """Accept one input, a list, or JSON lines of them; 202 with the job, 200 where the key has one already."""
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > self._request_bytes:
                limit = {"name": "request_bytes", "actual": len(body), "allowed": self._request_bytes}
                message = f"the body is larger than {self._request_bytes:,} bytes; send several jobs"
                return self._refused(413, {"type": "limit", "message": message, "where": None, "limit": limit})
        kind = request.headers.get("content-type", "")
        if kind.partition(";")[0].strip().lower() not in (*LINES, "application/json"):
            message = "a job is sent as application/json or application/x-ndjson"
            return self._refused(415, {"type": "content-type", "message": message, "where": None, "limit": None})
        try:
            job, new = await run_in_threadpool(
                self._create, bytes(body), kind, operation, _owner(request), idempotency_key or None
            )
        except BioMatrixError as error:
            return self._refusal(error)
        self._runner.wake()
        shown = await run_in_threadpool(self._shown, job)
        return _json(shown, 202 if new else 200, {"Location": f"/v1/jobs/{job.id}"})

    def _create(self, body: bytes, kind: str, operation: str | None, owner: str, key: str | None) -> tuple[Job, bool]:
        items = read_submission(body, kind, operation, self._store.limits.items)
        return self._store.create(owner, items, key, digest_of(items))

    async def index(self, request: Request, limit: Annotated[int, Query(ge=1, le=1000)] = 100) -> Response:
        """Return your jobs, the newest first."""
        owner = _owner(request)
        return _json(
            await run_in_threadpool(lambda: {"jobs": [self._shown(job) for job in self._store.jobs(owner, limit)]})
        )

    async def show(self, request: Request, id: str) -> Response:
        """Return the state of a job: done of total, rate, time left, and the first errors."""
        job = await run_in_threadpool(self._store.find, _owner(request), id)
        return self._missing(id) if job is None else _json(await run_in_threadpool(self._shown, job))

    async def results(
        self,
        request: Request,
        id: str,
        after: Annotated[int, Query(ge=0, le=_LARGEST, description="Leaves out items up to this number.")] = 0,
        follow: Annotated[bool, Query(description="Goes on until the job has ended.")] = False,
    ) -> Response:
        """Stream one line of JSON for each item that is done, in the order of the items."""
        owner = _owner(request)
        job = await run_in_threadpool(self._store.find, owner, id)
        if job is None:
            return self._missing(id)
        return StreamingResponse(self._lines(owner, job, after, follow), media_type="application/x-ndjson")

    async def _lines(self, owner: str, job: Job, after: int, follow: bool) -> AsyncIterator[str]:
        while True:
            now = await run_in_threadpool(self._store.find, owner, job.id)  # before its results: none is missed
            ended = now is None or now.ended is not None or not follow
            rows = await run_in_threadpool(self._store.results, job, after, _PAGE)
            for number, line in rows:
                if not ended and number != after + 1:  # an earlier one is still being worked on
                    break
                after = number
                yield f"{line}\n"
            else:
                if len(rows) == _PAGE:
                    continue
            if ended:
                return
            await asyncio.sleep(_POLL_SECONDS)

    async def cancel(
        self,
        request: Request,
        id: str,
        purge: Annotated[bool, Query(description="Removes the job and its results as well.")] = False,
    ) -> Response:
        """Cancel a job; results that are there are kept for their lifetime. An ended job stays as it is."""
        owner = _owner(request)
        job = await run_in_threadpool(self._store.cancel, owner, id)
        if job is None:
            return self._missing(id)
        await run_in_threadpool(self._runner.stop_cancelled)
        shown = await run_in_threadpool(self._shown, job)
        if purge:
            await run_in_threadpool(self._store.delete, owner, id)
        return _json(shown)

    def _shown(self, job: Job) -> dict[str, Any]:
        return job.as_json(self._store.errors(job) if job.failed else (), self._store.limits.lifetime)

    def _refused(self, status: int, error: dict[str, Any], headers: dict[str, str] | None = None) -> Response:
        self._count(error["type"])
        return _json({"error": error}, status, headers)

    def _missing(self, id_: str) -> Response:
        message = f"there is no job {id_[:80]!r} of yours, or it has outlived its lifetime"
        return self._refused(404, {"type": "missing", "message": message, "where": None, "limit": None})

    def _refusal(self, error: BioMatrixError) -> Response:
        told = placed_error(error)
        if isinstance(error, RefusedRecordsError):
            return self._refused(422, {**told, "records": list(error.records)})
        if isinstance(error, OtherBodyError):
            return self._refused(409, {**told, "type": "conflict"})
        if isinstance(error, JobsFullError):
            return self._refused(503, {**told, "type": "busy"}, {"Retry-After": f"{error.retry_after:.0f}"})
        return self._refused(413 if isinstance(error, LimitError) else 422, told)


def _owner(request: Request) -> str:
    return str(getattr(request.state, "owner", None) or "")


def _json(content: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Return JSON in ASCII, which holds whatever a request did, lone surrogates too."""
    return Response(json.dumps(content), status, headers, "application/json")
