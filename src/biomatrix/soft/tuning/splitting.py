"""Which examples are learned from and which are asked: related entities stand on one side, never drawn one by one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Final

from biomatrix.entities.base_entity import Entity
from biomatrix.entities.kind_registry import kind_of
from biomatrix.errors import ConfigurationError
from biomatrix.tasks.benchmarks.examples import Example

GIVEN: Final = "given"
"""As the data are split."""
RANDOM: Final = "random"
TRAIN_SHARE: Final = 0.8


def refuse_random(split: str) -> None:
    """Raise ConfigurationError where entities are to be drawn one by one."""
    if split == RANDOM:
        raise ConfigurationError(
            "entities drawn at random have neighbours on both sides (cells of one donor, molecules of one scaffold), "
            "which flatters: split by a donor, a scaffold or a cluster that the data or the kind of entity know"
        )


def split_by_key(
    examples: Sequence[Example], key: str, subject: Callable[[Example], Entity], share: float = TRAIN_SHARE
) -> tuple[list[Example], list[Example]]:
    """Return training and test examples; entities that share a key stand on one side.

    Groups go to the training side from the largest on, as MoleculeNet's scaffold split has it, until it holds its
    share; equal ones in the order of the key. An entity that lacks the key, such as the scaffold of a molecule without
    rings, is a group by its identity.

    Parameters
    ----------
    examples : sequence of Example
    key : str
        One of the kind's ``overlap_keys``.
    subject : callable
        The entity that an example is about.
    share : float
        Of the training side.

    Raises
    ------
    ConfigurationError
        No entity has such a key.
    """
    groups: dict[str, list[Example]] = defaultdict(list)
    known: set[str] = set()
    for example in examples:
        entity = subject(example)
        keys = kind_of(entity).overlap_keys(entity)
        known |= keys.keys()
        groups[f"{key}:{keys[key]}" if key in keys else f"itself:{kind_of(entity).identity(entity)}"].append(example)
    if key not in known:
        raise ConfigurationError(
            f"no entity of this task has the key {key!r} to be split by; there are {', '.join(sorted(known))}"
        )
    train: list[Example] = []
    test: list[Example] = []
    for name in sorted(groups, key=lambda name: (-len(groups[name]), name)):
        side = train if len(train) + len(groups[name]) <= share * len(examples) else test
        side += groups[name]
    return train, test
