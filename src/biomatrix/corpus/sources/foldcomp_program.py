"""The program that unpacks FoldComp structures for `FoldcompProcess`; it imports nothing of this package.

It is given the path of a database, and says in a line of JSON how many structures there are. Then each line of standard
input is the number of one, and a line with its name and PDB text, or an error, comes back.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from typing import IO, Any, Final

MEMORY: Final = 1 << 33
"""Bytes, the mapped database apart: a damaged count may ask for any number of atoms."""


def main(path: str) -> None:
    """Answer until standard input ends, which it also does where the asking process is killed."""
    import foldcomp

    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY if hard == resource.RLIM_INFINITY else min(MEMORY, hard), hard))
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what the library prints is no answer
    try:
        database = foldcomp.open(path)
    except Exception as error:  # noqa: BLE001 (its errors have no common class)
        say(answers, {"error": str(error)})
        return
    say(answers, {"structures": len(database)})
    for line in sys.stdin:
        try:
            name, text = database[int(line)]
        except Exception as error:  # noqa: BLE001 (likewise)
            say(answers, {"error": str(error)})
        else:
            say(answers, {"name": str(name), "text": str(text)})


def say(answers: IO[str], answer: dict[str, Any]) -> None:
    """Write a line of JSON at once."""
    answers.write(json.dumps(answer) + "\n")
    answers.flush()


if __name__ == "__main__":
    main(sys.argv[1])
