"""From the text of an official file to the value of a placeholder: an entity where its name says so, else the text."""

from __future__ import annotations

from biomatrix.entities.kind_registry import kind, kind_names
from biomatrix.entities.modality_registry import modality_class, modality_names
from biomatrix.tasks.benchmarks.examples import FieldValue


def placeholder_value(placeholder: str, text: str) -> FieldValue:
    """Return what a placeholder shows for a text: the entity it spells, for a kind or one of its modalities.

    Raises
    ------
    BioMatrixError
        The text spells no entity of that kind.

    Examples
    --------
    >>> placeholder_value("gene_symbol", "TP53")
    'TP53'
    >>> placeholder_value("protein_sequence", "MKTW").sequence
    'MKTW'
    """
    if placeholder in kind_names():
        return kind(placeholder).parse(text)
    if placeholder in modality_names():
        return kind(modality_class(placeholder).kind).parse(text)
    return text
