"""The registry of kinds: every other room finds them here by name.

The package's own kinds are listed below and load when first used. Others join by :func:`register_kind`, by an
entry point of the group ``biomatrix.kinds`` in an installed package, or by the environment variable
``BIOMATRIX_KINDS`` (``module:ATTRIBUTE``, separated by commas), which worker processes inherit.
"""

from __future__ import annotations

import os
import sys
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any, Final

from biomatrix.entities.base_entity import Entity
from biomatrix.entities.near_matches import choices
from biomatrix.entities.registration import Kind
from biomatrix.errors import ConfigurationError

BUILT_IN: Final[dict[str, str]] = {
    "molecule": "biomatrix.entities.molecule.kind:MOLECULE",
    "protein": "biomatrix.entities.protein.kind:PROTEIN",
    "cell": "biomatrix.entities.cell.kind:CELL",
    "dna": "biomatrix.entities.nucleic.kind:DNA",
    "rna": "biomatrix.entities.nucleic.kind:RNA",
}
ENTRY_POINTS: Final = "biomatrix.kinds"
ENVIRONMENT: Final = "BIOMATRIX_KINDS"

_REGISTERED: dict[str, Kind] = {}


def load_attribute(home: str, *, here: bool = False) -> Any:
    """Return what ``module:attribute`` names; ConfigurationError where it names nothing.

    With ``here``, a module that no installed package holds may stand in the working folder: for what a user names.
    """
    module, _, attribute = home.partition(":")
    try:
        return getattr(_module_here(module) if here else import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise ConfigurationError(f"{home!r} names nothing that can be imported: {error}") from error


def _module_here(name: str) -> ModuleType:
    """Return a module, if need be of the working folder, where an installed command does not look by itself."""
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        folder = os.getcwd()
        if error.name != name.partition(".")[0] or folder in sys.path:
            raise
        # Last, so that no file of the folder takes the place of an installed module.
        sys.path.append(folder)
        try:
            return import_module(name)
        except ImportError:
            sys.path.remove(folder)
            raise


def kinds() -> tuple[Kind, ...]:
    """Return every kind: the package's own in a fixed order, then those that joined."""
    return tuple(_table().values())


def kind_names() -> tuple[str, ...]:
    """Return the names of all kinds."""
    return tuple(_table())


def kind(name: str) -> Kind:
    """Return the kind of that name; ConfigurationError where there is none.

    Examples
    --------
    >>> kind("molecule").plural
    'molecules'
    """
    try:
        return _table()[name]
    except (KeyError, TypeError):  # TypeError: what no name can be
        raise ConfigurationError(f"no kind of entity named {name!r}; {choices(str(name), kind_names())}") from None


def kind_of(entity: Entity) -> Kind:
    """Return the kind of an entity."""
    return kind(entity.kind)


def register_kind(new: Kind) -> Kind:
    """Add a kind from outside this package.

    Raises
    ------
    ConfigurationError
        It is no instance of a subclass of Kind, or its name, or the name of one of its modalities, is taken.
    """
    _check_instance(new)
    if new in kinds():
        return new
    _check_free(new, kinds())
    _REGISTERED[new.name] = new
    _table_of.cache_clear()
    return new


def unregister_kind(name: str) -> None:
    """Remove a kind that :func:`register_kind` added; others stay."""
    _REGISTERED.pop(name, None)
    _table_of.cache_clear()


def _table() -> dict[str, Kind]:
    """Return every kind by name. Asked for with every record, so it is put together only when something has changed."""
    return _table_of(os.environ.get(ENVIRONMENT, ""), tuple(_REGISTERED))


@cache
def _table_of(environment: str, registered: tuple[str, ...]) -> dict[str, Kind]:
    table = {one.name: one for one in (*_own(), *_external(environment))}
    for name in registered:
        new = _REGISTERED[name]
        if table.get(name) is not new:
            _check_free(new, tuple(table.values()))
            table[name] = new
    return table


@cache
def _own() -> tuple[Kind, ...]:
    return tuple(load_attribute(home) for home in BUILT_IN.values())


@cache
def _external(environment: str) -> tuple[Kind, ...]:
    """Return the kinds of installed packages and of the environment variable, in order of their names."""
    from importlib.metadata import entry_points

    homes = [entry.value for entry in sorted(entry_points(group=ENTRY_POINTS), key=lambda entry: entry.name)]
    homes += [home.strip() for home in environment.split(",") if home.strip()]
    external: list[Kind] = []
    for home in dict.fromkeys(homes):
        new = load_attribute(home)
        if not isinstance(new, Kind):
            raise ConfigurationError(f"{home!r} is a {type(new).__name__}, not a Kind")
        _check_free(new, (*_own(), *external))
        external.append(new)
    return tuple(external)


def _check_instance(new: object) -> None:
    if not isinstance(new, Kind):
        given = f"the class {new.__name__}; pass an instance of it" if isinstance(new, type) else type(new).__name__
        raise ConfigurationError(f"a kind is an instance of a subclass of Kind, not {given}")


def _check_free(new: Kind, known: tuple[Kind, ...]) -> None:
    if any(new.name == other.name for other in known):
        raise ConfigurationError(f"a kind named {new.name!r} is already registered; choose another name")
    for other in known:
        shared = sorted(new.modalities.keys() & other.modalities.keys())
        if shared:
            raise ConfigurationError(f"a modality named {shared[0]!r} already belongs to the kind {other.name!r}")
