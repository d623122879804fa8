"""Views: how pretraining documents are made from the records of a kind, described as data.

A kind lists its views in its registration (:class:`biomatrix.entities.registration.View`); files of definitions add
others. Nothing in this module depends on a particular kind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Final, Literal, Protocol, TypeAlias

from biomatrix.entities import modality_names
from biomatrix.entities.kind_registry import kinds
from biomatrix.entities.registration import View
from biomatrix.tasks.composition import compose
from biomatrix.tasks.documents import PartItem
from biomatrix.vocabulary.tables import Tokens

TEXT: Final = "text"
"""The kind of records without an entity."""

Layout: TypeAlias = Literal["single", "window", "joint", "composed", "text"]


class WrittenRecord(Protocol):
    """A record to draw documents from, with its tokens in every modality that it can be written in."""

    @property
    def source(self) -> str:
        """The source's name."""

    @property
    def id(self) -> str:
        """The record's name in its source."""

    @property
    def kind(self) -> str:
        """The kind of its entity; ``text`` without one."""

    @property
    def fields(self) -> Mapping[str, str]:
        """Names, descriptions and numbers, by field name."""

    @property
    def tokens(self) -> Mapping[str, Sequence[str]]:
        """By modality, without the control pair; one string where the modality is spelled as text."""


@dataclass(frozen=True)
class DocumentView:
    """One view, with everything that its documents depend on.

    Parameters
    ----------
    name : str
        A stable name; losses and held-out shards are by view.
    kind : str
        The kind of the records it is drawn from; ``text`` for records without an entity.
    layout : {"single", "window", "joint", "composed", "text"}
        As in :class:`biomatrix.entities.registration.View`; ``text`` is the field ``text``, cut where it is too long.
    modalities : tuple of str
        The modalities that are written; empty for ``composed`` and ``text``.
    parts : mapping of str to float
        For ``composed``: the probability that a modality or a field enters. The draws depend on the order.
    labels : mapping of str to str
        For ``composed``: the label in front of each field.
    """

    name: str
    kind: str
    layout: Layout
    modalities: tuple[str, ...] = ()
    parts: Mapping[str, float] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def splits(self) -> tuple[str, ...]:
        """The splits of records that its held-out documents are drawn from."""
        return ("held_out",)

    @property
    def content(self) -> list[object]:
        """Everything its documents depend on, as JSON values; mappings as lists of pairs, in order."""
        pairs = [[list(pair) for pair in mapping.items()] for mapping in (self.parts, self.labels)]
        return ["view", self.name, self.kind, self.layout, list(self.modalities), *pairs]

    def items(self, record: WrittenRecord, rng: Random, max_tokens: int) -> list[PartItem] | None:
        """Return the items of one document, in order, or None where the record lacks what the view needs."""
        return _LAYOUTS[self.layout](self, record, rng, max_tokens)


def field_labels(parts: Iterable[str], labels: Mapping[str, str]) -> dict[str, str]:
    """Return the label of every part that is a field: from the given labels, else made from its name.

    Examples
    --------
    >>> field_labels(["molecule_smiles", "tpsa", "boiling_point"], {"tpsa": "TPSA"})
    {'tpsa': 'TPSA', 'boiling_point': 'Boiling point'}
    """
    modalities = modality_names()
    return {name: labels.get(name, name.replace("_", " ").capitalize()) for name in parts if name not in modalities}


def document_view(view: View, kind: str, labels: Mapping[str, str]) -> DocumentView:
    """Return a kind's view with the labels of its fields."""
    parts = dict(view.parts or {})
    return DocumentView(view.name, kind, view.layout, view.modalities, parts, field_labels(parts, labels))


def kind_views(labels: Mapping[str, str]) -> Iterator[DocumentView]:
    """Yield the views of every registered kind, in order."""
    for one in kinds():
        for view in one.views:
            yield document_view(view, one.name, labels)


def record_values(record: WrittenRecord) -> dict[str, PartItem]:
    """Return everything a record can put into a document, by name."""
    values: dict[str, PartItem] = dict(record.fields)
    return values | {name: Tokens(name, tokens) for name, tokens in record.tokens.items()}


def _segments(view: DocumentView, record: WrittenRecord) -> list[Tokens] | None:
    if not all(name in record.tokens for name in view.modalities):
        return None
    return [Tokens(name, record.tokens[name]) for name in view.modalities]


def _single(view: DocumentView, record: WrittenRecord, rng: Random, max_tokens: int) -> list[PartItem] | None:
    segments = _segments(view, record)
    return None if segments is None else [*segments]


def _window(view: DocumentView, record: WrittenRecord, rng: Random, max_tokens: int) -> list[PartItem] | None:
    """Cut the first modality to a random window where it is too long."""
    segments = _segments(view, record)
    if not segments:
        return None
    tokens = segments[0].tokens
    room = max_tokens - 3  # the control pair and the document end
    start = rng.randrange(len(tokens) - room + 1) if len(tokens) > room else 0
    return [Tokens(segments[0].modality, tokens[start : start + room])]


def _joint(view: DocumentView, record: WrittenRecord, rng: Random, max_tokens: int) -> list[PartItem] | None:
    """Return all modalities in random order; where they are too long together the document is refused, never cut."""
    segments = _segments(view, record)
    if segments is None:
        return None
    items: list[PartItem] = [*segments]
    rng.shuffle(items)
    return items


def _composed(view: DocumentView, record: WrittenRecord, rng: Random, max_tokens: int) -> list[PartItem] | None:
    return compose(view.parts, view.labels, record_values(record), rng)


def _text(view: DocumentView, record: WrittenRecord, rng: Random, max_tokens: int) -> list[PartItem] | None:
    text = record.fields.get("text")
    return [text] if text else None


_LAYOUTS: Final[Mapping[Layout, Callable[[DocumentView, WrittenRecord, Random, int], list[PartItem] | None]]] = {
    "single": _single,
    "window": _window,
    "joint": _joint,
    "composed": _composed,
    "text": _text,
}
