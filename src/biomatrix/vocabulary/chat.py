"""The chat format: Qwen3's turns, as a template for stock tokenizers and as ids for ours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from biomatrix.errors import ConfigurationError

if TYPE_CHECKING:
    from biomatrix.vocabulary.tables import Item

TURN_START = "<|im_start|>"
TURN_END = "<|im_end|>"
DOCUMENT_END = "<|endoftext|>"

CHAT_TEMPLATE = (
    "{%- for message in messages %}"
    "{{- '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}"
    "{%- endfor %}"
    "{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}"
)
"""Qwen3's format without tools and without thinking blocks."""

Role = Literal["system", "user", "assistant"]
ROLES: tuple[Role, ...] = get_args(Role)


@dataclass(frozen=True)
class Turn:
    """One turn of a conversation.

    Parameters
    ----------
    role : {"system", "user", "assistant"}
        Who speaks.
    content : item or sequence of items
        Text and entities, in order.
    """

    role: Role
    content: Item | Sequence[Item]


def checked_turn(turn: Turn) -> Turn:
    """Return a turn; ConfigurationError where it is something else, or nobody of that role speaks in the format."""
    if not isinstance(turn, Turn):
        raise ConfigurationError(f"a conversation is a list of Turn(role, content), not of {type(turn).__name__}")
    if turn.role not in ROLES:
        raise ConfigurationError(f"role {turn.role!r} is none of {', '.join(ROLES)}")
    return turn
