"""One element of XML parsed from its bytes, and the words in it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Final
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from biomatrix.corpus.sources.xml_elements import CutElement
from biomatrix.errors import LimitError, ParseError

_DECLARED: Final = re.compile(rb"""^(?:\xef\xbb\xbf)?\s*<\?xml[^>]*?encoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")
DEEPEST: Final = 500
"""Levels of elements inside one another; the deepest article of PubMed Central has about a hundred."""
_NO_DECLARATION: Final = "an entity that is defined elsewhere, which is never expanded"


def parse_element(content: bytes, encoding: str | None = None) -> Element:
    """Return the tree of an element, names with the prefixes that the file writes.

    Parameters
    ----------
    content : bytes
        The element alone; what `Elements` could not cut out whole raises its reason.
    encoding : str, optional
        The encoding that the file declares; UTF-8 when not given.

    Raises
    ------
    ParseError
        It is no well-formed XML, or names an entity beside the five of XML itself; ``position`` is a byte.
    LimitError
        It is too long, or too deep.
    """
    if isinstance(content, CutElement):
        raise content.reason
    builder = TreeBuilder()
    parser = expat.ParserCreate(encoding)
    depth = 0

    def begin(tag: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > DEEPEST:
            raise LimitError(f"more than {DEEPEST} elements inside one another")
        builder.start(tag, attributes)

    def end(tag: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(tag)

    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = begin, end
    parser.CharacterDataHandler = builder.data
    try:
        parser.Parse(content, True)
    except expat.ExpatError as error:
        unknown = error.code == expat.errors.codes[expat.errors.XML_ERROR_UNDEFINED_ENTITY]
        reason = _NO_DECLARATION if unknown else expat.ErrorString(error.code)
        raise ParseError(f"broken XML: {reason}", position=parser.ErrorByteIndex) from error
    except (LookupError, ValueError) as error:
        raise ParseError(f"XML in an encoding that is not read: {error}") from error
    return builder.close()


def declared_encoding(head: bytes) -> str | None:
    """Return the encoding that the first bytes of a document declare; None where they declare none.

    Examples
    --------
    >>> declared_encoding(b'<?xml version="1.0" encoding="ISO-8859-1"?>')
    'ISO-8859-1'
    """
    found = _DECLARED.match(head)
    return None if found is None else found[1].decode()


def words(element: Element | None, leave_out: Collection[str] = (), breaks: Collection[str] = ()) -> str:
    """Return the text in an element, white space as single blanks; "" for None.

    Parameters
    ----------
    element : Element or None
        Its tail does not count.
    leave_out : collection of str
        Names of elements inside it whose text is left out.
    breaks : collection of str
        Names of elements that stand apart from the text around them, as paragraphs do.
    """
    if element is None:
        return ""
    return " ".join("".join(_pieces(element, frozenset(leave_out), frozenset(breaks))).split())


def _pieces(element: Element, leave_out: frozenset[str], breaks: frozenset[str]) -> Iterator[str]:
    yield element.text or ""
    for child in element:
        apart = child.tag in breaks
        if apart:
            yield " "
        if child.tag not in leave_out:
            yield from _pieces(child, leave_out, breaks)
        if apart:
            yield " "
        yield child.tail or ""
