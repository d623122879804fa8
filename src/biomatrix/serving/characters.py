"""Halves of characters in what is sent: JSON can escape a surrogate without its other half, which no text can hold."""

from __future__ import annotations

import json
from typing import Any, Final

from biomatrix.errors import ParseError

_HALF: Final = "half of a surrogate pair, which is no character; send the whole character or leave it out"


def refuse_half_characters(value: Any) -> None:
    """Raise ParseError, its file the JSON path of the text at fault, where a value of JSON holds half a character.

    Examples
    --------
    >>> refuse_half_characters({"prompt": ["water", {"smiles": "\\ud800"}]})
    Traceback (most recent call last):
    ...
    biomatrix.errors.ParseError: prompt[1].smiles: half of a surrogate pair, which is no character; send ...
    """
    try:
        json.dumps(value, ensure_ascii=False, default=str).encode()
    except UnicodeEncodeError:
        raise ParseError(_HALF, file=_place(value, "")) from None


def _place(value: Any, path: str) -> str | None:
    """Return the JSON path of the first text that cannot be encoded; "" for the value itself, None where all can."""
    if isinstance(value, str):
        return None if _is_whole(value) else path
    if isinstance(value, dict):
        for name, one in value.items():
            found = path if not _is_whole(name) else _place(one, f"{path}.{name}" if path else name)
            if found is not None:
                return found
    if isinstance(value, list):
        places = (_place(one, f"{path}[{number}]") for number, one in enumerate(value))
        return next((found for found in places if found is not None), None)
    return None


def _is_whole(text: str) -> bool:
    return not any("\ud800" <= letter <= "\udfff" for letter in text)
