"""``/docs``: the API on one plain page, every example of which can be run; nothing comes from elsewhere."""

from __future__ import annotations

import json
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from starlette.responses import HTMLResponse, JSONResponse, Response

from biomatrix.serving.api_schema import api_schema

if TYPE_CHECKING:
    from fastapi import FastAPI

_FILES: Final = {"docs.css": "text/css", "docs.js": "text/javascript"}
_FOLDER: Final = Path(__file__).with_name("docs_files")
_HEAD: Final = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>biomatrix API</title>'
    '<meta name="viewport" content="width=device-width, initial-scale=1">'
    '<link rel="stylesheet" href="docs/docs.css"><script type="module" src="docs/docs.js"></script></head><body>'
)


def docs_routes(app: FastAPI) -> None:
    """Add ``/openapi.json``, ``/docs`` and its two files."""

    @app.get("/openapi.json", include_in_schema=False)
    async def schema() -> Response:
        return JSONResponse(api_schema(app))

    @app.get("/docs", include_in_schema=False)
    async def docs() -> Response:
        return HTMLResponse(docs_page(api_schema(app)))

    for name, kind in _FILES.items():
        app.add_api_route(f"/docs/{name}", _file(name, kind), methods=["GET"], include_in_schema=False)


def _file(name: str, kind: str) -> Any:
    async def send() -> Response:
        return Response((_FOLDER / name).read_text(encoding="utf-8"), media_type=kind)

    return send


def docs_page(schema: dict[str, Any]) -> str:
    """Return the page of a schema, every word of it escaped."""
    parts = [
        _HEAD,
        f"<h1>{escape(schema['info']['title'])}</h1><p>{escape(schema['info']['summary'])}. ",
        'The schema: <a href="openapi.json">openapi.json</a>.</p>',
        '<p><label>Key, where the server asks for one: <input id="key" type="password" autocomplete="off"></label></p>',
    ]
    for path, methods in schema["paths"].items():
        for method, described in methods.items():
            parts += _route(path, method, described, schema)
    return "".join([*parts, "</body></html>"])


def _route(path: str, method: str, described: dict[str, Any], schema: dict[str, Any]) -> Iterator[str]:
    yield f"<section><h2><code>{escape(method.upper())} {escape(path)}</code></h2>"
    yield f"<p>{escape(described.get('summary', ''))}</p>"
    content = described.get("requestBody", {}).get("content", {}).get("application/json", {})
    yield from _fields("Takes", content.get("schema", {}), schema)
    answer = described.get("responses", {}).get("200", {}).get("content", {}).get("application/json", {})
    yield from _fields("Gives", answer.get("schema", {}), schema)
    example = content.get("examples", {}).get("example", {}).get("value")
    if example is not None:
        shown = json.dumps(example, indent=2)
        yield f'<form data-path="{escape(path)}"><label>Example<textarea rows="{min(20, shown.count(chr(10)) + 2)}">'
        yield f"{escape(shown)}</textarea></label><button>Run</button><output></output></form>"
        yield f"<pre>{escape(curl(path, example))}</pre>"
    elif method == "get" and "{" not in path:
        yield f'<form data-path="{escape(path)}" data-method="GET"><button>Run</button><output></output></form>'
    yield "</section>"


def curl(path: str, example: dict[str, Any]) -> str:
    """Return the command that sends an example to this machine's server."""
    body = json.dumps(example).replace("'", "'\\''")
    return f"curl http://127.0.0.1:8000{path} -H 'content-type: application/json' -d '{body}'"


def _fields(title: str, found: dict[str, Any], schema: dict[str, Any]) -> Iterator[str]:
    name = found.get("$ref", "").rpartition("/")[2]
    model = schema["components"]["schemas"].get(name, found)
    properties = model.get("properties", {})
    if not properties:
        return
    yield f"<details><summary>{title}: {escape(name)}</summary><dl>"
    for field, about in properties.items():
        yield f"<dt><code>{escape(field)}</code> {escape(type_of(about))}</dt>"
        yield f"<dd>{escape(about.get('description', ''))}{escape(default_of(about))}</dd>"
    yield "</dl></details>"


def type_of(about: dict[str, Any]) -> str:
    """Return the type that a schema gives a value, in words."""
    if "$ref" in about:
        return str(about["$ref"]).rpartition("/")[2]
    if "anyOf" in about:
        return " or ".join(dict.fromkeys(map(type_of, about["anyOf"])))
    if about.get("type") == "array":
        return f"list of {type_of(about.get('items', {}))}"
    return str(about.get("type", "any"))


def default_of(about: dict[str, Any]) -> str:
    """Return the value that a field has at first, in brackets; "" where it has none."""
    return f" [{json.dumps(about['default'])}]" if "default" in about else ""
