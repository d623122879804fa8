"""From one record to its documents: the single views, the joint view, the composition, the tasks.

What is drawn for a document depends on the seed, the record's source and id, the view and the copy, and on
nothing else: adding a view, a source or a worker changes no other document.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from random import Random

from biomatrix.corpus.composition import MOLECULE_PARTS, PROTEIN_PARTS, compose
from biomatrix.corpus.documents import Document, PartItem, chat_parts, pretraining_parts
from biomatrix.corpus.records import TokenRecord
from biomatrix.corpus.templates import ANY_MOLECULE, TASKS, Task, fill
from biomatrix.entities import modality
from biomatrix.errors import ConfigurationError, LimitError
from biomatrix.vocabulary.tables import Tokens

Values = Mapping[str, PartItem]
View = Callable[[TokenRecord, Random, int], "list[PartItem] | None"]


def rng_for(seed: int, record: TokenRecord, view: str, copy: int) -> Random:
    """Return the generator of one document."""
    name = f"{seed}|{record.source}|{record.id}|{view}|{copy}"
    return Random(int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest()))


def drawn(mean: float, rng: Random) -> int:
    """Return a whole number with this mean, one of the two next to it."""
    whole = int(mean)
    return whole + (rng.random() < mean - whole)


def _segment(record: TokenRecord, name: str) -> Tokens | None:
    tokens = record.tokens.get(name)
    return None if tokens is None else Tokens(name, tokens)


def _single(name: str) -> View:
    """Return the view of one modality alone; too long a one is left out."""

    def view(record: TokenRecord, rng: Random, max_tokens: int) -> list[PartItem] | None:
        segment = _segment(record, name)
        return None if segment is None else [segment]

    return view


def _window(name: str) -> View:
    """Return the view of one residue-wise modality alone, cut to a random window where it is too long."""

    def view(record: TokenRecord, rng: Random, max_tokens: int) -> list[PartItem] | None:
        segment = _segment(record, name)
        if segment is None:
            return None
        room = max_tokens - 3  # the control pair and the document end
        start = rng.randrange(len(segment.tokens) - room + 1) if len(segment.tokens) > room else 0
        return [Tokens(name, segment.tokens[start : start + room])]

    return view


def _joint(record: TokenRecord, rng: Random, max_tokens: int) -> list[PartItem] | None:
    """Sequence and structure of the same residues, in random order."""
    sequence, structure = _segment(record, "protein_sequence"), _segment(record, "protein_structure")
    if sequence is None or structure is None:
        return None
    _check_length(len(sequence.tokens) + len(structure.tokens) + 5, max_tokens)
    pair: list[PartItem] = [sequence, structure]
    rng.shuffle(pair)
    return pair


def _text(record: TokenRecord, rng: Random, max_tokens: int) -> list[PartItem] | None:
    text = record.fields.get("text")
    return [text] if text else None


def _composed(parts: Mapping[str, float]) -> View:
    def view(record: TokenRecord, rng: Random, max_tokens: int) -> list[PartItem] | None:
        return compose(parts, _values(record), rng)

    return view


VIEWS: dict[str, tuple[str, View]] = {
    "molecule_smiles": ("molecule", _single("molecule_smiles")),
    "molecule_selfies": ("molecule", _single("molecule_selfies")),
    "molecule_structure": ("molecule", _single("molecule_structure")),
    "molecule_mixed": ("molecule", _composed(MOLECULE_PARTS)),
    "protein_sequence": ("protein", _window("protein_sequence")),
    "protein_structure": ("protein", _window("protein_structure")),
    "protein_joint": ("protein", _joint),
    "protein_mixed": ("protein", _composed(PROTEIN_PARTS)),
    "text": ("text", _text),
}
"""Every pretraining view: the kind of record it is drawn from, and how."""


def _check_length(tokens: int, max_tokens: int) -> None:
    if tokens > max_tokens:
        raise LimitError(f"{tokens} tokens: a document takes at most {max_tokens}")


def _values(record: TokenRecord) -> dict[str, PartItem]:
    """Return everything a record can put into a document, by name."""
    values: dict[str, PartItem] = dict(record.fields)
    return values | {name: Tokens(name, tokens) for name, tokens in record.tokens.items()}


def _task_parts(task: Task, record: TokenRecord, rng: Random) -> tuple[list[PartItem], list[PartItem]] | None:
    values = _values(record)
    if ANY_MOLECULE in task.needs:
        written = sorted(name for name in record.tokens if modality(name).kind == "molecule")
        if not written:
            return None
        values[ANY_MOLECULE] = values[rng.choice(written)]
    if not task.needs <= values.keys():
        return None
    return fill(rng.choice(task.prompts), values), fill(task.answer, values)


def has_view(record: TokenRecord, view: str) -> bool:
    """Return whether a record could give a document of this view or task."""
    if view in VIEWS:
        return record.kind == VIEWS[view][0]
    needs = TASKS[view].needs - {ANY_MOLECULE}
    return needs <= record.tokens.keys() | record.fields.keys()


def document(record: TokenRecord, view: str, *, seed: int, copy: int, max_tokens: int) -> Document | None:
    """Return one document of a record, or None where the record does not have what the view needs.

    Raises
    ------
    LimitError
        The document would be longer than ``max_tokens`` whatever its text.
    """
    rng = rng_for(seed, record, view, copy)
    if view in VIEWS:
        kind, make = VIEWS[view]
        items = make(record, rng, max_tokens) if record.kind == kind else None
        if items is None:
            return None
        parts = pretraining_parts(items)
    elif view in TASKS:
        exchange = _task_parts(TASKS[view], record, rng)
        if exchange is None:
            return None
        parts = chat_parts(*exchange)
    else:
        raise ConfigurationError(f"no view or task {view!r}; known: {', '.join((*VIEWS, *TASKS))}")
    _check_length(sum(_least(part.item) for part in parts), max_tokens)
    return Document(parts, view, record.source, record.id)


def _least(item: PartItem) -> int:
    """Return the tokens a part has at least; text and SMILES are not yet cut into pieces."""
    if isinstance(item, Tokens):
        return 2 + (0 if modality(item.modality).spelled_as_text else len(item.tokens))
    return 0 if isinstance(item, str) else 1


def documents(
    record: TokenRecord, means: Mapping[str, float], *, repeat: float, seed: int, max_tokens: int
) -> Iterator[Document | tuple[str, LimitError]]:
    """Yield all documents drawn from a record; (view, error) for one that is too long.

    Parameters
    ----------
    means : mapping of str to float
        The mean number of documents of each view and task.
    repeat : float
        Multiplies them.
    """
    for view, mean in means.items():
        if not has_view(record, view):
            continue
        for copy in range(drawn(mean * repeat, rng_for(seed, record, view, -1))):
            try:
                made = document(record, view, seed=seed, copy=copy, max_tokens=max_tokens)
            except LimitError as error:
                yield view, error
                break
            if made is not None:
                yield made
