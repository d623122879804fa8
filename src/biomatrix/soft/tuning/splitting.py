"""Which examples are learned from and which are asked: related entities stand on one side, never drawn one by one."""

from __future__ import annotations

import hashlib
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
GROUP: Final = "group"
"""The fact of an example that names the donor, the batch or the study by which its data are split."""
TRAIN_SHARE: Final = 0.8


def refuse_random(split: str) -> None:
    """Raise ConfigurationError where entities are to be drawn one by one."""
    if split == RANDOM:
        raise ConfigurationError(
            "entities drawn at random have neighbours on both sides (cells of one donor, molecules of one scaffold), "
            "which flatters: split by a donor, a scaffold or a cluster that the data or the kind of entity know"
        )


class KeyOf:
    """Names the group of an example by a key of its entity.

    An entity that lacks the key, such as the scaffold of a molecule without rings, is a group by its identity.

    Parameters
    ----------
    key : str
        One of the kind's ``overlap_keys``, such as ``scaffold``; ``protein.sequence`` where the entity of that kind is
        meant and not the first one.
    subject : callable
        Takes an example and a kind or None, and returns the entity that it is about.
    """

    def __init__(self, key: str, subject: Callable[[Example, str | None], Entity]) -> None:
        kind, _, self._key = key.rpartition(".")
        self._kind, self._subject = kind or None, subject
        self._known: set[str] = set()

    def __call__(self, example: Example) -> str:
        """Return the group of an example."""
        entity = self._subject(example, self._kind)
        keys = kind_of(entity).overlap_keys(entity)
        self._known.update(keys)
        return f"{self._key}:{keys[self._key]}" if self._key in keys else f"itself:{kind_of(entity).identity(entity)}"

    def check(self) -> None:
        """Raise ConfigurationError where no entity so far had the key."""
        if self._key not in self._known:
            raise ConfigurationError(
                f"no entity of this task has the key {self._key!r} to be split by; there are "
                f"{', '.join(sorted(self._known))}"
            )


def held_out_of(
    examples: Sequence[Example], share: float, group: Callable[[Example], str]
) -> tuple[list[Example], list[Example]]:
    """Return what is learned from and a part of the training side that is only measured on.

    Where the data split by donors or batches and the training side holds several, whole ones are held out: at least
    one, whatever its share. Else groups are drawn by a hash of their names.
    """
    if not share:
        return list(examples), []
    by_fact = len({str(one.facts.get(GROUP, "")) for one in examples}) > 1

    def name(example: Example) -> str:
        return str(example.facts.get(GROUP, "")) if by_fact else hashlib.sha256(group(example).encode()).hexdigest()

    return split_by_group(examples, name, 1 - share)


def split_by_group(
    examples: Sequence[Example], group: Callable[[Example], str], share: float
) -> tuple[list[Example], list[Example]]:
    """Return training and other examples; those of one group stand on one side.

    Groups go to the training side from the largest on, as MoleculeNet's scaffold split has it, until it holds its
    share; equal ones in the order of their names.
    """
    groups: dict[str, list[Example]] = defaultdict(list)
    for example in examples:
        groups[group(example)].append(example)
    train: list[Example] = []
    rest: list[Example] = []
    for name in sorted(groups, key=lambda name: (-len(groups[name]), name)):
        side = train if len(train) + len(groups[name]) <= share * len(examples) else rest
        side += groups[name]
    return train, rest
