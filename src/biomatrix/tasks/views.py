"""Views: how pretraining documents are made from the records of a kind, described as data.

A kind lists its views in its registration (:class:`biomatrix.entities.registration.View`); files of definitions add
others. Nothing in this module depends on a particular kind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Final, Literal, TypeAlias

from biomatrix.entities import modality_names
from biomatrix.entities.kind_registry import kinds
from biomatrix.entities.registration import View
from biomatrix.tasks.composition import compose
from biomatrix.tasks.documents import PartItem
from biomatrix.tasks.interleaving import interleave
from biomatrix.tasks.written_records import WrittenRecord, record_values, split_name
from biomatrix.vocabulary.tables import Tokens

Layout: TypeAlias = Literal["single", "window", "joint", "composed", "text", "interleaved"]
Mentions: TypeAlias = Literal["first", "every"]


@dataclass(frozen=True)
class DocumentView:
    """One view, with everything that its documents depend on.

    Parameters
    ----------
    name : str
        A stable name; losses and held-out shards are by view.
    kind : str
        The kind of the records it is drawn from; ``text``, ``interaction`` or ``interleaved`` for others.
    layout : {"single", "window", "joint", "composed", "text", "interleaved"}
        As in :class:`biomatrix.entities.registration.View`; ``text`` is the field ``text``, cut where it is too long;
        ``interleaved`` is the same field with the entities that it names written behind their names.
    modalities : tuple of str
        The modalities that are written; for ``composed``, those that enter always, for ``interleaved``, those that are
        drawn from. Of a part, ``role.modality``.
    parts : mapping of str to float
        For ``composed``: the probability that a modality or a field enters. The draws depend on the order.
    labels : mapping of str to str
        For ``composed``: the label in front of each field.
    mentions : {"first", "every"}
        For ``interleaved``: whether an entity is written behind its first mention alone.
    longest : int
        For ``interleaved``: the most residues or symbols of an entity that is written; 0 for no limit but the document.
    """

    name: str
    kind: str
    layout: Layout
    modalities: tuple[str, ...] = ()
    parts: Mapping[str, float] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    mentions: Mentions = "first"
    longest: int = 0

    @property
    def splits(self) -> tuple[str, ...]:
        """The splits of records that its held-out documents are drawn from."""
        return ("held_out",)

    @property
    def content(self) -> list[object]:
        """Everything its documents depend on, as JSON values; mappings as lists of pairs, in order."""
        pairs = [[list(pair) for pair in mapping.items()] for mapping in (self.parts, self.labels)]
        settings = [self.mentions, self.longest] if self.layout == "interleaved" else []
        return ["view", self.name, self.kind, self.layout, list(self.modalities), *pairs, *settings]

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
    fields = (name for name in parts if split_name(name)[1] not in modalities)
    return {name: labels.get(name, name.replace("_", " ").capitalize()) for name in fields}


def document_view(view: View, kind: str, labels: Mapping[str, str]) -> DocumentView:
    """Return a kind's view with the labels of its fields."""
    parts = dict(view.parts or {})
    return DocumentView(view.name, kind, view.layout, view.modalities, parts, field_labels(parts, labels))


def kind_views(labels: Mapping[str, str]) -> Iterator[DocumentView]:
    """Yield the views of every registered kind, in order."""
    for one in kinds():
        for view in one.views:
            yield document_view(view, one.name, labels)


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
    return compose(view.parts, view.labels, record_values(record), rng, view.modalities)


def _text(view: DocumentView, record: WrittenRecord, rng: Random, max_tokens: int) -> list[PartItem] | None:
    text = record.fields.get("text")
    return [text] if text else None


def _interleaved(view: DocumentView, record: WrittenRecord, rng: Random, max_tokens: int) -> list[PartItem] | None:
    return interleave(record, view.modalities, rng, max_tokens, every=view.mentions == "every", longest=view.longest)


_LAYOUTS: Final[Mapping[Layout, Callable[[DocumentView, WrittenRecord, Random, int], list[PartItem] | None]]] = {
    "single": _single,
    "window": _window,
    "joint": _joint,
    "composed": _composed,
    "text": _text,
    "interleaved": _interleaved,
}
