"""Stochastic composition: optional parts enter with set probabilities and stand in random order."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

from biomatrix.corpus.documents import PartItem

MOLECULE_PARTS: dict[str, float] = {
    "molecule_smiles": 0.4,
    "molecule_selfies": 0.6,
    "molecule_structure": 0.6,
    "name": 0.8,
    "description": 0.9,
    "formula": 0.3,
    "weight": 0.3,
    "donors": 0.2,
    "acceptors": 0.2,
    "tpsa": 0.2,
    "log_solubility": 0.5,
    "lipophilicity": 0.5,
    "hydration": 0.5,
}
PROTEIN_PARTS: dict[str, float] = {
    "protein_sequence": 1.0,
    "protein_structure": 0.5,
    "name": 0.9,
    "organism": 0.6,
    "location": 0.9,
    "membrane": 0.9,
    "function": 0.8,
}
LABELS: dict[str, str] = {
    "name": "Name",
    "description": "Description",
    "formula": "Formula",
    "weight": "Weight",
    "donors": "Donors",
    "acceptors": "Acceptors",
    "tpsa": "TPSA",
    "log_solubility": "Log solubility",
    "lipophilicity": "LogD",
    "hydration": "Hydration energy",
    "organism": "Organism",
    "location": "Location",
    "membrane": "Membrane",
    "function": "Function",
}


def compose(parts: Mapping[str, float], values: Mapping[str, PartItem], rng: Random) -> list[PartItem] | None:
    """Return a document's items: some of the parts a record has, shuffled, one a line.

    Parameters
    ----------
    parts : mapping of str to float
        The probability that each part enters.
    values : mapping of str to item
        What the record has: text for labelled fields, tokens for modalities.
    rng : random.Random
        Decides which parts enter and their order.

    Returns
    -------
    list of items, or None
        None where fewer than two parts entered, or no modality: such a document would repeat another view.
    """
    chosen = [name for name, chance in parts.items() if name in values and rng.random() < chance]
    if len(chosen) < 2 or all(name in LABELS for name in chosen):
        return None
    rng.shuffle(chosen)
    items: list[PartItem] = []
    for index, name in enumerate(chosen):
        value = values[name]
        if isinstance(value, str):
            items.append(f"{LABELS[name]}: {value}")
        else:
            items.append(value)
        if index + 1 < len(chosen):
            items.append("\n")
    return items
