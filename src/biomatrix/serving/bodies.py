"""Bodies of requests: read below a limit, as strict JSON, or as a form with files."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any, Final, NoReturn

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException
from starlette.requests import ClientDisconnect, Request

from biomatrix.entities.formats import extension_of, kinds_of_format, known_formats
from biomatrix.serving.characters import refuse_half_characters
from biomatrix.serving.entities import PACKED
from biomatrix.serving.problems import Problem

_DEEPEST: Final = 64
_LONGEST_NUMBER: Final = 40
_MOST_FILES: Final = 16
_SHORTEST_ESCAPE: Final = b"\\u"


async def read_body(request: Request) -> bytes:
    """Return the whole body; the gate refuses one that is too large while it comes in."""
    try:
        return await request.body()
    except ClientDisconnect as error:
        raise Problem(400, "disconnected", "the client went before its body was whole") from error


def require_json(request: Request) -> None:
    """Raise Problem (415) where the body is said to be something else, as a form of another site would."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise Problem(415, "content-type", f"the body is {kind or 'of no stated type'}; send application/json")


def parse_json(body: bytes) -> dict[str, Any]:
    """Return the object that a body spells.

    Raises
    ------
    Problem
        400: it is no JSON object, is nested too deeply, or holds NaN or a number out of range.
    ParseError
        A text in it holds half a character.
    """
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _bad(f"the body is no UTF-8 text (byte {error.start + 1})", error.start + 1) from error
    _check_depth(text)
    try:
        value = json.loads(text, parse_constant=_no_constant, parse_float=_number(float), parse_int=_number(int))
    except json.JSONDecodeError as error:
        raise _bad(f"the body is no JSON: {error.msg} (character {error.pos + 1})", error.pos + 1) from error
    except (RecursionError, ValueError) as error:
        raise _bad("the body is no JSON that can be read") from error
    if not isinstance(value, dict):
        raise _bad("the body is JSON, but no object; send {...}")
    if _SHORTEST_ESCAPE in body:
        refuse_half_characters(value)
    return value


def _check_depth(text: str) -> None:
    """Raise Problem where brackets are nested deeper than any request needs, before anything recurses over them."""
    if text.count("[") + text.count("{") <= _DEEPEST:
        return
    depth, inside, skip = 0, False, False
    for place, letter in enumerate(text):
        if inside:
            if skip:
                skip = False
            elif letter == "\\":
                skip = True
            elif letter == '"':
                inside = False
        elif letter == '"':
            inside = True
        elif letter in "[{":
            depth += 1
            if depth > _DEEPEST:
                raise _bad(f"the body is nested deeper than {_DEEPEST} levels (character {place + 1})", place + 1)
        elif letter in "]}":
            depth -= 1


def _no_constant(word: str) -> NoReturn:
    raise _bad(f"{word} is no number of JSON")


def _number(kind: type[float] | type[int]) -> Callable[[str], float | int]:
    def read(text: str) -> float | int:
        value = kind(text) if len(text) <= _LONGEST_NUMBER else None
        if value is None or abs(value) == float("inf"):
            raise _bad(f"the number {text[:_LONGEST_NUMBER]} is out of range")
        return value

    return read


def _bad(message: str, position: int | None = None) -> Problem:
    where = None if position is None else {"field": None, "record": None, "position": position}
    return Problem(400, "json", message, where=where)


async def read_form(request: Request, largest: int) -> dict[str, Any]:
    """Return the input of a form: the JSON of its field ``input``, each file under the name of its own field.

    A file's format is told by its name's extension, and its kind by the format; nothing of that name is ever opened.
    A field named ``prompt.1`` or ``entities.0`` stands at that place of a list.

    Raises
    ------
    Problem
        400 or 422 for a form that cannot be read, or a file whose format is unknown.
    ParseError
        A text in it holds half a character.
    """
    try:
        form = await request.form(max_files=_MOST_FILES, max_fields=_MOST_FILES, max_part_size=largest)
    except (MultiPartException, ValueError, AssertionError) as error:
        raise Problem(400, "form", f"the form cannot be read: {error}") from error
    except ClientDisconnect as error:
        raise Problem(400, "disconnected", "the client went before its body was whole") from error
    try:
        given = form.get("input", "{}")
        asked = parse_json(given.encode() if isinstance(given, str) else await given.read())
        for name, value in form.multi_items():
            if name != "input":
                _put(asked, name, await _entity_of(name, value) if isinstance(value, UploadFile) else str(value))
        refuse_half_characters(asked)  # a form may say that its fields are in an encoding that spells them
        return asked
    finally:
        await form.close()


async def _entity_of(field: str, upload: UploadFile) -> dict[str, Any]:
    """Return an uploaded file as the API's JSON of an entity; a binary one in base64."""
    extension = extension_of((upload.filename or "").replace("\\", "/").rpartition("/")[2])
    where = {"field": field, "record": None, "position": None}
    content = await upload.read()
    formats = known_formats().items()
    file_format = next((name for name, kept in formats if any(extension in one.extensions for one in kept)), None)
    if file_format is None:
        message = f"the name of the file in field {field!r} shows no format that is read; give it an extension as .sdf"
        raise Problem(422, "unsupported", message, where=where)
    kind = kinds_of_format(file_format)[0].name
    try:
        return {"type": kind, file_format: content.decode("utf-8")}
    except UnicodeDecodeError:
        return {"type": kind, file_format: f"{PACKED}{base64.b64encode(content).decode()}"}


def _put(asked: dict[str, Any], name: str, value: Any) -> None:
    """Put a value under a field's name, or at its place of a list that the field is."""
    field, _, place = name.partition(".")
    if not place:
        asked[name] = value
        return
    listed = asked.setdefault(field, [])
    if not isinstance(listed, list) or not place.isascii() or not place.isdigit() or int(place) > len(listed):
        message = f"the field {name!r} is no next place of the list {field!r}"
        raise Problem(422, "form", message, where={"field": name, "record": None, "position": None})
    listed.insert(int(place), value)
