"""The application: gate, operations, conversations as OpenAI's clients have them, health, page, tools and jobs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from biomatrix import __version__
from biomatrix.errors import BioMatrixError
from biomatrix.serving.api_schema import api_schema
from biomatrix.serving.desk import Desk
from biomatrix.serving.docs_page import docs_routes
from biomatrix.serving.gate import Envelope, Gate
from biomatrix.serving.health import health_routes
from biomatrix.serving.keys import KeyRing, read_keys
from biomatrix.serving.metrics import Metrics
from biomatrix.serving.mounts import Held, mount_parts
from biomatrix.serving.openai.routes import openai_routes
from biomatrix.serving.opening import Opening
from biomatrix.serving.problems import Problem, problem_of
from biomatrix.serving.routes import operation_routes
from biomatrix.serving.service import Service
from biomatrix.serving.settings import ServingSettings
from biomatrix.serving.state import State


def create_app(
    settings: ServingSettings,
    service: Service | None = None,
    failed: Callable[[BaseException], None] | None = None,
) -> FastAPI:
    """Return the application of a server; its lifespan opens the model, beside which it already answers.

    Parameters
    ----------
    settings : ServingSettings
    service : Service, optional
        One that is open already, in place of what the settings name.
    failed : callable, optional
        Called with the error where the model cannot be opened.

    Raises
    ------
    ConfigurationError
        The keys cannot be read.
    """
    keys = None if settings.keys is None else KeyRing(read_keys(settings.keys))
    metrics = Metrics(lambda: opening.opened)
    opening = Opening(settings, service, metrics.parsed, failed)
    desk = partial(Desk, waiting=settings.waiting_requests, seconds=settings.limits.seconds, metrics=metrics)
    quick, generating = desk("quick", settings.quick_threads), desk("generating", settings.generating_threads)
    state = State(settings, metrics, opening, quick, generating)
    running: list[Held] = []

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await run_in_threadpool(opening.start)
        async with AsyncExitStack() as stack:
            for enter in running:
                await stack.enter_async_context(enter())
            try:
                yield
            finally:
                for each in (quick, generating):
                    each.close()
        await run_in_threadpool(opening.close)

    app = FastAPI(
        title="biomatrix",
        version=__version__,
        lifespan=lifespan,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.serving = state
    running += _add_routes(app, state)
    app.add_middleware(Gate, settings=settings, keys=keys, metrics=metrics, not_ready=opening.not_ready)
    if settings.origins:
        _allow_origins(app, settings.origins)
    app.add_middleware(Envelope, metrics=metrics, log_content=settings.log_content)
    return app


def _add_routes(app: FastAPI, state: State) -> list[Held]:
    """Add every route, and return what the lifespan holds open for them."""
    for family in (Problem, BioMatrixError, ValidationError, RequestValidationError, HTTPException):
        app.add_exception_handler(family, _handler(state))
    app.include_router(health_routes(state))
    app.include_router(openai_routes(state))
    app.include_router(operation_routes(state))
    held = mount_parts(app, state)
    app.openapi = partial(api_schema, app)  # type: ignore[method-assign]
    docs_routes(app)
    return held


def _handler(state: State) -> Any:
    async def handle(request: Request, error: Exception) -> Response:
        if isinstance(error, HTTPException):
            problem = Problem(error.status_code, "http", str(error.detail))
        elif isinstance(error, RequestValidationError):  # of the query or a header, before a route is asked
            first = error.errors()[0]
            name = str(first["loc"][-1])
            where = {"field": name, "record": None, "position": None}
            problem = Problem(422, "schema", f"{name}: {first['msg']}", where=where)
        else:
            problem = problem_of(error)
        state.metrics.refused(problem.type)
        return JSONResponse(problem.body(), problem.status, problem.headers)

    return handle


def _allow_origins(app: FastAPI, origins: tuple[str, ...]) -> None:
    app.add_middleware(
        CORSMiddleware,
        allow_origins=list(origins),
        allow_methods=["GET", "POST", "DELETE"],
        allow_headers=["authorization", "content-type", "last-event-id", "idempotency-key", "x-request-id"],
        expose_headers=["x-request-id", "retry-after"],
        max_age=600,
    )
