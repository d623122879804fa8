"""The entities that are kept out of every training set, by a rule anyone can recompute.

An entity is named by the identity of its kind (for a molecule the canonical SMILES of its heavy-atom graph without
stereochemistry or isotopes, for a protein its sequence), so that entities which the kind takes for the same fall on the
same side. A composite entity is kept out where any of its parts is.
"""

from __future__ import annotations

import hashlib

from biomatrix.corpus.records import Split
from biomatrix.entities.base_entity import Entity
from biomatrix.entities.kind_registry import kind as kind_named
from biomatrix.entities.kind_registry import kind_of

HELD_OUT_ONE_IN = 50
"""One entity in this many is held out of all training."""
PROPERTY_HELD_OUT_ONE_IN = 10
"""One labelled entity in this many is held out of property training as well."""


def bucket(key: str, count: int) -> int:
    """Return a stable bucket of ``key``, uniform over ``range(count)``."""
    return int(hashlib.sha256(key.encode()).hexdigest(), 16) % count


def is_held_out(entity: Entity) -> bool:
    """Return whether an entity is kept out of all training.

    Examples
    --------
    >>> from biomatrix.entities import Molecule
    >>> is_held_out(Molecule.from_smiles("CN1C=NC2=C1C(=O)N(C(=O)N2C)C"))
    True
    """
    return any(is_held_out_identity(identity, name) for name, identity in kind_of(entity).identities(entity))


def split_of(*entities: Entity) -> Split:
    """Return the side of the split of a record of these entities: held out where any of them is."""
    return "held_out" if any(map(is_held_out, entities)) else "train"


def is_held_out_identity(identity: str, kind: str) -> bool:
    """Return whether the entity with this identity is kept out of all training; ``kind`` is the name of its kind."""
    return identity in kind_named(kind).held_out_keys or bucket(identity, HELD_OUT_ONE_IN) == 0


def is_property_held_out(entity: Entity) -> bool:
    """Return whether a labelled entity is kept out of property training, to judge property prediction."""
    return bucket("property:" + kind_of(entity).identity(entity), PROPERTY_HELD_OUT_ONE_IN) == 0
