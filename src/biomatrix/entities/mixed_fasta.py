"""FASTA files of structure predictors, whose headers say what each record is: a chain, a ligand, a nucleic acid."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from biomatrix.entities.registration import Kind

_UNREAD: Final = {
    "ccd": "a component named by its code in the PDB; give its SMILES string",
    "glycan": "a glycan, written in a notation that is not read",
}


class Entry(NamedTuple):
    """What a header says: the kind of the record (None for one that is not read), its name, and what it is called."""

    kind: Kind | None
    name: str
    called: str


def declared_entry(header: str, among: Sequence[Kind]) -> Entry | None:
    """Return what a header of a predictor's input says, None for any other header.

    Boltz writes ``>A|protein|msa``, with the chain first; Chai writes ``>ligand|name=aspirin``.

    Parameters
    ----------
    header : str
        Without its ``>``.
    among : sequence of Kind
        The kinds that a word can stand for.

    Examples
    --------
    >>> declared_entry("B|ccd", ()).name
    'B'
    >>> declared_entry("sp|P12345|NAME_HUMAN", ()) is None
    True
    """
    fields = [field.strip() for field in header.split("|")]
    words = {word: one for one in among for word in one.record_words}
    for place in (0, 1):
        word = fields[place].lower() if place < len(fields) and len(fields) > 1 else ""
        if word in words or word in _UNREAD:
            name = fields[1].removeprefix("name=") if place == 0 else fields[0]
            return Entry(words.get(word), name, _UNREAD.get(word, word))
    return None
