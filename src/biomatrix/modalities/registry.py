"""The registry of modalities: every other room finds them here by name."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from biomatrix.errors import ConfigurationError
from biomatrix.modalities.base import Modality

# One line a modality: its name, its module in this package, its class. Modules load when first asked for.
_HOMES: dict[str, tuple[str, str]] = {
    "molecule_smiles": ("biomatrix.modalities.molecule_smiles", "MoleculeSmiles"),
    "molecule_selfies": ("biomatrix.modalities.molecule_selfies", "MoleculeSelfies"),
    "molecule_structure": ("biomatrix.modalities.molecule_structure", "MoleculeStructure"),
    "protein_sequence": ("biomatrix.modalities.protein_sequence", "ProteinSequence"),
    "protein_structure": ("biomatrix.modalities.protein_structure", "ProteinStructure"),
}
_REGISTERED: dict[str, type[Modality]] = {}
_INSTANCES: dict[tuple[str, tuple[tuple[str, Any], ...]], Modality] = {}


def modality_names() -> tuple[str, ...]:
    """Return the names of all modalities: the package's own in a fixed order, then those registered."""
    return (*_HOMES, *_REGISTERED)


def modality(name: str, **settings: Any) -> Modality:
    """Return the modality of that name; the same object each time for the same settings.

    Parameters
    ----------
    name : str
        One of :func:`modality_names`.
    **settings
        What the modality's constructor takes, such as ``tokenizer="gcp_vqvae-small"`` for a structure
        modality: a shipped name, a folder, or a tokenizer object. None is the same as not given.

    Examples
    --------
    >>> modality("protein_sequence").start_token
    '<|prot_aa_start|>'
    """
    given = {key: value for key, value in settings.items() if value is not None}
    key = (name, tuple(sorted(given.items())))
    try:
        known = _INSTANCES.get(key)
    except TypeError:  # a setting that cannot be hashed: a fresh object each time
        return _construct(name, given)
    if known is None:
        known = _INSTANCES[key] = _construct(name, given)
    return known


def modalities() -> tuple[Modality, ...]:
    """Return every modality with its default settings, in the order of :func:`modality_names`."""
    return tuple(modality(name) for name in modality_names())


def register(cls: type[Modality]) -> type[Modality]:
    """Add a modality from outside this package; usable as a class decorator.

    Raises
    ------
    ConfigurationError
        If the name or a control token is already taken by another class.
    """
    if cls in _REGISTERED.values():
        return cls
    if cls.name in modality_names():
        raise ConfigurationError(f"a modality named {cls.name!r} is already registered; choose another name")
    for other in map(modality_class, modality_names()):
        shared = {cls.start_token, cls.end_token} & {other.start_token, other.end_token}
        if shared:
            raise ConfigurationError(f"control token {min(shared)!r} already belongs to {other.name!r}; choose another")
    _REGISTERED[cls.name] = cls
    return cls


def modality_class(name: str) -> type[Modality]:
    """Return the class of the modality of that name, its module loaded."""
    if name in _REGISTERED:
        return _REGISTERED[name]
    if name not in _HOMES:
        raise ConfigurationError(f"no modality named {name!r}; there are: {', '.join(modality_names())}")
    module, attribute = _HOMES[name]
    cls: type[Modality] = getattr(import_module(module), attribute)
    return cls


def _construct(name: str, settings: dict[str, Any]) -> Modality:
    cls = modality_class(name)
    try:
        return cls(**settings)
    except TypeError as error:
        raise ConfigurationError(f"modality {name!r} does not take {', '.join(settings)}: {error}") from error
