"""What structure tokens cannot carry but a file needs: residue names, numbers and chain, kept beside the tokens."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from biomatrix.entities.protein.entity import Protein
from biomatrix.errors import ParseError


def residue_labels(protein: Protein) -> dict[str, Any]:
    """Return the labels of a chain as JSON: ``sequence``, ``chain``, and ``numbers`` and ``insertion_codes`` if any."""
    labels: dict[str, Any] = {"sequence": protein.sequence, "chain": protein.chain}
    if protein.residue_numbers is not None:
        labels["numbers"] = protein.residue_numbers.tolist()
    if protein.insertion_codes is not None and any(protein.insertion_codes):
        labels["insertion_codes"] = list(protein.insertion_codes)
    return labels


def with_residue_labels(entity: Protein, labels: Mapping[str, Any], name: str) -> Protein:
    """Return a decoded chain under the labels of the one it was encoded from.

    Raises
    ------
    ParseError
        The labels are malformed, name a residue twice, or are of a chain of another length.
    """
    sequence, chain, numbers = labels.get("sequence"), labels.get("chain", "A"), labels.get("numbers")
    codes = labels.get("insertion_codes")
    if not isinstance(sequence, str) or not isinstance(chain, str):
        raise ParseError('"labels" needs a string "sequence", and "chain" must be one')
    for what, values, kind in (("sequence", sequence, str), ("numbers", numbers, int), ("insertion_codes", codes, str)):
        if values is None:
            continue
        if not isinstance(values, (list, str)) or not all(type(value) is kind for value in values):
            raise ParseError(f'"{what}" of "labels" must hold one {kind.__name__} per residue')
        if len(values) != len(entity):
            raise ParseError(f'"{what}" of "labels" has {len(values)} residues, the tokens have {len(entity)}')
    try:
        residue_numbers = None if numbers is None else np.array(numbers, dtype=np.int32)
    except OverflowError as error:
        raise ParseError(f'"numbers" of "labels" do not fit 32 bits: {error}') from error
    _check_distinct(numbers, codes)
    letters = Protein.from_sequence(sequence).sequence
    return replace(
        entity,
        sequence=letters,
        name=name,
        chain=chain,
        residue_numbers=residue_numbers,
        insertion_codes=None if codes is None else tuple(codes),
    )


def _check_distinct(numbers: Sequence[int] | None, codes: Sequence[str] | None) -> None:
    """Refuse numbers that occur twice under one insertion code: a file would hold one residue for both."""
    places = [] if numbers is None else list(zip(numbers, codes or [""] * len(numbers), strict=True))
    (number, code), count = Counter(places).most_common(1)[0] if places else ((0, ""), 1)
    if count > 1:
        raise ParseError(f'"numbers" of "labels" name residue {number}{code} {count} times; each must be named once')
