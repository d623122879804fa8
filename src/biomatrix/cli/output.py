"""Standard output to its last byte: a disk that is full or a reader that has gone is met before Python ends."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

from biomatrix.entities.files.writing import cannot_be_written

LABEL: Final = "<stdout>"
_OF_OUTPUT: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF})


@contextmanager
def whole_output() -> Iterator[None]:
    """Write what a command prints inside the block, and name what the system refuses; a closed pipe stays one.

    Raises
    ------
    ConfigurationError
        Standard output cannot be written.
    """
    try:
        yield
    except OSError as error:
        _drop_output()
        if isinstance(error, BrokenPipeError) or error.filename is not None or error.errno not in _OF_OUTPUT:
            raise
        raise cannot_be_written(LABEL, error) from error
    except SystemExit as end:
        _flush(succeeded=not end.code)
        raise
    except BaseException:
        _flush(succeeded=False)
        raise
    else:
        _flush(succeeded=True)


def _flush(succeeded: bool) -> None:
    """Flush standard output; raise where that fails, unless the command has failed for another reason."""
    if sys.stdout is None:
        return
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        _drop_output()
        if succeeded:
            raise
    except (OSError, ValueError) as error:
        _drop_output()
        if succeeded and isinstance(error, OSError):
            raise cannot_be_written(LABEL, error) from error


def _drop_output() -> None:
    """Lead what is left to be printed nowhere: Python would try to write it once more as it ends, and complain."""
    with suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
