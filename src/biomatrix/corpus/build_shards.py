"""Last step of a build: tokens to documents to shards of ids, with held-out shards a view."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from biomatrix.corpus.build_records import write_rejects
from biomatrix.corpus.build_tokens import TokenisedSlice
from biomatrix.corpus.documents import Document
from biomatrix.corpus.encoding import EncodedDocument, encode_documents, within_vocabulary
from biomatrix.corpus.holdout import bucket
from biomatrix.corpus.recipe import CorpusRecipe
from biomatrix.corpus.records import TokenRecord
from biomatrix.corpus.shards import MANIFEST, token_dtype, write_manifest, write_shard
from biomatrix.corpus.slices import Slice, file_sha256, fingerprint, is_done, remove_strays, run_slices
from biomatrix.corpus.sources import open_source
from biomatrix.corpus.templates import MEASURED, TASKS
from biomatrix.corpus.views import VIEWS, document, documents, has_view
from biomatrix.errors import BioMatrixError, ConfigurationError, LimitError

if TYPE_CHECKING:
    from biomatrix.vocabulary.vocabulary import Vocabulary

VERSION = 1
"""Raised when the same tokens would give other documents."""

VIEW_NAMES = (*VIEWS, *TASKS)
_ENCODED_TOGETHER = 512
_MANY = 1 << 62


@dataclass(frozen=True)
class ShardSlice(Slice):
    """The documents of one slice of token records."""

    tokens: TokenisedSlice
    vocabulary: Path
    recipe: CorpusRecipe

    @property
    def source(self) -> str:
        """The source's name."""
        return self.tokens.source

    @property
    def repeat(self) -> float:
        """How many times as many documents are drawn from this source."""
        return next(entry.repeat for entry in self.recipe.sources if entry.name == self.source)


@dataclass(frozen=True)
class HeldOutSlice(Slice):
    """The held-out documents of one view, from every source."""

    view: str
    tokens: tuple[TokenisedSlice, ...]
    vocabulary: Path
    recipe: CorpusRecipe


@dataclass
class _Shard:
    """Encoded documents on their way to disk, and what was refused."""

    max_tokens: int
    documents: list[EncodedDocument] = field(default_factory=list)
    views: list[int] = field(default_factory=list)
    rejects: list[dict[str, str]] = field(default_factory=list)

    def refuse(self, source: str, record: str, reason: str) -> None:
        self.rejects.append({"source": source, "id": record, "reason": reason})

    def add(self, made: Sequence[Document], vocabulary: Vocabulary) -> None:
        for entry, encoded in zip(made, encode_documents(made, vocabulary), strict=True):
            if isinstance(encoded, BioMatrixError):
                self.refuse(entry.source, entry.record, f"{entry.view}: {encoded.message}")
                continue
            if len(encoded) > self.max_tokens and entry.view == "text":
                encoded = encoded.cut(self.max_tokens)
            if len(encoded) > self.max_tokens:
                reason = f"{entry.view}: {len(encoded)} tokens: a document takes at most {self.max_tokens}"
                self.refuse(entry.source, entry.record, reason)
                continue
            self.documents.append(encoded)
            self.views.append(VIEW_NAMES.index(entry.view))

    def write(self, folder: Path, vocabulary: Vocabulary) -> dict[str, Any]:
        write_shard(folder, self.documents, self.views, token_dtype(len(vocabulary)))
        write_rejects(folder / "rejects.jsonl", self.rejects)
        tokens: Counter[str] = Counter()
        learned: Counter[str] = Counter()
        count: Counter[str] = Counter()
        for encoded, view in zip(self.documents, self.views, strict=True):
            name = VIEW_NAMES[view]
            count[name] += 1
            tokens[name] += len(encoded)
            learned[name] += int((encoded.weights > 0).sum())
        return {
            "documents": dict(count),
            "tokens": dict(tokens),
            "learned_tokens": dict(learned),
            "rejects": len(self.rejects),
        }


@cache
def _open(folder: Path) -> Vocabulary:
    from biomatrix.vocabulary import Vocabulary

    return Vocabulary.from_pretrained(folder)


def _writable(records: Iterable[TokenRecord], vocabulary: Vocabulary, shard: _Shard) -> Iterator[TokenRecord]:
    for record in records:
        kept, refused = within_vocabulary(record, vocabulary)
        for name, error in refused:
            shard.refuse(record.source, record.id, f"{name}: {error.message}")
        yield kept


def _drawn(records: Sequence[TokenRecord], item: ShardSlice, shard: _Shard) -> Iterator[Document]:
    recipe = item.recipe
    means = {**recipe.views, **recipe.tasks}
    for record in records:
        for made in documents(record, means, repeat=item.repeat, seed=recipe.seed, max_tokens=recipe.max_tokens):
            if isinstance(made, Document):
                yield made
            else:
                shard.refuse(record.source, record.id, f"{made[0]}: {made[1].message}")


def write_train(item: ShardSlice, folder: Path) -> Mapping[str, Any]:
    """Write the training documents of one slice of records."""
    vocabulary = _open(item.vocabulary)
    shard = _Shard(item.recipe.max_tokens)
    records = list(_writable(item.tokens.read(("train",)), vocabulary, shard))
    drawn = _drawn(records, item, shard)
    while made := list(islice(drawn, _ENCODED_TOGETHER)):
        shard.add(made, vocabulary)
    return {"source": item.source, **shard.write(folder, vocabulary)}


@cache
def _held_out(slices: tuple[TokenisedSlice, ...]) -> tuple[TokenRecord, ...]:
    """Return every held-out record; they are few, and every view asks for them."""
    return tuple(record for item in slices for record in item.read(("held_out", "held_out_label")))


def write_held_out(item: HeldOutSlice, folder: Path) -> Mapping[str, Any]:
    """Write the held-out documents of one view: at most one a record, records in the order of their hash."""
    vocabulary = _open(item.vocabulary)
    recipe = item.recipe
    shard = _Shard(recipe.max_tokens)
    measured = item.view in TASKS and TASKS[item.view].needs & MEASURED
    splits = ("held_out", "held_out_label") if measured else ("held_out",)
    found = [r for r in _held_out(item.tokens) if r.split in splits and has_view(r, item.view)]
    found.sort(key=lambda record: bucket(f"{item.view}|{record.source}|{record.id}", _MANY))
    made: list[Document] = []
    for record in _writable(found, vocabulary, shard):
        if len(made) >= recipe.held_out_documents:
            break
        try:
            entry = document(record, item.view, seed=recipe.seed, copy=0, max_tokens=recipe.max_tokens)
        except LimitError as error:
            shard.refuse(record.source, record.id, f"{item.view}: {error.message}")
            continue
        if entry is not None:
            made.append(entry)
    shard.add(made, vocabulary)
    return shard.write(folder, vocabulary)


def _vocabulary_mark(folder: Path) -> str:
    """Return the fingerprint of a saved vocabulary: its files, by name and content."""
    files = sorted(path for path in folder.iterdir() if path.is_file())
    if not files:
        raise ConfigurationError("an empty vocabulary folder", file=str(folder))
    return fingerprint([(path.name, file_sha256(path)) for path in files])


def _totals(notes: Sequence[Mapping[str, Any]], key: str) -> dict[str, int]:
    total: Counter[str] = Counter()
    for note in notes:
        total.update(note[key])
    return dict(total)


def _manifest(
    items: Sequence[Slice], notes: Sequence[Mapping[str, Any]], recipe: CorpusRecipe, mark: str, size: int
) -> dict[str, Any]:
    return {
        "name": recipe.name,
        "seed": recipe.seed,
        "dtype": token_dtype(size).str,
        "vocabulary": mark,
        "vocabulary_size": size,
        "views": list(VIEW_NAMES),
        "task_versions": {name: task.version for name, task in TASKS.items()},
        "recipe": recipe.model_dump(),
        "documents": _totals(notes, "documents"),
        "tokens": _totals(notes, "tokens"),
        "learned_tokens": _totals(notes, "learned_tokens"),
        "rejects": sum(note["rejects"] for note in notes),
        "shards": [{"name": item.folder.name, "files": note["files"]} for item, note in zip(items, notes, strict=True)],
    }


def _source_lines(
    slices: Mapping[str, Sequence[TokenisedSlice]], notes: Sequence[Mapping[str, Any]], recipe: CorpusRecipe, data: Path
) -> list[dict[str, Any]]:
    lines = []
    for name in slices:
        mine = [note for note in notes if note["source"] == name]
        source = open_source(recipe.source(name), data)
        lines.append(
            {
                "name": name,
                "licence": list(source.provenance.licence),
                "origin": source.provenance.origin,
                "files": list(source.provenance.files),
                "split": source.provenance.split,
                "sha256": source.fingerprint,
                "documents": sum(_totals(mine, "documents").values()),
                "tokens": sum(_totals(mine, "tokens").values()),
                "rejects": sum(note["rejects"] for note in mine),
            }
        )
    return lines


def build_shards(
    slices: Mapping[str, Sequence[TokenisedSlice]],
    recipe: CorpusRecipe,
    vocabulary: Path,
    data: Path,
    output: Path,
    *,
    workers: int = 1,
) -> Path:
    """Write ``output/train`` and one ``output/heldout_<view>`` a view, each with its manifest.

    Parameters
    ----------
    slices : mapping of str to sequence of TokenisedSlice
        Finished token slices, by source.
    recipe : CorpusRecipe
        What is drawn.
    vocabulary : Path
        A saved vocabulary.
    data : Path
        The data folder, for the sources' licences and hashes.
    output : Path
        Where the corpus stands.
    workers : int
        Processes; the bytes do not depend on it.

    Returns
    -------
    Path
        The training corpus.
    """
    mark = _vocabulary_mark(vocabulary)
    size = len(_open(vocabulary))
    settings = fingerprint(VERSION, mark, recipe.model_dump(), {k: v.version for k, v in TASKS.items()})
    train = [
        ShardSlice(
            output / "train" / f"{name}-{item.name}",
            fingerprint(settings, item.fingerprint),
            item,
            vocabulary,
            recipe,
        )
        for name, group in slices.items()
        for item in group
    ]
    retire_manifest(output / "train", train)
    notes = run_slices(train, write_train, workers=workers, label="shards")
    remove_strays(output / "train", train)
    lines = _source_lines(slices, notes, recipe, data)
    write_manifest(output / "train", {**_manifest(train, notes, recipe, mark, size), "sources": lines})
    _build_held_out(slices, recipe, vocabulary, output, settings, (mark, size), workers)
    return output / "train"


def retire_manifest(folder: Path, items: Sequence[Slice]) -> None:
    """Remove a manifest whose shards are about to change, so that nobody reads half of an old corpus."""
    if not all(is_done(item) for item in items):
        (folder / MANIFEST).unlink(missing_ok=True)


def _build_held_out(
    slices: Mapping[str, Sequence[TokenisedSlice]],
    recipe: CorpusRecipe,
    vocabulary: Path,
    output: Path,
    settings: str,
    described: tuple[str, int],
    workers: int,
) -> None:
    flat = [item for group in slices.values() for item in group]
    mark = fingerprint(settings, [item.fingerprint for item in flat])
    views = [name for name in VIEW_NAMES if name in recipe.views or name in recipe.tasks]
    items = [
        HeldOutSlice(output / f"heldout_{view}" / "00000", mark, view, tuple(flat), vocabulary, recipe)
        for view in views
    ]
    for item in items:
        retire_manifest(item.folder.parent, [item])
    notes = run_slices(items, write_held_out, workers=workers, label="held-out shards")
    for item, note in zip(items, notes, strict=True):
        remove_strays(item.folder.parent, [item])
        write_manifest(item.folder.parent, _manifest([item], [note], recipe, *described))
