"""Examples of an affinity or an interaction: two proteins, or a protein and a ligand, with one value."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from biomatrix.entities import Molecule, Protein
from biomatrix.errors import ParseError
from biomatrix.tasks.benchmarks.examples import Example, FieldValue

SEQUENCE = "protein_sequence"
FIRST, SECOND = "protein_sequence_1", "protein_sequence_2"
"""The placeholders of two proteins in one prompt."""


def pair_example(key: str, record: Mapping[str, Any], settings: Mapping[str, Any]) -> Example:
    """Return an example of a record.

    Parameters
    ----------
    key : str
    record : mapping
        Its values by the names of their fields.
    settings : mapping
        ``proteins``, the names of two fields of sequences; or ``protein`` and ``molecule``, those of a sequence and a
        SMILES; ``value``, that of the answer; ``labels``, the words for its values 0, 1, ... if it is a class.

    Raises
    ------
    ParseError
        A value is missing or is not what it should be.
    """
    fields: dict[str, FieldValue] = {}
    if "proteins" in settings:
        for place, name in zip((FIRST, SECOND), settings["proteins"], strict=True):
            fields[place] = (protein(record, name), SEQUENCE)
    else:
        fields["molecule"] = Molecule.from_smiles(text(record, settings["molecule"]))
        fields[SEQUENCE] = protein(record, settings["protein"])
    return Example(key, fields, (answer(record, settings["value"], settings.get("labels", ())),))


def protein(record: Mapping[str, Any], name: str) -> Protein:
    """Return the protein of a field that holds a sequence."""
    return Protein.from_sequence(text(record, name))


def text(record: Mapping[str, Any], name: str) -> str:
    """Return the text of a field; ParseError where it is missing or empty."""
    value = record.get(name)
    if not isinstance(value, str) or not value.strip():
        raise ParseError(f"no text in the field {name!r}")
    return value.strip()


def answer(record: Mapping[str, Any], name: str, labels: Sequence[str] = ()) -> str:
    """Return the answer of a field: a number, or the word for it where there are labels."""
    number = as_number(record.get(name), name)
    if not labels:
        return shortest(number)
    if number not in range(len(labels)):
        raise ParseError(f"the field {name!r} holds {number:g}, not one of 0 to {len(labels) - 1}")
    return labels[int(number)]


def as_number(value: Any, name: str) -> float:
    """Return a finite number, given as one, as its text, or as an array of one; ParseError where it is none."""
    try:
        number = float(value.item() if hasattr(value, "item") else value)
    except (TypeError, ValueError) as error:
        raise ParseError(f"no number in the field {name!r}: {str(value)[:40]!r}") from error
    if not math.isfinite(number):
        raise ParseError(f"the field {name!r} holds {number}, no finite number")
    return number


def shortest(number: float) -> str:
    """Return the shortest decimal text of a number at the precision that affinities are printed with.

    Stored values carry the noise of single precision: 6.21999979 was 6.22.

    Examples
    --------
    >>> shortest(6.21999979), shortest(7.0)
    ('6.22', '7')
    """
    return f"{number:.6g}"
