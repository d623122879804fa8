"""Stochastic composition: optional parts enter with set probabilities and stand in random order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from random import Random

from biomatrix.tasks.documents import PartItem
from biomatrix.tasks.written_records import split_name


def compose(
    parts: Mapping[str, float],
    labels: Mapping[str, str],
    values: Mapping[str, PartItem],
    rng: Random,
    always: Sequence[str] = (),
) -> list[PartItem] | None:
    """Return a document's items: some of the parts a record has, shuffled, one per line.

    Of a record of several entities each role that the parts name enters: where chance brings in none of a role's
    modalities, one is drawn, with the same probabilities.

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
    always : sequence of str
        Parts that enter whatever is drawn.

    Returns
    -------
    list of items, or None
        None where fewer than two parts, or no modality, entered (such a document would repeat another view), and where
        the record lacks what enters always, or all modalities of a role.
    """
    names = [name for name, chance in parts.items() if name in values and rng.random() < chance]
    names += [name for name in always if name not in names]
    for role in _roles(parts):
        if role not in _roles(names):
            candidates = {name: chance for name, chance in parts.items() if split_name(name)[0] == role}
            names.extend(_draw(candidates, values, rng))
    if any(name not in values for name in always) or not set(_roles(parts)) <= set(_roles(names)):
        return None
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


def _roles(names: Iterable[str]) -> list[str]:
    """Return the roles that names of parts belong to, each once, in order."""
    return list(dict.fromkeys(role for role, _ in map(split_name, names) if role))


def _draw(chances: Mapping[str, float], values: Mapping[str, PartItem], rng: Random) -> list[str]:
    """Return one of the names that have a value, drawn by their probabilities; none where there is none."""
    there = {name: chance for name, chance in chances.items() if name in values and chance > 0}
    return rng.choices(list(there), list(there.values())) if there else []
