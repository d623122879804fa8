"""The one way to read a TOML file: recipes and definitions, as people's editors and shells leave them.

A byte order mark and line ends of carriage returns alone are read; anything that is no TOML in UTF-8 is refused with
what it is instead, and where.
"""

from __future__ import annotations

import tomllib
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from pathlib import Path
from typing import Any, Final

from biomatrix.entities.files.lfs_pointers import LFS_ADVICE, is_lfs_pointer
from biomatrix.entities.files.paths import is_folder
from biomatrix.errors import ConfigurationError

MAX_BYTES: Final = 4 << 20
"""The size in bytes of the largest TOML file that is read."""


def read_toml(path: str | Path) -> dict[str, Any]:
    """Return the tables of a TOML file.

    Raises
    ------
    ConfigurationError
        The file cannot be read, is empty or larger than `MAX_BYTES`, is no UTF-8 text, or is not TOML; names the line.
    """
    file = Path(path)
    text = _text(_content(file), file)
    try:
        return tomllib.loads(text)
    except RecursionError as error:
        raise ConfigurationError(
            "not TOML that can be read: its values are nested too deeply", file=str(file)
        ) from error
    except ValueError as error:
        raise ConfigurationError(f"not TOML: {' '.join(str(error).split())}", file=str(file)) from error


def _content(file: Path) -> bytes:
    if is_folder(file):
        raise ConfigurationError("is a folder; give the TOML file itself", file=str(file))
    try:
        with file.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a name with a null character
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise ConfigurationError(f"cannot be read: {reason}", file=str(file)) from error
    if len(content) > MAX_BYTES:
        raise ConfigurationError(f"holds more than {MAX_BYTES:,} bytes, the limit for a TOML file", file=str(file))
    if not content.strip():
        raise ConfigurationError("the file is empty", file=str(file))
    if is_lfs_pointer(content):
        raise ConfigurationError(LFS_ADVICE, file=str(file))
    return content


def _text(content: bytes, file: Path) -> str:
    """Return the text of a file with line feeds for line ends, without a byte order mark."""
    if content.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        raise ConfigurationError("is UTF-16 text; save it as UTF-8", file=str(file))
    try:
        text = content.removeprefix(BOM_UTF8).decode("utf-8")
    except UnicodeDecodeError as error:
        # splitlines counts the ends of every system; the fault stands in the last line before it.
        line = max(len((content[: error.start] + b".").splitlines()), 1)
        raise ConfigurationError(
            f"is not UTF-8 text: byte 0x{content[error.start]:02x} in line {line}; save the file as UTF-8",
            file=str(file),
        ) from error
    if "\0" in text:
        raise ConfigurationError("is not text: it holds null characters", file=str(file))
    return text if "\n" in text else text.replace("\r", "\n")
