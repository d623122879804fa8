"""The registry of modalities: every other room finds them here by name."""

from __future__ import annotations

from functools import cache, lru_cache
from os import PathLike
from typing import Any

from biomatrix.entities.base_modality import Modality
from biomatrix.entities.files.paths import exists
from biomatrix.entities.kind_registry import kinds, load_attribute
from biomatrix.entities.near_matches import choices
from biomatrix.entities.registration import Kind
from biomatrix.errors import ConfigurationError

_REGISTERED: dict[str, type[Modality]] = {}
_INSTANCES: dict[tuple[type[Modality], tuple[tuple[str, Any], ...]], Modality] = {}


def modality_names(kind: str | None = None) -> tuple[str, ...]:
    """Return the names of all modalities, or of those of one kind: kind by kind, then those registered on their own."""
    own = [name for one in kinds() for name in one.modalities if kind in (None, one.name)]
    return (*own, *(name for name, cls in _REGISTERED.items() if kind in (None, cls.kind)))


def default_modality_names() -> tuple[str, ...]:
    """Return the names of the modalities that a vocabulary and a corpus hold where nobody names any."""
    left_out = {one.name for one in kinds() if not one.by_default}
    own = [name for one in kinds() if one.by_default for name in one.modalities]
    return (*own, *(name for name, cls in _REGISTERED.items() if cls.kind not in left_out))


def default_modalities() -> tuple[Modality, ...]:
    """Return the modalities of :func:`default_modality_names`, with their default settings."""
    return tuple(map(modality, default_modality_names()))


def modality(name: str, **settings: Any) -> Modality:
    """Return the modality of that name; the same object each time for the same settings.

    Where a setting is the path of a folder or file it is a fresh object, as what stands there may change.

    Parameters
    ----------
    name : str
        One of :func:`modality_names`.
    **settings
        What the modality's constructor takes, such as ``tokenizer="gcp_vqvae-4096"`` for a structure
        modality: a shipped name, a folder, or a tokenizer object. None counts as not given.

    Raises
    ------
    ConfigurationError
        There is no such modality, or it does not take a setting.

    Examples
    --------
    >>> modality("protein_sequence").start_token
    '<|prot_aa_start|>'
    """
    arguments = {key: value for key, value in settings.items() if value is not None}
    cls = modality_class(name)
    if any(map(_is_path, arguments.values())):
        return _construct(cls, arguments)
    key = (cls, tuple(sorted(arguments.items())))
    try:
        instance = _INSTANCES.get(key)
    except TypeError:  # a setting that cannot be hashed: a fresh object each time
        return _construct(cls, arguments)
    if instance is None:
        instance = _INSTANCES[key] = _construct(cls, arguments)
    return instance


def modalities(kind: str | None = None) -> tuple[Modality, ...]:
    """Return every modality with its default settings, in the order of :func:`modality_names`."""
    every = _checked_modalities(kinds(), tuple(_REGISTERED.values()))
    return every if kind is None else tuple(modality(name) for name in modality_names(kind))


@lru_cache(maxsize=4)
def _checked_modalities(owners: tuple[Kind, ...], alone: tuple[type[Modality], ...]) -> tuple[Modality, ...]:
    """Return the modalities of kinds and those registered on their own; asked for with every line that is decoded.

    Checks what only the loaded classes tell: kinds join without their modalities being loaded.
    """
    names = [*(name for one in owners for name in one.modalities), *(cls.name for cls in alone)]
    double = next((name for name in names if names.count(name) > 1), None)
    if double is not None:
        raise ConfigurationError(f"two modalities are named {double!r}; rename one of them")
    check_control_tokens([modality_class(name) for name in names])
    return tuple(modality(name) for name in names)


def register_modality(cls: type[Modality]) -> type[Modality]:
    """Add a modality of a known kind from outside this package; usable as a class decorator.

    Raises
    ------
    ConfigurationError
        Its name or a control token is already taken by another class.
    """
    if cls in _REGISTERED.values():
        return cls
    if cls.name in modality_names():
        raise ConfigurationError(f"a modality named {cls.name!r} is already registered; choose another name")
    check_control_tokens([*map(modality_class, modality_names()), cls])
    _REGISTERED[cls.name] = cls
    return cls


def modality_class(name: str) -> type[Modality]:
    """Return the class of the modality of that name; its module is loaded. ConfigurationError where there is none."""
    if name in _REGISTERED:
        return _REGISTERED[name]
    home = next((one.modalities[name] for one in kinds() if name in one.modalities), None)
    if home is None:
        raise ConfigurationError(f"no modality named {name!r}; {choices(name, modality_names())}")
    return _class_at(home)


@cache
def _class_at(home: str) -> type[Modality]:
    cls: type[Modality] = load_attribute(home)
    return cls


def check_control_tokens(classes: list[type[Modality]]) -> None:
    """Raise ConfigurationError where two modalities share a control token."""
    owners: dict[str, str] = {}
    for cls in classes:
        for token in (cls.start_token, cls.end_token):
            if owners.setdefault(token, cls.name) != cls.name:
                raise ConfigurationError(
                    f"control token {token!r} already belongs to {owners[token]!r}; choose another"
                )


def _is_path(setting: object) -> bool:
    """Return whether a setting is the path of something on disk."""
    return isinstance(setting, PathLike) or (isinstance(setting, str) and exists(setting))


def _construct(cls: type[Modality], settings: dict[str, Any]) -> Modality:
    try:
        return cls(**settings)
    except TypeError as error:
        raise ConfigurationError(f"modality {cls.name!r} does not take {', '.join(settings)}: {error}") from error
