"""Articles in JATS, the XML of PubMed Central and of preprint servers: title, abstract and sections as passages.

References, tables, figures, formulas set apart, footnotes and supplements are left out, and citations inside sentences.
Tags: https://jats.nlm.nih.gov/archiving/tag-library/
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final
from xml.etree.ElementTree import Element

from biomatrix.corpus.sources.published.documents import Passage
from biomatrix.corpus.sources.xml_parsing import words

LEFT_OUT: Final = frozenset({
    "ref-list", "ref", "table-wrap", "table-wrap-group", "table", "fig", "fig-group", "disp-formula",
    "disp-formula-group", "tex-math", "fn", "fn-group", "supplementary-material", "media", "graphic", "inline-graphic",
    "label", "object-id", "chem-struct-wrap", "floats-group", "alternatives", "attrib", "permissions", "ack",
    "glossary",
})  # fmt: skip
BREAKS: Final = frozenset(
    {"p", "sec", "title", "list", "list-item", "def-list", "def-item", "disp-quote", "boxed-text"}
)
_CITED: Final = "bibr"
_EMPTY_BRACKETS: Final = re.compile(r"\s*[\[(][\s,;\u2013\u2014-]*[\])]")
_SPACED_MARK: Final = re.compile(r"\s+([,.;:])(?=\s|$)")


def passages(article: Element) -> Iterator[Passage]:
    """Yield the title, the abstract and the sections of the body of an article, in order."""
    _drop_citations(article)
    title = tidy(words(article.find("front/article-meta/title-group/article-title"), LEFT_OUT))
    if title:
        yield Passage("", title)
    for abstract in article.findall("front/article-meta/abstract"):
        if abstract.get("abstract-type") in (None, "abstract", "section", "executive-summary"):
            yield from _sections(abstract, "Abstract")
    body = article.find("body")
    if body is not None:
        yield from _sections(body, "")


def licence(article: Element) -> str:
    """Return the address of an article's licence, else the words of its statement; "" where it states none."""
    found = article.find("front/article-meta/permissions/license")
    if found is None:
        return ""
    for element in found.iter():
        address = element.get("xlink:href", "") or ((element.text or "") if element.tag == "ali:license_ref" else "")
        if "creativecommons.org" in address:
            return address.strip()
    return words(found)[:300]


def tidy(text: str) -> str:
    """Return text without the brackets and blanks that citations leave behind.

    Examples
    --------
    >>> tidy("as shown [, ] before .")
    'as shown before.'
    """
    return _SPACED_MARK.sub(r"\1", _EMPTY_BRACKETS.sub("", text))


def _drop_citations(article: Element) -> None:
    for reference in article.iter("xref"):
        if reference.get("ref-type") == _CITED:
            reference.text = ""
            del reference[:]


def _sections(element: Element, heading: str) -> Iterator[Passage]:
    """Yield the text of an element under its heading, that of its sections under their own, in order."""
    waiting: list[str] = []
    for child in element:
        if child.tag == "sec":
            yield from _passage(heading, waiting)
            waiting = []
            yield from _sections(child, tidy(words(child.find("title"), LEFT_OUT)))
        elif child.tag != "title" and child.tag not in LEFT_OUT:
            waiting.append(tidy(words(child, LEFT_OUT, BREAKS)))
    yield from _passage(heading, waiting)


def _passage(heading: str, texts: list[str]) -> Iterator[Passage]:
    text = " ".join(filter(None, texts))
    if text:
        yield Passage(heading, text)
