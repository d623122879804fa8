"""Where the tools stand in an application; apart from the tools themselves, whose import is slow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.routing import Mount, Route

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.types import ASGIApp


def mount_mcp(app: Starlette, server: ASGIApp, path: str = "/mcp") -> None:
    """Let an application answer the protocol at a path, with and without a slash behind it.

    A plain mount would answer the path itself with a redirect, which a proxy in front may send to the wrong place.
    """
    app.router.routes.insert(0, Route(path, endpoint=server))
    app.router.routes.insert(1, Mount(path, app=server))
