"""The reference of the HTTP API as Markdown, made from the schema that a server gives under ``/openapi.json``.

``python -m biomatrix.serving.api_reference docs/reference/http-api.md`` writes the page anew.
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any, Final

from biomatrix.serving.api_schema import STATUSES, api_schema
from biomatrix.serving.docs_page import curl, default_of, type_of
from biomatrix.serving.faults import reasons
from biomatrix.serving.jobs.job import JobLimits
from biomatrix.serving.limits import ServingLimits
from biomatrix.serving.settings import ServingSettings

_INTRODUCTION: Final = """# HTTP API

What `biomatrix serve` answers, as `/openapi.json` of a server says it and `/docs` shows it with examples that run.
[Serve a model](../how-to/serve.md) tells how to use it. Made from the schema:
`python -m biomatrix.serving.api_reference docs/reference/http-api.md`.

Bodies are JSON (`content-type: application/json`); operations take forms with files too. Where a server has keys,
`/v1`, `/mcp` and `/metrics` want `authorization: Bearer KEY`. Every answer carries `X-Request-ID`."""
_ERRORS: Final = """Every refusal is `{"error": {"type", "message", "where", "limit", "param", "code"}}`. `message` is
one line; `where` is null or has the `field` (a path such as `prompt[1].smiles`), the `record` and the `position` at
fault; `limit` is null or has `name`, `actual` and `allowed`. To clients of OpenAI, 422 is told as 400 with the `type`
`invalid_request_error`; `code` is then the word below."""
_AT_MOST: Final = (
    "`--at-most NAME=VALUE` changes one of `ServingLimits`, which are of one request. Those of jobs are fixed."
)
_DOCUMENTED: Final = re.compile(r"^    (\w[\w, ]*) : [^\n]*\n((?:^        [^\n]*\n?)+)", re.MULTILINE)
_BOUNDS: Final = {
    "minimum": "at least {}",
    "exclusiveMinimum": "above {}",
    "maximum": "at most {}",
    "exclusiveMaximum": "below {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minItems": "at least {} of them",
    "maxItems": "at most {} of them",
}
_LONG: Final = 1 << 60


def reference_page() -> str:
    """Return the page: errors, limits, every route with its fields and an example, and what their fields hold."""
    from biomatrix.serving.app import create_app

    with tempfile.TemporaryDirectory(prefix="biomatrix-") as folder:
        schema = api_schema(create_app(ServingSettings(jobs=Path(folder) / "jobs.sqlite")))
    parts = [_INTRODUCTION, *_errors(), *_limits(), "## Routes"]
    for path, methods in schema["paths"].items():
        for method, described in methods.items():
            parts += _route(path, method, described, schema)
    parts.append("## Values")
    for name, model in sorted(schema["components"]["schemas"].items()):
        if model.get("properties") and name != "Error":
            parts += [f"### {name}", _line(model.get("description", "")), _table(model)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _errors() -> Iterator[str]:
    yield "## Errors"
    yield _ERRORS
    rows = [
        f"| {status} | {words} | {', '.join(f'`{one}`' for one in reasons(int(status)))} |"
        for status, words in STATUSES.items()
    ]
    yield "\n".join(["| status | when | `type`, among others |", "|---|---|---|", *rows])


def _limits() -> Iterator[str]:
    yield "## Limits"
    yield _AT_MOST
    for table in (ServingLimits, JobLimits):
        told = {
            name.strip(): " ".join(text.split())
            for names, text in _DOCUMENTED.findall(table.__doc__ or "")
            for name in names.split(",")
        }
        rows = [f"| `{one.name}` | {one.default:,} | {told[one.name]} |" for one in fields(table)]
        yield "\n".join([f"| {table.__name__} | at first | |", "|---|---|---|", *rows])


def _route(path: str, method: str, described: dict[str, Any], schema: dict[str, Any]) -> Iterator[str]:
    yield f"### {method.upper()} {path}"
    words = dict.fromkeys([described.get("summary", ""), described.get("description", "")])
    yield " ".join(_line(one) for one in words if one)
    parameters = {
        one["name"]: {**one["schema"], "description": f"In the {one['in']}. {one.get('description', '')}".strip()}
        for one in described.get("parameters", ())
    }
    if parameters:
        yield _table({"properties": parameters})
    content = described.get("requestBody", {}).get("content", {}).get("application/json", {})
    if content:
        yield _model("Takes", content["schema"], schema)
    answer = described.get("responses", {}).get("200", {}).get("content", {}).get("application/json", {})
    if answer.get("schema"):
        yield _model("Gives", answer["schema"], schema)
    example = content.get("examples", {}).get("example", {}).get("value")
    if example is not None:
        asked = curl(path.replace("{id}", str(example.get("task", ""))), example)
        yield f'```sh title="Needs a running server"\n{asked}\n```'
    elif method == "get" and "{" not in path:
        yield f'```sh title="Needs a running server"\ncurl http://127.0.0.1:8000{path}\n```'


def _model(title: str, found: dict[str, Any], schema: dict[str, Any]) -> str:
    name = found.get("$ref", "").rpartition("/")[2]
    if name in schema["components"]["schemas"]:
        return f"{title} [{name}](#{name.lower()})."
    table = _table(found)
    return f"{title}:\n\n{table}" if table else ""


def _table(model: dict[str, Any]) -> str:
    """Return the fields of a model as a table; "" for none."""
    required = set(model.get("required", ()))
    rows = []
    for name, about in model.get("properties", {}).items():
        at_first = "required" if name in required else default_of(about).strip(" []")
        cells = [f"`{name}`", _line(type_of(about)), at_first, _line(about.get("description", "")), _bounds(about)]
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(["| field | type | at first | | limits |", "|---|---|---|---|---|", *rows]) if rows else ""


def _bounds(about: dict[str, Any]) -> str:
    """Return what a schema bounds a value by, in words, in whichever of its forms."""
    found = [
        words.format(f"{about[key]:,}") for key, words in _BOUNDS.items() if key in about and abs(about[key]) < _LONG
    ]
    if "enum" in about:
        found.append("one of " + ", ".join(f"`{one}`" for one in about["enum"]))
    for form in (*about.get("anyOf", ()), *([about["items"]] if "items" in about else [])):
        found += [part for part in [_bounds(form)] if part]
    return "; ".join(dict.fromkeys(found))


def _line(text: str) -> str:
    """Return a text as a cell of a table: its first paragraph, in one line."""
    return " ".join(text.partition("\n\n")[0].replace("``", "`").split()).replace("|", "\\|")


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(reference_page(), encoding="utf-8")
