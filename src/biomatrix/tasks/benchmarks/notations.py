"""The notation of molecules: a benchmark asks for and shows SMILES, or SELFIES where that is chosen."""

from __future__ import annotations

from typing import Final

from biomatrix.entities.modality_registry import modality_class, modality_names
from biomatrix.entities.near_matches import choices
from biomatrix.errors import ConfigurationError

SMILES: Final = "smiles"
SELFIES: Final = "selfies"
NOTATIONS: Final = (SMILES, SELFIES)


def written_as(kind: str, notation: str) -> str | None:
    """Return the modality that writes entities of a kind in a notation; None for a kind without notations.

    Examples
    --------
    >>> written_as("molecule", "selfies"), written_as("protein", "selfies")
    ('molecule_selfies', None)
    """
    if notation not in NOTATIONS:
        raise ConfigurationError(f"no notation {notation!r}; {choices(notation, NOTATIONS)}")
    name = f"{kind}_{notation}"
    return name if name in modality_names(kind) else None


def in_notation(name: str, notation: str) -> str:
    """Return the modality to use in place of one: the same in the notation asked for, or itself.

    Examples
    --------
    >>> in_notation("molecule_smiles", "selfies"), in_notation("protein_sequence", "selfies")
    ('molecule_selfies', 'protein_sequence')
    """
    return (written_as(modality_class(name).kind, notation) or name) if is_notation(name) else name


def is_notation(name: str) -> bool:
    """Return whether a modality is one of the notations of its kind."""
    kind = modality_class(name).kind
    return any(written_as(kind, notation) == name for notation in NOTATIONS)
