"""The API's schema (OpenAPI): routes, with what each takes and gives from the table of operations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

from biomatrix import __version__
from biomatrix.serving.operations.operation import Operation, operations
from biomatrix.serving.routes import FORM, GENERATE, LISTS, RUN_TASK

if TYPE_CHECKING:
    from fastapi import FastAPI

_REF: Final = "#/components/schemas/{model}"
_ERROR: Final = {
    "type": "object",
    "properties": {
        "error": {
            "type": "object",
            "properties": {
                "type": {"type": "string"},
                "message": {"type": "string", "description": "What, where and what to do, in one line."},
                "where": {"type": ["object", "null"]},
                "limit": {"type": ["object", "null"], "description": "name, actual, allowed"},
            },
        }
    },
}
STATUSES: Final = {
    "401": "No key, or an unknown one.",
    "403": "The laboratory's own rule, or a page of another site.",
    "404": "Nothing has that name.",
    "413": "Larger than a limit of this server.",
    "422": "It cannot be read, or makes no sense.",
    "429": "More than the key allows; Retry-After says when.",
    "503": "The server is busy or starting; Retry-After says when.",
}
"""The statuses of refusals, and when each is given."""


def api_schema(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document of an application; made once."""
    if app.openapi_schema:
        return app.openapi_schema
    schema: dict[str, Any] = get_openapi(
        title="biomatrix",
        version=__version__,
        summary="One language model over text, molecules and proteins, behind one API",
        routes=app.routes,
    )
    table = operations()
    pairs = [pair for one in table for pair in ((one.asked, "validation"), (one.told, "serialization"))]
    names, shared = models_json_schema(pairs, ref_template=_REF)  # type: ignore[arg-type]
    components = schema.setdefault("components", {})
    components.setdefault("schemas", {}).update(shared.get("$defs", {}))
    components["schemas"]["Error"] = _ERROR
    components["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
    by_name = {one.name: one for one in table}
    for path, name, takes in _places(by_name):
        if path in schema["paths"]:
            for method in schema["paths"][path].values():
                _describe(method, by_name[name], names, takes)
    app.openapi_schema = schema
    return schema


def _places(table: dict[str, Operation]) -> list[tuple[str, str, bool]]:
    """Return the paths of operations, each with its operation's name and whether it takes a body."""
    places = [(f"/v1/{name}", name, name not in LISTS) for name in table]
    if GENERATE in table:
        places.append(("/v1/generate/stream", GENERATE, True))
    if RUN_TASK in table:
        places.append(("/v1/tasks/{id}/run", RUN_TASK, True))
    return places


def _describe(method: dict[str, Any], one: Operation, names: Any, takes: bool) -> None:
    asked, told = names[one.asked, "validation"], names[one.told, "serialization"]
    method["tags"] = ["operations"]
    method["description"] = (one.run.__doc__ or one.summary).strip().partition("\n\n")[0]
    if takes:
        form = {
            "type": "object",
            "properties": {"input": {"type": "string", "description": "The JSON; files go to the fields they name."}},
            "additionalProperties": {"type": "string", "format": "binary"},
        }
        method["requestBody"] = {
            "required": True,
            "content": {
                "application/json": {"schema": asked, "examples": {"example": {"value": one.example}}},
                FORM: {"schema": form},
            },
        }
    method["responses"] = {"200": {"description": "The answer", "content": {"application/json": {"schema": told}}}}
    error = {"application/json": {"schema": {"$ref": _REF.format(model="Error")}}}
    for status, words in STATUSES.items():
        method["responses"][status] = {"description": words, "content": error}
