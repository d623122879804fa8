"""The rows of a test split that training data held too, as ``biomatrix audit`` lists them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from biomatrix.errors import ConfigurationError

MAX_BYTES: Final = 1 << 30
"""The size in bytes of the largest list of keys that is read."""


class LeakedKeys:
    """The keys of leaked rows by benchmark.

    Parameters
    ----------
    keys : mapping of str to set of str
    digest : str
        SHA-256, hexadecimal, of the file they come from.
    """

    def __init__(self, keys: Mapping[str, frozenset[str]], digest: str = "") -> None:
        self._keys = dict(keys)
        self.digest = digest

    def of(self, benchmark: str) -> frozenset[str] | None:
        """Return the keys of a benchmark; None where it was not examined."""
        return self._keys.get(benchmark)

    @classmethod
    def from_file(cls, path: Path) -> LeakedKeys:
        """Read a JSON file ``{"task": ["key", ...]}``, or lines of a task, a tab and a key.

        Raises
        ------
        ConfigurationError
            The file cannot be read, is too large, or is of another form.
        """
        try:
            if path.stat().st_size > MAX_BYTES:
                raise ConfigurationError(f"holds more than {MAX_BYTES:,} bytes, the limit for keys", file=str(path))
            content = path.read_bytes()
            text = content.decode("utf-8-sig")
        except OSError as error:
            raise ConfigurationError(f"cannot be read: {error.strerror or error}", file=str(path)) from error
        except UnicodeDecodeError as error:
            raise ConfigurationError("is not UTF-8 text", file=str(path)) from error
        keys = _of_json(text, path) if text.lstrip().startswith("{") else _of_lines(text, path)
        return cls(keys, hashlib.sha256(content).hexdigest())


def _of_json(text: str, path: Path) -> dict[str, frozenset[str]]:
    try:
        content: Any = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(f"not JSON: {' '.join(str(error).split())[:200]}", file=str(path)) from error
    found = {}
    for name, keys in content.items():
        if not isinstance(keys, list) or not all(isinstance(key, str | int) for key in keys):
            raise ConfigurationError(f"{name}: a list of keys is expected", file=str(path))
        found[str(name)] = frozenset(map(str, keys))
    return found


def _of_lines(text: str, path: Path) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        name, tab, key = line.partition("\t")
        if not tab:
            raise ConfigurationError("a task, a tab and a key are expected", file=str(path), position=number)
        found.setdefault(name.strip(), set()).add(key)
    return {name: frozenset(keys) for name, keys in found.items()}
