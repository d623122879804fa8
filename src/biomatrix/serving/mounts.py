"""The parts of a server that come beside the API: jobs, tools for agents, the page."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool

from biomatrix.serving.jobs.routes import job_routes
from biomatrix.serving.jobs.runner import JobRunner
from biomatrix.serving.jobs.store import JobStore
from biomatrix.serving.mcp.paths import mount_mcp
from biomatrix.serving.page import mount_page

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.types import Receive, Scope, Send

    from biomatrix.serving.mcp.mounting import MountedServer
    from biomatrix.serving.state import State

Held = Callable[[], AbstractAsyncContextManager[None]]


def mount_parts(app: FastAPI, state: State) -> list[Held]:
    """Add the parts to an application; return what its lifespan holds open."""
    held: list[Held] = []
    if state.settings.jobs is not None:
        held.append(_mount_jobs(app, state, state.settings.jobs))
    held.append(_mount_tools(app, state))
    mount_page(app)
    return held


class _Jobs:
    """The threads that work on jobs, which begin once the model is open."""

    def __init__(self, state: State, database: Path) -> None:
        self._state = state
        self.store = JobStore(database)
        self._runner: JobRunner | None = None

    def start(self) -> None:
        """Begin to work; called when the model is open."""
        self._runner = JobRunner(self.store, self._state.opened.service)
        self._runner.start()

    def stop(self) -> None:
        """Finish what is in work, and close the store."""
        if self._runner is not None:
            self._runner.stop(self._state.settings.stop_seconds)
        self.store.close()

    def wake(self) -> None:
        """Tell of new work."""
        if self._runner is not None:
            self._runner.wake()

    def stop_cancelled(self) -> None:
        """Tell of cancelled jobs."""
        if self._runner is not None:
            self._runner.stop_cancelled()


def _mount_jobs(app: FastAPI, state: State, database: Path) -> Held:
    jobs = _Jobs(state, database)
    app.include_router(job_routes(jobs.store, jobs, state.settings.limits.request_bytes, state.metrics.refused))
    state.opening.when_ready(jobs.start)

    @asynccontextmanager
    async def held() -> AsyncIterator[None]:
        try:
            yield
        finally:
            await run_in_threadpool(jobs.stop)

    return held


class _Tools:
    """The tools as an application, made when they are first asked for: by then the gate has seen the model open."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._server: MountedServer | None = None

    def prepare(self) -> None:
        """Begin to import what the tools need, which is slow, before anybody asks for them."""
        threading.Thread(target=self._import, name="biomatrix-tools", daemon=True).start()

    @staticmethod
    def _import() -> None:
        import biomatrix.serving.mcp.server  # noqa: F401

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._server is None:
            await run_in_threadpool(self._import)
            from biomatrix.serving.mcp.server import mcp_app

            # the gate has looked at host and origin; of two first requests, one has made it meanwhile
            self._server = self._server or mcp_app(
                self._state.opened.service,
                refused=self._state.metrics.refused,
                allowed_hosts=None,
                stateless=self._state.settings.stateless_tools,
            )
        await self._server(scope, receive, send)

    async def close(self) -> None:
        """End all sessions."""
        if self._server is not None:
            await self._server.close()


def _mount_tools(app: FastAPI, state: State) -> Held:
    tools = _Tools(state)
    mount_mcp(app, tools)
    state.opening.when_ready(tools.prepare)

    @asynccontextmanager
    async def held() -> AsyncIterator[None]:
        try:
            yield
        finally:
            await tools.close()

    return held
