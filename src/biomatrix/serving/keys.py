"""API keys: a file of hashes, a line a key, and the comparison of what a request shows with them.

A line is ``name:sha256``, with ``:requests-per-minute`` and ``:requests-at-once`` behind it where the key has limits of
its own; lines that begin with ``#`` are remarks. A key is 32 random bytes, so a plain hash of it cannot be turned back
by guessing, and a file that leaks lets nobody in.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from biomatrix.errors import ConfigurationError

PREFIX: Final = "bmx-"
"""Begins every key, so that scanners of source code find one that was committed by mistake."""
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_HASH: Final = re.compile(r"[0-9a-f]{64}")
_FIELDS: Final = 4
_LONGEST: Final = 512
_LONGEST_COUNT: Final = 10
"""Digits that no number of requests has."""
DEFAULT_RATE: Final = 600
DEFAULT_CONCURRENCY: Final = 64


@dataclass(frozen=True)
class Key:
    """One key as the server keeps it.

    Parameters
    ----------
    name : str
        For the log and for the limits.
    digest : str
        SHA-256 of the key, in hexadecimal digits.
    rate : int
        The most requests a minute.
    concurrency : int
        The most requests at once.
    """

    name: str
    digest: str
    rate: int = DEFAULT_RATE
    concurrency: int = DEFAULT_CONCURRENCY

    @property
    def line(self) -> str:
        """The key's line in the file."""
        return f"{self.name}:{self.digest}:{self.rate}:{self.concurrency}"


class KeyRing:
    """The keys of a server."""

    def __init__(self, keys: Iterable[Key]) -> None:
        self._keys = tuple(keys)

    def find(self, shown: str) -> Key | None:
        """Return the key that was shown, None for none; every key is compared, in constant time."""
        digest = digest_of(shown[:_LONGEST])
        found = None
        for key in self._keys:
            if hmac.compare_digest(key.digest, digest):
                found = key
        return found


def digest_of(key: str) -> str:
    """Return the SHA-256 of a key, in hexadecimal digits."""
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()


def new_key(name: str, rate: int = DEFAULT_RATE, concurrency: int = DEFAULT_CONCURRENCY) -> tuple[str, Key]:
    """Return a new key, to be shown once, and what the server keeps of it; ConfigurationError for an odd name."""
    if not _NAME.fullmatch(name):
        raise ConfigurationError(f"a key is named by letters, digits, '.', '_' and '-', at most 64, not {name[:80]!r}")
    if rate < 1 or concurrency < 1:
        raise ConfigurationError("a key allows at least one request a minute, and one at once")
    secret = PREFIX + secrets.token_urlsafe(32)
    return secret, Key(name, digest_of(secret), rate, concurrency)


def add_key(path: Path, key: Key) -> None:
    """Append a key to a file that its owner alone may read; ConfigurationError where its name is taken."""
    if path.exists() and any(one.name == key.name for one in _listed(path)):
        raise ConfigurationError(f"a key named {key.name!r} is there already; remove its line, or choose another name")
    path.touch(mode=0o600)
    text = path.read_text(encoding="utf-8")
    separator = "\n" if text and not text.endswith("\n") else ""
    with path.open("a", encoding="utf-8") as file:
        file.write(f"{separator}{key.line}\n")


def read_keys(path: Path) -> list[Key]:
    """Return the keys of a file.

    Raises
    ------
    ConfigurationError
        The file cannot be read, holds no key, or a line is broken; the message never shows the line.
    """
    keys = _listed(path)
    if not keys:
        raise ConfigurationError("the file holds no key; make one with biomatrix serve keys new NAME", file=str(path))
    return keys


def _listed(path: Path) -> list[Key]:
    """Return the keys of a file, which may hold none."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no UTF-8 text"
        raise ConfigurationError(f"the keys cannot be read: {reason}", file=str(path)) from error
    keys: list[Key] = []
    for number, line in enumerate(lines, start=1):
        if line.strip() and not line.strip().startswith("#"):
            keys.append(_read_line(line.strip(), path, number))
            if any(one.name == keys[-1].name for one in keys[:-1]):
                raise ConfigurationError(f"the name {keys[-1].name!r} stands twice", file=str(path), position=number)
    return keys


def _read_line(line: str, path: Path, number: int) -> Key:
    name, digest, *numbers = line.split(":") if ":" in line else (line, "")
    sound = _NAME.fullmatch(name) and _HASH.fullmatch(digest) and len(numbers) <= _FIELDS - 2
    if not sound or not all(
        one.isascii() and one.isdigit() and len(one) < _LONGEST_COUNT and int(one) > 0 for one in numbers
    ):
        message = (
            "a line is name:sha256[:requests-per-minute[:requests-at-once]], the hash in 64 small hexadecimal digits"
        )
        raise ConfigurationError(message, file=str(path), position=number)
    return Key(name, digest, *map(int, numbers))
