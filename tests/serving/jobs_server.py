"""A server of jobs alone, as a process that can be killed: ``python jobs_server.py FILE PORT``."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import uvicorn
from fastapi import FastAPI, Request

from biomatrix.serving.jobs.routes import job_routes
from biomatrix.serving.jobs.runner import JobRunner
from biomatrix.serving.jobs.store import JobStore


def jobs_app(store: JobStore, runner: JobRunner) -> FastAPI:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        runner.start()
        yield
        runner.stop(5.0)

    app = FastAPI(lifespan=lifespan)

    @app.middleware("http")
    async def named(request: Request, call_next):  # type: ignore[no-untyped-def]
        request.state.owner = request.headers.get("x-owner", "")
        return await call_next(request)

    app.include_router(job_routes(store, runner, request_bytes=100_000))
    return app


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    import small_operations

    kept = JobStore(sys.argv[1])
    uvicorn.run(jobs_app(kept, JobRunner(kept, small_operations.service())), port=int(sys.argv[2]), log_level="warning")
