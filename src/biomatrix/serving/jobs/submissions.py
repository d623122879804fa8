"""What is sent to make a job: one input, a list of them, or JSON lines; each checked before any is accepted."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from typing import Any, Final, NoReturn

from pydantic import ValidationError

from biomatrix.errors import BioMatrixError, ConfigurationError, LimitError, ParseError
from biomatrix.serving.characters import refuse_half_characters
from biomatrix.serving.faults import placed_error
from biomatrix.serving.jobs.job import Item
from biomatrix.serving.operations.operation import operation

LINES: Final = ("application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines")
"""Content types of JSON lines."""
_MOST_TOLD: Final = 20


class RefusedRecordsError(ParseError):
    """Some of the inputs are not what their operation takes; ``records`` says which and why, at most twenty."""

    records: tuple[dict[str, Any], ...] = ()


def read_submission(body: bytes, content_type: str, named: str | None, most: int) -> list[Item]:
    """Return the items of a job.

    Parameters
    ----------
    body : bytes
        ``{"operation": NAME, "input": {...}}``, ``{"operation": NAME, "inputs": [...]}``, or lines that are the first.
    content_type : str
        One of :data:`LINES` for lines; JSON otherwise.
    named : str, optional
        An operation named beside the body: each line is then an input.
    most : int
        The most items.

    Raises
    ------
    ParseError
        The body is no JSON.
    RefusedRecordsError
        Some inputs are not what their operation takes.
    LimitError
        There are more than ``most``.
    """
    lines = content_type.partition(";")[0].strip().lower() in LINES
    items: list[Item] = []
    refused: list[dict[str, Any]] = []
    records = list(_lines(body, named) if lines else _requests(body, named))
    if len(records) > most:
        message = f"the job has {len(records):,} items, past this server's limit of {most:,}; send several jobs"
        raise LimitError(message, limit="items", actual=len(records), allowed=most)
    for number, record in enumerate(records, start=1):
        try:
            items.append(_item(record() if callable(record) else record))
        except (BioMatrixError, ValidationError) as error:
            refused.append({"record": number, **placed_error(error)})
            if len(refused) == _MOST_TOLD:
                break
    if refused:
        _refuse(refused)
    if not items:
        raise ParseError("the job has no items; give an input, or lines of JSON")
    return items


def digest_of(items: Sequence[Item]) -> str:
    """Return what stands for a body, whatever its spaces and the order of its keys."""
    return hashlib.sha256(json.dumps([(item.operation, item.input) for item in items]).encode()).hexdigest()


def _refuse(refused: list[dict[str, Any]]) -> NoReturn:
    first = refused[0]
    more = f" (and {len(refused) - 1} more)" if len(refused) > 1 else ""
    error = RefusedRecordsError(f"{first['message']}{more}", record=first["record"])
    error.records = tuple(refused)
    raise error


def _item(record: Any) -> Item:
    if not isinstance(record, dict) or set(record) != {"operation", "input"}:
        raise ParseError('an item is {"operation": NAME, "input": {...}} and nothing else')
    name = record["operation"]
    if not isinstance(name, str):
        raise ConfigurationError("operation is the name of one, as a string")
    refuse_half_characters(record["input"])
    asked = operation(name).asked
    asked.model_validate(record["input"])
    return Item(name, json.dumps(record["input"], sort_keys=True, separators=(",", ":")))


def _requests(body: bytes, named: str | None) -> Iterator[Any]:
    """Yield the items of a JSON body."""
    whole = _json(body)
    if not isinstance(whole, dict):
        raise ParseError('the body is {"operation": NAME, "input": {...}} or has "inputs": [...] in its place')
    extra = set(whole) - {"operation", "input", "inputs"}
    if extra or ("input" in whole) == ("inputs" in whole):
        raise ParseError('the body has "operation" and one of "input" and "inputs", and nothing else')
    name = whole.get("operation", named)
    inputs = whole["inputs"] if "inputs" in whole else [whole["input"]]
    if not isinstance(inputs, list):
        raise ParseError('"inputs" is a list; one input is given as "input"')
    for one in inputs:
        yield {"operation": name, "input": one}


def _lines(body: bytes, named: str | None) -> Iterator[Any]:
    """Yield for each line a function that reads it, so that a broken one is told beside the others."""
    for line in body.splitlines():
        if line.strip():
            yield lambda line=line: _json(line) if named is None else {"operation": named, "input": _json(line)}


def _json(text: bytes) -> Any:
    try:
        return json.loads(text.decode("utf-8-sig"), parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise ParseError(f"not JSON: {reason}") from None


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON value")
