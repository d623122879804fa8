"""Entries of UniProtKB in XML. Form: https://www.uniprot.org/docs/uniprot.xsd"""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from biomatrix.corpus.sources.published.uniprot_entry import UniprotEntry
from biomatrix.corpus.sources.xml_parsing import words
from biomatrix.errors import ParseError


def entry_of(tree: Element) -> UniprotEntry:
    """Return the entry of an element.

    Raises
    ------
    ParseError
        It has no accession or no sequence, or another length than it states.
    """
    accession = words(tree.find("accession"))
    if not accession:
        raise ParseError("no accession")
    found = tree.find("sequence")
    sequence = words(found).replace(" ", "")
    if found is None or not sequence:
        raise ParseError("no sequence")
    stated = found.get("length", "")
    if stated.isdigit() and int(stated) != len(sequence):
        raise ParseError(f"{len(sequence)} residues, where the entry states {stated}")
    comments = list(tree.iterfind("comment"))
    recommended = words(tree.find("protein/recommendedName/fullName"))
    return UniprotEntry(
        accession,
        sequence,
        recommended or words(tree.find("protein/submittedName/fullName")),
        words(next((one for one in tree.iterfind("organism/name") if one.get("type") == "scientific"), None)),
        tuple(words(text) for one in _of_type(comments, "function") for text in one.iterfind("text")),
        tuple(
            told
            for one in _of_type(comments, "subcellular location")
            for place in one.iterfind("subcellularLocation")
            if (told := _place(place))
        ),
        tuple(
            words(text) for one in _of_type(comments, "catalytic activity") for text in one.iterfind("reaction/text")
        ),
        tuple(words(one) for one in tree.iterfind("keyword")),
    )


def _of_type(comments: list[Element], name: str) -> Iterator[Element]:
    return (one for one in comments if one.get("type") == name)


def _place(place: Element) -> str:
    """Return a place as the flat file writes it: parts by commas, then how the chain lies in a membrane."""
    parts = ", ".join(words(one) for one in place.iterfind("location"))
    lies = [words(one) for tag in ("topology", "orientation") for one in place.iterfind(tag)]
    return "; ".join(filter(None, [parts, *lies]))
