"""Where in what a model wrote the answer stands: between control tokens, between official tags, or all of it."""

from __future__ import annotations

import re
from typing import Final

from biomatrix.errors import ParseError
from biomatrix.tasks.parsers import shown
from biomatrix.vocabulary.chat import DOCUMENT_END, TURN_END

_THOUGHT: Final = re.compile(r"\A\s*<think>.*?</think>", re.DOTALL)
_THOUGHT_START: Final = "<think>"
_FENCE: Final = re.compile(r"\A```[A-Za-z]*\n(.*)\n```\Z", re.DOTALL)
_QUOTED: Final = re.compile(r"\A(`+)([^`]+)\1\Z")
_LABEL: Final = re.compile(
    r"\A(?:the\s+)?(?:(?:correct|final|best)\s+)?(?:answer|option|choice)\s*(?:is\b\s*:?|:)\s*", re.IGNORECASE
)
_HEDGE: Final = re.compile(
    r"n't|\b(?:not|cannot|no|never|nor|neither|or|but|except|instead|unlike|unless|wrong|incorrect|impossible)\b",
    re.IGNORECASE,
)
"""Words beside an answer that take it back or set another beside it."""


def spoken(raw: str) -> str:
    """Return what is said to the reader: up to the end of the turn, and without thoughts before the answer.

    A thought that does not end is no answer, whatever stands in it.

    Examples
    --------
    >>> spoken("<think>hm</think>Yes<|im_end|>"), spoken("<think>Yes"), spoken("No<|im_end|>Yes")
    ('Yes', '', 'No')
    """
    text = _THOUGHT.sub("", raw).strip()
    if text.startswith(_THOUGHT_START):
        return ""
    return text.partition(TURN_END)[0].partition(DOCUMENT_END)[0].rstrip()


def between(text: str, start: str, end: str) -> str | None:
    """Return what stands between a pair of marks, None where there are none.

    Raises
    ------
    ParseError
        One mark of the pair is missing, there are several pairs, or words around the pair take back what it says:
        which answer is meant would be a guess.

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
    before, _, rest = text.partition(start)
    inside, _, after = rest.partition(end)
    refuse_hedge(f"{before} {after}")
    return inside.strip()


def refuse_hedge(words: str) -> None:
    """Raise ParseError where words beside an answer take it back or set another beside it."""
    hedge = _HEDGE.search(words)
    if hedge is not None:
        raise ParseError(f"{hedge.group()!r} beside the answer: found {shown(' '.join(words.split()))}")


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
