"""Errors about a setting in the words that were typed: ``--top-p`` where Python says ``top_p``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from biomatrix.errors import BioMatrixError


@contextmanager
def named_as_options(**options: str) -> Iterator[None]:
    """Let an error of the block that begins with the name of a setting begin with its option instead.

    Parameters
    ----------
    **options : str
        The option of each setting, such as ``top_p="--top-p"``.
    """
    try:
        yield
    except BioMatrixError as error:
        name, _, rest = error.message.partition(" ")
        if name not in options:
            raise
        renamed = type(error)(f"{options[name]} {rest}", file=error.file, record=error.record, position=error.position)
        raise renamed from error
