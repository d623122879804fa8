"""The files of answers, kept in memory for a while so that an agent can fetch them by their address."""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

SCHEME: Final = "biomatrix://answers/"


@dataclass(frozen=True)
class KeptFile:
    """One file of an answer.

    Parameters
    ----------
    text : str
    media_type : str
    title : str
        What it is, in words.
    """

    text: str
    media_type: str
    title: str


@dataclass(frozen=True)
class _Answer:
    owner: str
    files: Mapping[str, KeptFile]
    size: int


class KeptAnswers:
    """Files of the latest answers; the oldest answers go when there are too many or they are too large.

    Parameters
    ----------
    most : int
        Answers.
    most_characters : int
        Of all files together.
    """

    def __init__(self, most: int = 1_000, most_characters: int = 64 * 2**20) -> None:
        self._most = most
        self._most_characters = most_characters
        self._answers: OrderedDict[str, _Answer] = OrderedDict()
        self._characters = 0
        self._lock = threading.Lock()

    def keep(self, owner: str, id_: str, files: Mapping[str, KeptFile]) -> None:
        """Keep the files of an answer, which its owner alone can read."""
        size = sum(len(file.text) for file in files.values())
        with self._lock:
            self._answers[id_] = _Answer(owner, files, size)
            self._characters += size
            while self._answers and (len(self._answers) > self._most or self._characters > self._most_characters):
                _, oldest = self._answers.popitem(last=False)
                self._characters -= oldest.size

    def read(self, owner: str, uri: str) -> KeptFile | None:
        """Return a file by its address; None where it is gone, was never there, or is somebody else's."""
        if not uri.startswith(SCHEME):
            return None
        id_, _, name = uri.removeprefix(SCHEME).partition("/")
        with self._lock:
            answer = self._answers.get(id_)
        return answer.files.get(name) if answer is not None and answer.owner == owner else None

    def all(self, owner: str) -> list[tuple[str, KeptFile]]:
        """Return address and content of every file of an owner, those of the latest answer first."""
        with self._lock:
            answers = [(id_, one.files) for id_, one in reversed(self._answers.items()) if one.owner == owner]
        return [(address(id_, name), file) for id_, files in answers for name, file in files.items()]


def new_id() -> str:
    """Return an identifier of an answer that nobody can guess."""
    return secrets.token_urlsafe(12)


def address(id_: str, name: str) -> str:
    """Return the address of a file of an answer."""
    return f"{SCHEME}{id_}/{name}"
