"""Last step of a build: tokens to documents to shards of ids, with held-out shards per view.

Everything a shard depends on is hashed view by view: a view or task that joins the package, the registry or the recipe
leaves the documents of all others as they are.
"""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from biomatrix.corpus.build_tokens import TokenisedSlice
from biomatrix.corpus.held_out_shards import VERSION as HELD_OUT_VERSION
from biomatrix.corpus.held_out_shards import HeldOutPass, HeldOutSlice, write_held_out
from biomatrix.corpus.launching import Workers
from biomatrix.corpus.mixtures.mixing import mixture_of
from biomatrix.corpus.recipe import CorpusRecipe
from biomatrix.corpus.saved_vocabulary import SavedVocabulary
from biomatrix.corpus.shard_writing import token_dtype, write_lengths, write_manifest
from biomatrix.corpus.shards import MANIFEST, read_manifest
from biomatrix.corpus.slices import Slice, fingerprint, is_done, remove_strays, run_slices
from biomatrix.corpus.sources import open_source
from biomatrix.corpus.token_counts import coverage, summed
from biomatrix.corpus.training_shards import ShardSlice, shard_fingerprint, write_train
from biomatrix.entities.files.in_use import in_use
from biomatrix.entities.same_run import differences, told
from biomatrix.errors import ParseError
from biomatrix.tasks.drawing import Draw
from biomatrix.tasks.registry import draws
from biomatrix.tasks.task_definition import Task
from biomatrix.vocabulary.token_table import token_table_fingerprint

log = logging.getLogger(__name__)

VERSION: Final = 3
ANOTHER_BUILD: Final = (
    "another build, of another recipe or other data, is writing here; wait for it, or give another folder by --shards "
    "or --output"
)
"""What is said where two builds that differ would write one folder."""
"""Raised when the same tokens and definitions would give other documents."""


def training_slices(
    slices: Mapping[str, Sequence[TokenisedSlice]],
    recipe: CorpusRecipe,
    drawn: tuple[Draw, ...],
    vocabulary: SavedVocabulary,
    folder: Path,
    factors: Mapping[str, float] | None = None,
) -> list[ShardSlice]:
    """Return one shard slice per slice of records, in order.

    Parameters
    ----------
    slices : mapping of str to sequence of TokenisedSlice
        Finished token slices, by source.
    recipe : CorpusRecipe
        Seed, longest document, repeats.
    drawn : tuple of Draw
        The recipe's views and tasks.
    vocabulary : SavedVocabulary
        The vocabulary that gives the ids.
    folder : Path
        The folder of the shards.
    factors : mapping of str to float, optional
        By source, what a mixture multiplies its repeat by.
    """
    mixed = factors or {}
    repeats = {source.name: source.repeat * mixed.get(source.name, 1.0) for source in recipe.sources}
    shard_slices = []
    for name, group in slices.items():
        for item in group:
            settings = (VERSION, vocabulary.fingerprint, item.fingerprint, recipe.seed, recipe.max_tokens)
            marks = {
                draw.name: fingerprint(*settings, draw.definition.content, draw.mean * repeats[name]) for draw in drawn
            }
            shard_slices.append(
                ShardSlice(
                    folder / f"{name}-{item.name}",
                    shard_fingerprint(item, marks),
                    item,
                    vocabulary,
                    drawn,
                    marks,
                    repeats[name],
                    recipe.seed,
                    recipe.max_tokens,
                )
            )
    return shard_slices


def held_out_slices(
    flat: tuple[TokenisedSlice, ...],
    recipe: CorpusRecipe,
    drawn: Sequence[Draw],
    vocabulary: SavedVocabulary,
    output: Path,
) -> list[HeldOutSlice]:
    """Return one slice per view and task; those that are not done share one pass over the records."""
    settings = (VERSION, HELD_OUT_VERSION, vocabulary.fingerprint, [item.fingerprint for item in flat])
    limits = (recipe.seed, recipe.max_tokens, recipe.held_out_documents)
    marks = {
        draw.name: fingerprint(*settings, *limits, draw.definition.content, list(draw.definition.splits))
        for draw in drawn
    }
    places = [Slice(output / f"heldout_{draw.name}" / "00000", marks[draw.name]) for draw in drawn]
    pending = tuple(draw for draw, place in zip(drawn, places, strict=True) if not is_done(place))
    reading = HeldOutPass(
        fingerprint([marks[draw.name] for draw in pending]),
        pending,
        flat,
        vocabulary,
        recipe.held_out_documents,
        recipe.seed,
        recipe.max_tokens,
    )
    return [
        HeldOutSlice(place.folder, place.fingerprint, draw, reading) for draw, place in zip(drawn, places, strict=True)
    ]


def _totals(notes: Sequence[Mapping[str, Any]], key: str) -> dict[str, int]:
    total: Counter[str] = Counter()
    for note in notes:
        total.update(note[key])
    return dict(total)


def _manifest(
    items: Sequence[Slice],
    notes: Sequence[Mapping[str, Any]],
    recipe: CorpusRecipe,
    drawn: Sequence[Draw],
    vocabulary: SavedVocabulary,
) -> dict[str, Any]:
    size = len(vocabulary.open())
    documents = _totals(notes, "documents")
    tasks = [draw.definition for draw in drawn if isinstance(draw.definition, Task)]
    return {
        "name": recipe.name,
        "seed": recipe.seed,
        "dtype": token_dtype(size).str,
        "vocabulary": vocabulary.fingerprint,
        "vocabulary_size": size,
        "token_table": token_table_fingerprint(vocabulary.open()),
        "views": [draw.name for draw in drawn if draw.name in documents],
        "task_versions": {task.name: task.version for task in tasks},
        "recipe": recipe.model_dump(),
        "documents": documents,
        "tokens": _totals(notes, "tokens"),
        "learned_tokens": _totals(notes, "learned_tokens"),
        "rejects": sum(note["rejects"] for note in notes),
        "shards": [{"name": item.folder.name, "files": note["files"]} for item, note in zip(items, notes, strict=True)],
        "index": write_lengths(items[0].folder.parent, [item.folder.name for item in items]) if items else {},
    }


def _source_lines(
    slices: Mapping[str, Sequence[TokenisedSlice]], notes: Sequence[Mapping[str, Any]], recipe: CorpusRecipe, data: Path
) -> list[dict[str, Any]]:
    lines = []
    for name in slices:
        source_notes = [note for note in notes if note["source"] == name]
        source = open_source(recipe.source(name), data)
        lines.append(
            {
                "name": name,
                "licence": list(source.provenance.licence),
                "origin": source.provenance.origin,
                "files": list(source.provenance.files),
                "split": source.provenance.split,
                "category": source.provenance.category,
                "part": source.provenance.part,
                "views": {key: _totals(source_notes, key) for key in ("documents", "tokens", "learned_tokens")},
                "sha256": source.fingerprint,
                "documents": sum(_totals(source_notes, "documents").values()),
                "tokens": sum(_totals(source_notes, "tokens").values()),
                "rejects": sum(note["rejects"] for note in source_notes),
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
    workers: Workers = 1,
    selection: Mapping[str, Any] | None = None,
) -> Path:
    """Write ``output/train`` and one ``output/heldout_<view>`` per view, each with its manifest.

    Parameters
    ----------
    slices : mapping of str to sequence of TokenisedSlice
        Finished token slices, by source.
    recipe : CorpusRecipe
        Its views, tasks, seed and limits.
    vocabulary : Path
        A saved vocabulary.
    data : Path
        The data folder, for the sources' licences and hashes.
    output : Path
        The folder of the corpus.
    workers : int or Launcher
        The number of processes, or who else does the work; the bytes do not depend on it.
    selection : mapping of str to Any, optional
        What the manifest says about records that were left out.

    Returns
    -------
    Path
        The training corpus.
    """
    saved = SavedVocabulary.at(vocabulary)
    drawn = draws(recipe.views, recipe.tasks, recipe.task_files)
    marks = [item.fingerprint for group in slices.values() for item in group]
    mark = fingerprint(
        VERSION, recipe.model_dump(), saved.fingerprint, [draw.definition.content for draw in drawn], marks
    )
    with in_use(output, mark, ANOTHER_BUILD):
        return _build_all(slices, recipe, drawn, saved, data, output, workers, selection or {})


def _build_all(
    slices: Mapping[str, Sequence[TokenisedSlice]],
    recipe: CorpusRecipe,
    drawn: tuple[Draw, ...],
    saved: SavedVocabulary,
    data: Path,
    output: Path,
    workers: Workers,
    selection: Mapping[str, Any],
) -> Path:
    _tell_changes(output / "train" / MANIFEST, recipe, saved)
    mixed = None if recipe.mixture is None else mixture_of(slices, recipe, drawn, saved, data)
    train = training_slices(slices, recipe, drawn, saved, output / "train", None if mixed is None else mixed.factors)
    retire_manifest(output / "train", train)
    notes = run_slices(train, write_train, workers=workers, label="shards")
    remove_strays(output / "train", train)
    lines = _source_lines(slices, notes, recipe, data)
    about = {**_manifest(train, notes, recipe, drawn, saved), "sources": lines, "selection": dict(selection)}
    about["coverage"] = _coverage(slices, saved)
    if mixed is not None:
        about["mixture"] = mixed.as_json()
    write_manifest(output / "train", about)
    flat = tuple(item for group in slices.values() for item in group if not item.rewriting)
    _build_held_out(held_out_slices(flat, recipe, drawn, saved, output), recipe, output, workers)
    return output / "train"


def _coverage(slices: Mapping[str, Sequence[TokenisedSlice]], saved: SavedVocabulary) -> dict[str, Any]:
    """Return how much of the training records' open-ended tokens the vocabulary holds, by modality."""
    vocabulary = saved.open()
    names = [name for name in vocabulary.modalities if vocabulary.block(name).modality.open_ended]
    items = (item for group in slices.values() for item in group)
    folders = (folder for item in items for name, folder in item.tokens if name in vocabulary)
    known = {name: frozenset(vocabulary.block(name).tokens) for name in names}
    return coverage(summed(folders, names), known)


def _tell_changes(path: Path, recipe: CorpusRecipe, vocabulary: SavedVocabulary) -> None:
    """Log which settings differ from those that the shards in a folder were built with, where there are any."""
    try:
        manifest = read_manifest(path)
    except ParseError:
        return
    now = {**json.loads(recipe.model_dump_json()), "content of the vocabulary": vocabulary.fingerprint[:12]}
    then = {**manifest.get("recipe", {}), "content of the vocabulary": str(manifest.get("vocabulary"))[:12]}
    different = differences(then, now)
    if different:
        log.info("the recipe has changed since %s was built: %s", path.parent, told(different))
        log.info("what depends on it is built anew, the rest is kept")


def retire_manifest(folder: Path, items: Iterable[Slice]) -> None:
    """Remove a manifest whose shards are about to change, so that nobody reads half of an old corpus."""
    if not all(is_done(item) for item in items):
        (folder / MANIFEST).unlink(missing_ok=True)


def _build_held_out(items: Sequence[HeldOutSlice], recipe: CorpusRecipe, output: Path, workers: Workers) -> None:
    for item in items:
        retire_manifest(item.folder.parent, [item])
    notes = run_slices(items, write_held_out, workers=workers, label="held-out shards")
    for item, note in zip(items, notes, strict=True):
        remove_strays(item.folder.parent, [item])
        about = _manifest([item], [note], recipe, [item.draw], item.reading.vocabulary)
        write_manifest(item.folder.parent, {**about, "sources": note["sources"]})
    folders = {item.folder.parent for item in items}
    for manifest in output.glob(f"heldout_*/{MANIFEST}"):
        if manifest.parent not in folders:
            log.info("%s is no longer in the recipe", manifest.parent.name)
            manifest.unlink()
