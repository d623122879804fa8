"""Stochastic composition: optional parts enter with set probabilities and stand in random order."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

from biomatrix.tasks.documents import PartItem


def compose(
    parts: Mapping[str, float], labels: Mapping[str, str], values: Mapping[str, PartItem], rng: Random
) -> list[PartItem] | None:
    """Return a document's items: some of the parts a record has, shuffled, one per line.

    Parameters
    ----------
    parts : mapping of str to float
        The probability that each part enters.
    labels : mapping of str to str
        The label in front of each part that is text.
    values : mapping of str to item
        The values of the record: text for fields, tokens for modalities.
    rng : random.Random
        Decides which parts enter and their order.

    Returns
    -------
    list of items, or None
        None where fewer than two parts, or no modality, entered: such a document would repeat another view.
    """
    names = [name for name, chance in parts.items() if name in values and rng.random() < chance]
    if len(names) < 2 or all(isinstance(values[name], str) for name in names):
        return None
    rng.shuffle(names)
    items: list[PartItem] = []
    for index, name in enumerate(names):
        value = values[name]
        items.append(f"{labels[name]}: {value}" if isinstance(value, str) else value)
        if index + 1 < len(names):
            items.append("\n")
    return items
