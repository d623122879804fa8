"""How a run of the command ends: its exit status, and one line on standard error where something went wrong.

Errors that the package raises on purpose say all a user needs. What a library raises instead is a fault of this
package: the last net turns it into one line too, under a status of its own, and says how to see the traceback.
"""

from __future__ import annotations

import errno
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from typing import Final

from biomatrix.cli.output import whole_output
from biomatrix.entities.files.stopping import asked_status
from biomatrix.errors import BioMatrixError, ConfigurationError

REFUSED: Final = 1
"""The input, a file or a setting was refused by a named error."""
UNEXPECTED: Final = 70
"""A library raised what no part of this package expects; sysexits has the number for an internal software error."""
INTERRUPTED: Final = 130
"""Ctrl-C, as shells number it."""
PIPE_CLOSED: Final = 141
"""The reader of standard output has gone, as `head` does; shells number it so."""

DEBUG_OPTION: Final = "--debug"
DEBUG_VARIABLE: Final = "BIOMATRIX_DEBUG"
_LONGEST: Final = 300
_NO_MEMORY: Final = "can't allocate memory"
"""What torch says, in an error of no kind of its own."""
_CONTROLS: Final = {code: f"\\x{code:02x}" for code in (*range(9), *range(11, 32), *range(127, 160))}
"""Characters that steer a terminal: a name in a message may hold them."""
_FULL: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def without_debug(arguments: Sequence[str]) -> tuple[list[str], bool]:
    """Return the arguments without ``--debug``, wherever it stands before a ``--``, and whether it was asked for.

    A user who has just seen an error adds it at the end of the line, where it would belong to the sub-command.
    """
    end = arguments.index("--") if "--" in arguments else len(arguments)
    kept = [one for one in arguments[:end] if one != DEBUG_OPTION]
    wanted = len(kept) < end or os.environ.get(DEBUG_VARIABLE, "") not in ("", "0")
    return [*kept, *arguments[end:]], wanted


def refuse_unset_values(arguments: Sequence[str]) -> None:
    """Raise ConfigurationError where an option is given nothing, as a shell does for a variable that is not set.

    An empty path would otherwise be read as the current folder.
    """
    for before, one in zip(["", *arguments], arguments, strict=False):
        if before == "--":
            return
        option = before if not one and before.startswith("-") else one.removesuffix("=")
        if option != one and option.startswith("-") and option != "-":
            raise ConfigurationError(f"nothing stands behind {option}: an empty value is no value")
        if "\0" in one:
            raise ConfigurationError(f"an argument holds a null character: {one[:40]!r}")


def run_to_the_end(command: Callable[[], object], debug: bool = False) -> None:
    """Run a command and leave the process with its status; an error prints one line, and its traceback for ``debug``.

    Parameters
    ----------
    command : callable
        It may raise SystemExit with a status of its own, as commands of Typer do.
    debug : bool
        Whether the traceback of an error is printed before its line.
    """
    try:
        with whole_output():
            command()
    except SystemExit as ended:
        if ended.code == INTERRUPTED:  # Typer ends so, without a word
            _leave(INTERRUPTED, "interrupted", debug)
        raise
    except BioMatrixError as error:
        _leave(REFUSED, str(error), debug)
    except BrokenPipeError:
        sys.stderr.close()  # nobody would read a message
        sys.exit(PIPE_CLOSED)
    except KeyboardInterrupt:
        _leave(INTERRUPTED, "interrupted", debug)
    except OSError as error:
        if error.errno not in _FULL:
            _leave_unexpectedly(error, debug)
        _leave(REFUSED, f"{error.filename or 'the output'} cannot be written: {error.strerror}", debug)
    except Exception as error:  # noqa: BLE001  # the last net
        if isinstance(error, MemoryError) or _NO_MEMORY in str(error):
            _leave(REFUSED, "there is not enough memory: give less at once, a smaller model, or more memory", debug)
        _leave_unexpectedly(error, debug)


def _leave_unexpectedly(error: Exception, debug: bool) -> None:
    status = asked_status()
    if status is not None:  # the error comes of an end that a library swallowed
        sys.exit(status)
    reason = " ".join(f"{type(error).__name__}: {error}".split()).removesuffix(":")
    shown = reason if len(reason) <= _LONGEST else f"{reason[:_LONGEST]}..."
    hint = "" if debug else f"; run again with {DEBUG_OPTION} to see the traceback"
    _leave(UNEXPECTED, f"unexpected: {shown}{hint}", debug)


def _leave(status: int, message: str, debug: bool) -> None:
    if debug:
        traceback.print_exc()
    print(f"biomatrix: {message.translate(_CONTROLS)}", file=sys.stderr)
    sys.exit(status)
