"""Does a word name something on disk? Words that no path can be, such as a long sequence, name nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Final

LONGEST_PATH: Final = 4096
"""The longest path of Linux; anything longer that a person types is a value."""
_NO_PATH: Final = (OSError, ValueError, TypeError)
"""Longer than a name may be, with a NUL, or no text at all."""


def is_file(word: str | Path) -> bool:
    """Return whether a regular file of that name exists.

    Examples
    --------
    >>> is_file("M" * 5000), is_file("no\\0file")
    (False, False)
    """
    try:
        return Path(word).is_file()
    except _NO_PATH:
        return False


def is_folder(word: str | Path) -> bool:
    """Return whether a folder of that name exists; False for what no path can be."""
    try:
        return Path(word).is_dir()
    except _NO_PATH:
        return False


def exists(word: str | Path) -> bool:
    """Return whether anything of that name exists; False for what no path can be."""
    try:
        return Path(word).exists()
    except _NO_PATH:
        return False
