"""Data sets of LLaMA-Factory: ``dataset_info.json``, and files of its alpaca and sharegpt formats.

Read as LLaMA-Factory reads them: the columns and tags that an entry names, its defaults for the others, every answer of
a conversation learned. What would change the meaning and is not read here (tool calls, images, rankings) is refused.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from biomatrix.entities.files.json_files import read_object
from biomatrix.entities.near_matches import choices
from biomatrix.entities.rejects import Reject
from biomatrix.errors import BioMatrixError, ConfigurationError, ParseError, UnsupportedError
from biomatrix.tasks.benchmarks.official_files.row_files import read_rows
from biomatrix.vocabulary.chat import Role

INDEX: Final = "dataset_info.json"
_ALPACA: Final = {"prompt": "instruction", "query": "input", "response": "output", "system": None, "history": None}
_SHAREGPT: Final = {"messages": "conversations", "system": None}
_TAGS: Final = {
    "role_tag": "from",
    "content_tag": "value",
    "user_tag": "human",
    "assistant_tag": "gpt",
    "system_tag": "system",
}
_KEYS: Final = {"file_name", "formatting", "columns", "tags", "ranking", "split", "subset"}
_READ_AS_ROWS: Final = (".jsonl", ".parquet", ".csv")
_DATA: Final = (".json", *_READ_AS_ROWS)


@dataclass(frozen=True)
class Turn:
    """What one side says; entities stand in the text between the control tokens of their modality."""

    role: Role
    text: str


Conversation = tuple[Turn, ...]
"""A system message or none, then question and answer in turn; the last is an answer."""


@dataclass(frozen=True)
class DataSet:
    """One entry of ``dataset_info.json``.

    Parameters
    ----------
    name : str
    path : Path
        A file, or a folder of them.
    sharegpt : bool
        Whether its rows hold lists of messages, rather than the fields of one exchange.
    columns, tags : mapping of str to str
        Where the parts of a row stand; None where it has no such column.
    """

    name: str
    path: Path
    sharegpt: bool
    columns: Mapping[str, str | None]
    tags: Mapping[str, str]


def data_set(folder: Path, name: str) -> DataSet:
    """Return a data set of a folder's index.

    Raises
    ------
    ConfigurationError
        There is no index, no such name in it, or no file where it says.
    UnsupportedError
        It asks for what is not read here: rankings, tools, images, files on a hub.
    """
    index = read_object(folder / INDEX, ConfigurationError)
    entry = index.get(name)
    place = str(folder / INDEX)
    if not isinstance(entry, dict):
        raise ConfigurationError(f"no data set {name!r}; {choices(name, sorted(index))}", file=place)
    form = entry.get("formatting", "alpaca")
    known, tags = (_SHAREGPT, _TAGS) if form == "sharegpt" else (_ALPACA, {})
    columns = {**known, **(entry.get("columns") or {})}
    if form not in ("alpaca", "sharegpt"):
        raise UnsupportedError(f"{name}: formatting {form!r}; alpaca and sharegpt are read", file=place)
    if "file_name" not in entry:
        raise UnsupportedError(
            f"{name}: its files lie elsewhere; fetch them into this folder and name them as file_name", file=place
        )
    odd = [key for key in entry if key not in _KEYS] + [key for key in columns if key not in known]
    odd += ["ranking"] if entry.get("ranking") else []
    if odd:
        raise UnsupportedError(
            f"{name}: {odd[0]!r} is not read here; remove it from the entry, or the entry", file=place
        )
    path = folder / entry["file_name"]
    if not path.exists():
        raise ConfigurationError(f"{name}: no such file; fetch it, or correct file_name", file=str(path))
    return DataSet(name, path, form == "sharegpt", columns, {**tags, **(entry.get("tags") or {})})


def conversations(data: DataSet) -> Iterator[Conversation | Reject]:
    """Yield the conversations of a data set in order; a row that is none becomes a reject."""
    paths = sorted(data.path.rglob("*")) if data.path.is_dir() else [data.path]
    for path in (path for path in paths if path.suffix in _DATA or path == data.path):
        for number, row in enumerate(_rows(path), start=1):
            try:
                if isinstance(row, BioMatrixError):
                    raise row
                yield _messages(row, data) if data.sharegpt else _exchange(row, data)
            except BioMatrixError as error:
                yield Reject.from_error(error, str(path), number)


def _rows(path: Path) -> Iterator[Mapping[str, Any] | BioMatrixError]:
    """Yield the rows of a file; a ``.json`` file holds them all in one list, or one a line."""
    if path.suffix != ".json":
        yield from read_rows(path)
        return
    text = path.read_text(encoding="utf-8")
    try:
        rows = json.loads(text) if text.lstrip().startswith("[") else [json.loads(line) for line in text.splitlines()]
    except ValueError as error:
        raise ParseError(f"neither a JSON list nor JSON lines: {error}", file=str(path)) from error
    for row in rows:
        yield row if isinstance(row, dict) else ParseError("a row is a JSON object")


def _exchange(row: Mapping[str, Any], data: DataSet) -> Conversation:
    asked, shown, answer, system = (
        _text(row, data.columns[part], part in ("prompt", "response"))
        for part in ("prompt", "query", "response", "system")
    )
    history = row.get(data.columns["history"] or "") or []
    if not isinstance(history, list) or any(
        not isinstance(pair, list | tuple) or len(pair) != 2 or not all(isinstance(one, str) for one in pair)
        for pair in history
    ):
        raise ParseError("the history is no list of exchanges, a question and an answer each")
    pairs = [*map(tuple, history), ("\n".join(part for part in (asked, shown) if part), answer)]
    turns = [turn for question, reply in pairs for turn in (Turn("user", question), Turn("assistant", reply))]
    return _checked([*([Turn("system", system)] if system else []), *turns])


def _messages(row: Mapping[str, Any], data: DataSet) -> Conversation:
    tags, column = data.tags, data.columns["messages"]
    messages = row.get(column or "")
    if not isinstance(messages, list) or not all(isinstance(message, dict) for message in messages):
        raise ParseError(f"the column {column!r} is no list of messages")
    roles: dict[str, Role] = {
        tags["user_tag"]: "user",
        tags["assistant_tag"]: "assistant",
        tags["system_tag"]: "system",
    }
    system = _text(row, data.columns["system"], False)
    turns = [Turn("system", system)] if system else []
    for message in messages:
        role = roles.get(message.get(tags["role_tag"]))
        if role is None:
            raise UnsupportedError(f"a message of {message.get(tags['role_tag'])!r}; {', '.join(roles)} are read")
        turns.append(Turn(role, _text(message, tags["content_tag"], True)))
    return _checked(turns)


def _text(row: Mapping[str, Any], column: str | None, needed: bool) -> str:
    value = row.get(column) if column else None
    if value is None and not needed:
        return ""
    if not isinstance(value, str):
        raise ParseError(f"the field {column!r} is missing or no text")
    return value


def _checked(turns: list[Turn]) -> Conversation:
    """Return turns that alternate as they must, an answer last."""
    spoken = turns[1:] if turns and turns[0].role == "system" else turns
    wanted: list[Role] = ["user", "assistant"] * (len(spoken) // 2)
    if not spoken or [turn.role for turn in spoken] != wanted:
        raise ParseError("question and answer do not alternate, an answer last")
    if not all(turn.text for turn in spoken if turn.role == "assistant"):
        raise ParseError("an answer is empty")
    return tuple(turns)
