"""What is taken from an entry of UniProtKB, whichever form of the file it is read from."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

_EVIDENCE: Final = re.compile(r"\s*\{ECO:[^{}]*\}")
_CITED: Final = re.compile(r"\s*\((?:PubMed:\d+|Ref\.\d+|By similarity|Probable|Potential)(?:,[^()]*)?\)")
_ISOFORM: Final = re.compile(r"^\[[^\[\]]*\]:\s*")
_SPACED_MARK: Final = re.compile(r"\s+(?=[.;,](?:\s|$))")


@dataclass(frozen=True)
class UniprotEntry:
    """One protein of UniProtKB; lists are in the order of the file.

    Parameters
    ----------
    accession : str
        The primary one.
    sequence : str
    name, organism : str
        The recommended name, else the one submitted first; the scientific name.
    functions, locations, activities, keywords : tuple of str
        As written, evidence included.
    """

    accession: str
    sequence: str
    name: str
    organism: str
    functions: tuple[str, ...] = ()
    locations: tuple[str, ...] = ()
    activities: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()

    @property
    def fields(self) -> dict[str, str]:
        """What is known about the protein in words, without evidence; a field without words is left out."""
        told = {
            "name": plain(self.name),
            "organism": plain(self.organism).split(" (")[0],
            "function": sentences(self.functions),
            "location": ". ".join(dict.fromkeys(place(one) for one in self.locations)),
            "catalytic_activity": "; ".join(dict.fromkeys(plain(one) for one in self.activities)),
            "keywords": ", ".join(plain(one) for one in self.keywords),
        }
        return {name: value for name, value in told.items() if value}


def plain(text: str) -> str:
    """Return text without evidence codes, references and the isoform it is about.

    Examples
    --------
    >>> plain("[Isoform 2]: Binds DNA (PubMed:1, PubMed:2). {ECO:0000269|PubMed:1}")
    'Binds DNA.'
    """
    text = _CITED.sub("", _EVIDENCE.sub("", " ".join(text.split())))
    return _SPACED_MARK.sub("", _ISOFORM.sub("", text)).strip()


def sentences(texts: Iterable[str]) -> str:
    """Return texts one behind another, each ended by a full stop."""
    found = (plain(text).rstrip(".") for text in texts)
    return " ".join(f"{text}." for text in found if text)


def place(text: str) -> str:
    """Return a place in the cell, its parts behind commas in small letters unless they are names.

    Examples
    --------
    >>> place("Cytoplasm, Cytoskeleton {ECO:0000305}"), place("Nucleus, DNA")
    ('Cytoplasm, cytoskeleton', 'Nucleus, DNA')
    """
    first, *others = plain(text).rstrip(".").split(", ")
    small = [one[:1].lower() + one[1:] if not one[1:2].isupper() else one for one in others]
    return ", ".join([first, *small])
