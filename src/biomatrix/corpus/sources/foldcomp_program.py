"""The program that unpacks FoldComp structures for `FoldcompProcess`; it imports nothing of this package.

It is given the path of a database, and says in a line of JSON how many structures there are. Then each line of standard
input is the number of one, and a line with its name and PDB text, or an error, comes back.
"""

from __future__ import annotations

import json
import resource
import sys
from typing import Any, Final

MEMORY: Final = 1 << 33
"""Bytes of address space: a damaged count may ask for any number of atoms."""


def main(path: str) -> None:
    """Answer until standard input ends, which it also does where the asking process is killed."""
    import foldcomp

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    try:
        database = foldcomp.open(path)
    except Exception as error:  # noqa: BLE001 (its errors have no common class)
        say({"error": str(error)})
        return
    say({"structures": len(database)})
    for line in sys.stdin:
        try:
            name, text = database[int(line)]
        except Exception as error:  # noqa: BLE001 (likewise)
            say({"error": str(error)})
        else:
            say({"name": str(name), "text": str(text)})


def say(answer: dict[str, Any]) -> None:
    """Write a line of JSON at once."""
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1])
