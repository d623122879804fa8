"""Entities as text that names its own modality: tokens between the control pair of the modality."""

from __future__ import annotations

from collections.abc import Sequence

from biomatrix.entities import Modality, modalities
from biomatrix.errors import DecodeError


def wrap(tokens: Sequence[str], modality: Modality) -> str:
    """Return the tokens as one line between the modality's control tokens."""
    return f"{modality.start_token}{''.join(tokens)}{modality.end_token}"


def unwrap(text: str) -> tuple[Modality, list[str]]:
    """Return the modality and tokens of one wrapped line; white space between tokens is ignored.

    Raises
    ------
    DecodeError
        The line opens with no known control token, does not close with its partner, or holds several entities.
    """
    line = text.strip()
    for modality in modalities():
        if not line.startswith(modality.start_token):
            continue
        if not line.endswith(modality.end_token):
            raise DecodeError(f"the line opens with {modality.start_token} and does not end with {modality.end_token}")
        inner = line[len(modality.start_token) : len(line) - len(modality.end_token)]
        if modality.end_token in inner:
            raise DecodeError(f"the line goes on behind {modality.end_token}: give each entity a line of its own")
        return modality, modality.split(inner)
    starts = ", ".join(modality.start_token for modality in modalities())
    raise DecodeError(f"the line opens with no control token; it must start with one of {starts}")
