"""Errors of the libraries that read files of cells, as errors of this package that say file, place and remedy."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from biomatrix.errors import BioMatrixError, ConfigurationError, ParseError

REWRITE = "open it where it was made and write it again"
"""What to do about a file whose parts do not fit each other."""


def cells_library(name: str) -> Any:
    """Return an optional library by its name; ConfigurationError, with the extra that brings it, where it is absent."""
    from importlib import import_module

    try:
        return import_module(name)
    except ImportError as error:
        raise ConfigurationError(
            f"files of cells need {name.partition('.')[0]}: pip install 'biomatrix[cells]'"
        ) from error


@contextmanager
def writing(path: str | Path) -> Iterator[None]:
    """Name the file and the part where a library cannot write what a set holds, such as dates in ``obs``.

    Raises
    ------
    ConfigurationError
        For any error of a library but those of the system.
    """
    try:
        yield
    except (BioMatrixError, OSError):
        raise
    except Exception as error:
        told = [*str(error).splitlines()[:1], *getattr(error, "__notes__", [])[:1]]
        reason = " ".join(" ".join(told).split())[:240] or type(error).__name__
        raise ConfigurationError(
            f"a part of the cells is of a type that files of cells do not hold ({reason}); make it text or numbers, or "
            "take it out of the AnnData",
            file=str(path),
        ) from error


@contextmanager
def reading(path: str | Path, what: str = "") -> Iterator[None]:
    """Name the file where reading inside the block fails, whatever the library at work raises.

    Parameters
    ----------
    path : str or Path
    what : str
        The part of the file that is read.

    Raises
    ------
    ParseError
        For any error of a library; those of this package keep their kind.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of old encodings and of names that repeat, which have notes of their own
            yield
    except BioMatrixError as error:
        raise error.at(file=str(path)) from error.__cause__
    except MemoryError as error:
        raise ParseError(
            f"{what or 'the file'} is larger than the memory; {REWRITE} in parts", file=str(path)
        ) from error
    except Exception as error:
        reason = f"{type(error).__name__}: {error}".splitlines()[0][:200] if str(error) else type(error).__name__
        place = f"{what} cannot be read" if what else "cannot be read"
        raise ParseError(
            f"{place}; the file is damaged or of another layout ({reason}); {REWRITE}", file=str(path)
        ) from error
