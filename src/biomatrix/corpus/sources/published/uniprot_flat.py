"""Entries of UniProtKB in the flat file: lines that begin with a code of two letters.

Form: https://web.expasy.org/docs/userman.html
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Final

from biomatrix.corpus.sources.published.uniprot_entry import UniprotEntry
from biomatrix.errors import ParseError

_TOPIC: Final = "-!- "
_RULE: Final = "-----"
_REACTION: Final = re.compile(r"Reaction=(.*?);(?= (?:Xref|EC|Evidence|PhysiologicalDirection|Reaction)=|$)")
_NOTE: Final = re.compile(r"\s*Note=.*$")
_NAME: Final = re.compile(r"Full=(.*?)(?:;|$)")


def parse_flat(text: str) -> UniprotEntry:
    """Return the entry of a record that ends with ``//``.

    Raises
    ------
    ParseError
        It is cut, has no accession, no name or no sequence, or another length than it states.
    """
    lines, sequence, ended = _by_code(text)
    if not ended:
        raise ParseError("the entry ends before its line //")
    accessions = " ".join(lines["AC"]).replace(";", " ").split()
    if not accessions:
        raise ParseError("no line AC")
    if not sequence:
        raise ParseError("no sequence behind a line SQ")
    stated = re.search(r"(\d+) AA;", " ".join(lines["SQ"]))
    if stated is not None and int(stated[1]) != len(sequence):
        raise ParseError(f"{len(sequence)} residues, where the line SQ states {stated[1]}")
    topics = list(_topics(lines["CC"]))
    return UniprotEntry(
        accessions[0],
        sequence,
        _protein_name(lines["DE"]),
        joined(lines["OS"]).rstrip("."),
        tuple(told for topic, told in topics if topic == "FUNCTION"),
        tuple(one for topic, told in topics if topic == "SUBCELLULAR LOCATION" for one in _places(told)),
        tuple(one for topic, told in topics if topic == "CATALYTIC ACTIVITY" for one in _REACTION.findall(told)),
        tuple(one.strip() for one in _listed(joined(lines["KW"]).rstrip("."))),
    )


def joined(lines: Iterable[str]) -> str:
    """Return lines as one: the file breaks them at blanks and behind hyphens.

    Examples
    --------
    >>> joined(["Ca(2+)-", "dependent, short-", "and long-lived"])
    'Ca(2+)-dependent, short- and long-lived'
    """
    text = ""
    for line in lines:
        behind_hyphen = text.endswith("-") and not line.startswith(("and ", "or ", "to "))
        text += line if behind_hyphen or not text else f" {line}"
    return text


def _by_code(text: str) -> tuple[dict[str, list[str]], str, bool]:
    """Return the lines by their code, the sequence, and whether the record ends as it should."""
    lines: dict[str, list[str]] = defaultdict(list)
    letters: list[str] = []
    for line in text.splitlines():
        if line.startswith("//"):
            return lines, "".join(letters), True
        if line.startswith("  "):
            letters.append(line.replace(" ", ""))
        elif line.strip():
            lines[line[:2]].append(line[5:].strip() if line[:2] != "DE" else line[5:].rstrip())
    return lines, "".join(letters), False


def _protein_name(lines: Iterable[str]) -> str:
    """Return the recommended name, else the first that was submitted; "" for none. Parts of it do not count."""
    names: dict[str, str] = {}
    for line in lines:
        if line.strip() in ("Includes:", "Contains:"):
            break
        for mark in ("RecName:", "SubName:"):
            found = _NAME.search(line) if line.strip().startswith(mark) else None
            if found is not None:
                names.setdefault(mark, found[1])
    return names.get("RecName:") or names.get("SubName:") or ""


def _topics(lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield the topic and the text of each comment, up to the notice of copyright."""
    waiting: list[str] = []
    for line in lines:
        if line.startswith(_RULE):
            break
        if line.startswith(_TOPIC):
            if waiting:
                yield _topic(waiting)
            waiting = []
        waiting.append(line.removeprefix(_TOPIC))
    if waiting:
        yield _topic(waiting)


def _topic(lines: list[str]) -> tuple[str, str]:
    topic, _, first = lines[0].partition(":")
    return topic, joined(filter(None, [first.strip(), *lines[1:]]))


def _places(told: str) -> list[str]:
    """Return the places of a comment on the location, its note left out."""
    text = re.sub(r"\{ECO:[^{}]*\}", "", _NOTE.sub("", re.sub(r"^\[[^\[\]]*\]:\s*", "", told)))
    return [one.strip() for one in re.split(r"\.(?:\s+|$)", text) if one.strip()]


def _listed(text: str) -> list[str]:
    """Return the items between semicolons, except those inside evidence."""
    return [one for one in re.split(r";\s*", text) if one]
