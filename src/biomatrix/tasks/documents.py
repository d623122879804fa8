"""A document: parts in order, each text, an entity or a control token, with the weight of learning it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from biomatrix.vocabulary.chat import DOCUMENT_END, TURN_END, TURN_START
from biomatrix.vocabulary.tables import Item


@dataclass(frozen=True)
class Control:
    """One special token of the base tokenizer. Text never becomes one, whatever it spells."""

    token: str


PartItem: TypeAlias = Item | Control


@dataclass(frozen=True)
class Part:
    """One part of a document.

    Parameters
    ----------
    item : str, Entity, (entity, modality), Tokens, Codes or Control
        The content.
    learn : float
        The loss weight of its tokens, from 0 (context only) to 1.
    """

    item: PartItem
    learn: float = 1.0


@dataclass(frozen=True)
class Document:
    """What a model reads in one piece.

    Parameters
    ----------
    parts : tuple of Part
        In order.
    view : str
        The name of its view or task, such as ``protein_joint`` or ``fold_protein``; losses are reported per view.
    source, record : str
        The name of the source and of the record that its content comes from.
    """

    parts: tuple[Part, ...]
    view: str
    source: str = ""
    record: str = ""


def pretraining_parts(items: Sequence[PartItem]) -> tuple[Part, ...]:
    """Return parts that are all learned, with the document end as the last."""
    return (*(Part(item) for item in items), Part(Control(DOCUMENT_END)))


def chat_parts(prompt: Sequence[PartItem], answer: Sequence[PartItem]) -> tuple[Part, ...]:
    """Return one exchange in Qwen3's chat format; only the answer and the end of its turn are learned."""
    opening = [Part(Control(TURN_START), 0.0), Part("user\n", 0.0)]
    question = [Part(item, 0.0) for item in prompt]
    turn = [
        Part(Control(TURN_END), 0.0),
        Part("\n", 0.0),
        Part(Control(TURN_START), 0.0),
        Part("assistant\n", 0.0),
    ]
    reply = [Part(item) for item in answer]
    return (*opening, *question, *turn, *reply, Part(Control(TURN_END)))
