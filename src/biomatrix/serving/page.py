"""The web page: static files beside this module, served at ``/`` under a strict content security policy."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from fastapi import FastAPI

PAGE: Final = Path(__file__).with_name("page")
"""The folder of the page: HTML, modules, style sheets, and what is vendored under ``vendor``."""

CONTENT_SECURITY_POLICY: Final = (
    "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data: blob:; "
    "worker-src 'self' blob:; connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
"""Nothing inline, nothing from elsewhere; Mol* runs under it as it is, for it is used without its own controls."""

_SECONDS: Final = 365 * 24 * 3600
_VENDORED: Final = f"public, max-age={_SECONDS}, immutable"


def mount_page(app: FastAPI) -> None:
    """Serve the page at ``/`` and its files under ``/page``."""
    from fastapi import Response
    from fastapi.responses import FileResponse
    from fastapi.staticfiles import StaticFiles
    from starlette.types import Scope

    class PageFiles(StaticFiles):
        """The files, each with the policy; what is vendored is kept, as its folder is named by its version."""

        async def get_response(self, path: str, scope: Scope) -> Response:
            response = await super().get_response(path, scope)
            vendored = path.startswith("vendor/") and response.status_code == 200
            _guard(response, _VENDORED if vendored else "no-cache")
            return response

    @app.get("/", include_in_schema=False)
    def index() -> Response:
        response = FileResponse(PAGE / "index.html", media_type="text/html")
        _guard(response, "no-cache")
        return response

    app.mount("/page", PageFiles(directory=PAGE), name="page")


def _guard(response: object, caching: str) -> None:
    """Set the headers of the page on a response."""
    headers = getattr(response, "headers", {})
    headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "no-referrer"
    headers["Cache-Control"] = caching
