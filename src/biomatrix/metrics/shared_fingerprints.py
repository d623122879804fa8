"""Fingerprints of many molecules, computed by several processes and kept as facts of the parsed molecules."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Iterable, Sequence
from itertools import islice

from biomatrix.metrics.fingerprints import SIMILARITIES
from biomatrix.metrics.parsed_molecules import CAPACITY, LONGEST_KEPT, ParsedMolecule, parsed
from biomatrix.metrics.teams import Team

_AT_ONCE = 32


def unknown_molecules(smiles: Iterable[str]) -> list[str]:
    """Return the strings whose fingerprints are not known, each once; those that would not be kept are left out."""
    short = (each for each in dict.fromkeys(smiles) if len(each) <= LONGEST_KEPT)
    return [each for each in islice(short, CAPACITY) if not parsed(each).knows(SIMILARITIES.values())]


def know_fingerprints(smiles: Sequence[str], team: Team) -> None:
    """Have the fingerprints of :data:`SIMILARITIES` computed by a team, so that facts need only be asked for.

    Parameters
    ----------
    smiles : sequence of str
        As :func:`parsed` is asked for them.
    team : Team
        Where it is one process alone, all is computed when asked for.
    """
    if team.alone:
        return
    from rdkit import DataStructs

    for each, written in zip(smiles, team.map(written_fingerprints, smiles, _AT_ONCE), strict=True):
        read = [getattr(DataStructs, name)(b64decode(value)) for name, value in written or ()]
        parsed(each).learn(dict(zip(SIMILARITIES.values(), read, strict=True)) if written else None)


def written_fingerprints(smiles: Sequence[str]) -> list[list[list[str]] | None]:
    """Return the fingerprints of each, as the name of RDKit's class and its bytes in Base64; None for no molecule."""
    return [_written(ParsedMolecule(each)) for each in smiles]


def _written(molecule: ParsedMolecule) -> list[list[str]] | None:
    if not molecule.valid:
        return None
    prints = [molecule.fact(kind) for kind in SIMILARITIES.values()]
    return [[type(each).__name__, b64encode(each.ToBinary()).decode()] for each in prints]
