"""Public names that load their module when first used, so that importing a room stays quick."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib import import_module


def lazy_names(room: str, homes: Mapping[str, str]) -> Callable[[str], object]:
    """Return a module's ``__getattr__`` (PEP 562).

    Parameters
    ----------
    room : str
        The module's ``__name__``.
    homes : mapping of str to str
        For each public name, the module that defines it.

    Examples
    --------
    >>> find = lazy_names("biomatrix", {"Molecule": "biomatrix.entities"})
    >>> find("Molecule").__name__
    'Molecule'
    """

    def find(name: str) -> object:
        if name not in homes:
            raise AttributeError(f"module {room!r} has no attribute {name!r}")
        value: object = getattr(import_module(homes[name]), name)
        setattr(sys.modules[room], name, value)  # the next use does not come here
        return value

    return find
