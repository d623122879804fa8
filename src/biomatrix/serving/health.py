"""Whether the server lives, whether it is ready, and its figures."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from biomatrix import __version__
from biomatrix.serving.metrics import CONTENT_TYPE
from biomatrix.serving.state import State


def health_routes(state: State) -> APIRouter:
    """Return ``/health/live``, ``/health/ready`` and ``/metrics``."""
    router = APIRouter(tags=["health"])

    @router.get("/health/live", summary="Whether the process answers.")
    async def live() -> Response:
        return JSONResponse({"status": "live", "version": __version__})

    @router.get("/health/ready", summary="Whether requests are served; 503 while the model is being opened.")
    async def ready() -> Response:
        reason = state.opening.not_ready()
        if reason is not None:
            return JSONResponse({"status": "starting", "reason": reason}, 503, {"retry-after": "1"})
        opened = state.opened
        return JSONResponse({"status": "ready", "model": opened.name, "hash": opened.hash})

    @router.get("/metrics", summary="Figures for Prometheus.")
    async def metrics() -> Response:
        return Response(await run_in_threadpool(state.metrics.text), media_type=CONTENT_TYPE)

    return router
