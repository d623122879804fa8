"""Where in what a model wrote the answer stands: between control tokens, between official tags, or all of it."""

from __future__ import annotations

import re
from typing import Final

from biomatrix.errors import ParseError
from biomatrix.tasks.parsers import shown
from biomatrix.vocabulary.chat import DOCUMENT_END, TURN_END

_THOUGHT: Final = re.compile(r"\A\s*<think>.*?</think>", re.DOTALL)
_FENCE: Final = re.compile(r"\A```[A-Za-z]*\n(.*)\n```\Z", re.DOTALL)
_QUOTED: Final = re.compile(r"\A(`+)([^`]+)\1\Z")
_LABEL: Final = re.compile(
    r"\A(?:the\s+)?(?:(?:correct|final|best)\s+)?(?:answer|option|choice)\s*(?:is\b\s*:?|:)\s*", re.IGNORECASE
)


def spoken(raw: str) -> str:
    """Return what is said to the reader: without the end of the turn, and without thoughts before the answer.

    Examples
    --------
    >>> spoken("<think>hm</think>Yes<|im_end|>")
    'Yes'
    """
    text = _THOUGHT.sub("", raw).strip()
    while (shorter := text.removesuffix(TURN_END).removesuffix(DOCUMENT_END).rstrip()) != text:
        text = shorter
    return text


def between(text: str, start: str, end: str) -> str | None:
    """Return what stands between a pair of marks, None where there are none.

    Raises
    ------
    ParseError
        One mark of the pair is missing, or there are several pairs: which one is meant would be a guess.

    Examples
    --------
    >>> between("It is <SMILES> CCO </SMILES>.", "<SMILES>", "</SMILES>")
    'CCO'
    """
    opened, closed = text.count(start), text.count(end)
    if not opened and not closed:
        return None
    if (opened, closed) != (1, 1) or text.index(start) > text.index(end):
        raise ParseError(f"one answer stands between {start} and {end}: found {opened} and {closed} of them")
    return text[text.index(start) + len(start) : text.index(end)].strip()


def tagged(text: str, tags: tuple[str, ...]) -> str:
    """Return what stands between the official tags of an answer; all of it, out of quotes, where there are none.

    Raises
    ------
    ParseError
        As :func:`between`, or several tags have a pair.
    """
    found = [inside for tag in tags if (inside := between(text, f"<{tag}>", f"</{tag}>")) is not None]
    if len(found) > 1:
        raise ParseError(f"several answers between tags: found {shown(text)}")
    return found[0] if found else unquoted(text)


def unquoted(text: str) -> str:
    """Return a text without the fence or the backquotes that all of it stands in."""
    for pattern, group in ((_FENCE, 1), (_QUOTED, 2)):
        match = pattern.match(text)
        if match:
            return match.group(group).strip()
    return text


def unlabelled(text: str) -> str:
    """Return a text without the words ``The answer is`` or ``Answer:`` before it.

    Examples
    --------
    >>> unlabelled("The correct answer is: B"), unlabelled("Answer: no"), unlabelled("option B")
    ('B', 'no', 'option B')
    """
    return _LABEL.sub("", text)
