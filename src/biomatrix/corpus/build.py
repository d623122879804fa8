"""A whole build, step by step: records, those that stay, tokens, a vocabulary where none is given, shards.

Every step consists of slices that are skipped when they are done, so a build that was stopped continues where it
stopped, and a changed recipe redoes only what depends on the change. Several processes or machines that make the same
call over one work folder share the slices among them, and each returns when all are done.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from biomatrix.corpus.base_vocabulary import BaseVocabulary
from biomatrix.corpus.build_records import build_records
from biomatrix.corpus.build_shards import ANOTHER_BUILD, build_shards
from biomatrix.corpus.build_tokens import TokenisedSlice, build_tokens
from biomatrix.corpus.build_vocabulary import is_vocabulary_of, save_vocabulary, vocabulary_fingerprint
from biomatrix.corpus.check_build import check_build
from biomatrix.corpus.file_hashes import hashes_kept
from biomatrix.corpus.launching import Workers, launcher_of
from biomatrix.corpus.recipe import CorpusRecipe
from biomatrix.corpus.refusals import described, refused_documents, refused_records
from biomatrix.corpus.select_records import Selection, select_records
from biomatrix.corpus.shards import MANIFEST, held_out_folders, read_manifest
from biomatrix.corpus.slices import make_once, remove_strays
from biomatrix.entities.files.folders import make_folder
from biomatrix.entities.files.in_use import in_use

log = logging.getLogger(__name__)


def tokenised(recipe: CorpusRecipe, data: Path, work: Path, *, workers: Workers = 1) -> dict[str, list[TokenisedSlice]]:
    """Run the steps that depend on no vocabulary; return the finished token slices, by source."""
    return _written(_selected(recipe, data, work, workers), recipe, work, workers)


def _selected(recipe: CorpusRecipe, data: Path, work: Path, workers: Workers) -> Selection:
    records = build_records(recipe.sources, data, work, size=recipe.slice_rows, allow=recipe.allow, workers=workers)
    return select_records(records, recipe, data, work, workers=workers)


def _written(
    selection: Selection, recipe: CorpusRecipe, work: Path, workers: Workers
) -> dict[str, list[TokenisedSlice]]:
    return build_tokens(
        selection.slices,
        work,
        structure_tokenizers=recipe.structure_tokenizers,
        modalities=recipe.modalities,
        rewritings={entry.name: entry.rewritings for entry in recipe.sources},
        workers=workers,
    )


def build_nano_vocabulary(recipe: CorpusRecipe, data: Path, work: Path, *, workers: Workers = 1) -> Path:
    """Build the corpus's own vocabulary under ``work/vocabulary``, also where one is there; return the folder."""
    folder = work / "vocabulary"
    launcher = launcher_of(workers)
    base = BaseVocabulary.of(recipe.vocabulary, data)
    with launcher.standing():
        slices = tokenised(recipe, data, work, workers=launcher)
        save_vocabulary(slices, recipe, folder, base=base, workers=launcher)
    return folder


def build_corpus(
    recipe: CorpusRecipe,
    data: Path,
    work: Path,
    *,
    vocabulary: Path | None = None,
    shards: Path | None = None,
    workers: Workers = 1,
) -> Path:
    """Build a corpus.

    Parameters
    ----------
    recipe : CorpusRecipe
        Its sources, views, tasks and limits.
    data : Path
        The folder the sources' files are relative to.
    work : Path
        Where the steps keep their slices. Corpora of the same sources may share it.
    vocabulary : Path, optional
        A saved vocabulary; the corpus's own, under ``work/vocabulary``, when not given, which is built anew where it
        was built from something else.
    shards : Path, optional
        Where the shards go; ``work/shards`` when not given.
    workers : int or Launcher
        The number of processes, or who else does the work; the bytes do not depend on it.

    Returns
    -------
    Path
        The training corpus, ``train`` among the shards; held-out shards stand beside it.

    Raises
    ------
    ConfigurationError
        The recipe names a view, task, source or licence that is not known or not taken; a folder or file is missing, or
        a folder for the result is a file: nothing is built then. Or another build is writing the same shards, or a
        folder cannot be written, as where no space is left; what is finished stays.
    ParseError
        The file of a source cannot be read, or lacks a column.
    VocabularyError
        The folder of ``vocabulary`` holds none.
    """
    check_build(recipe, data, (work, shards or work), vocabulary)  # first: what is wrong would else show after an hour
    for folder in (work, shards or work):
        make_folder(folder)
    shards = shards or work / "shards"
    launcher = launcher_of(workers)
    with hashes_kept(work / "index"), launcher.standing():
        selection = _selected(recipe, data, work, launcher)
        slices = _written(selection, recipe, work, launcher)
        corpus = _shards_of(slices, recipe, vocabulary, data, work, shards, launcher, selection.notes)
    for folder in (work, work / "index"):
        remove_strays(folder, ())
    _tell_silent(corpus)
    refused = {"records": refused_records(slices), "documents": refused_documents(corpus.parent)}
    if any(faults.counts for faults in refused.values()):
        log.info("%s", described(refused))
    log.info("%s", told_result(corpus))
    return corpus


def _tell_silent(corpus: Path) -> None:
    """Log which sources gave no document to train on."""
    silent = [one["name"] for one in read_manifest(corpus / MANIFEST)["sources"] if not one["documents"]]
    if silent:
        log.warning(
            "no document to train on comes from %s: see rejects.jsonl, and whether the recipe has a view or task of "
            "its kind, and a repeat or share above 0",
            ", ".join(silent),
        )


def told_result(corpus: Path) -> str:
    """Return in one line what a build gave.

    Parameters
    ----------
    corpus : Path
        The training corpus, beside which the held-out ones stand.
    """
    manifests = [read_manifest(folder / MANIFEST) for folder in (corpus, *held_out_folders(corpus).values())]
    documents, *held_out = (sum(manifest["documents"].values()) for manifest in manifests)
    tokens = sum(manifests[0]["tokens"].values())
    return f"{documents:,} documents of {tokens:,} tokens to train on, {sum(held_out):,} documents held out"


def _shards_of(
    slices: dict[str, list[TokenisedSlice]],
    recipe: CorpusRecipe,
    vocabulary: Path | None,
    data: Path,
    work: Path,
    shards: Path,
    workers: Workers,
    selection: Mapping[str, Any],
) -> Path:
    """Return the training corpus, written with the vocabulary given, else with one made of the slices."""
    if vocabulary is not None:
        return build_shards(slices, recipe, vocabulary, data, shards, workers=workers, selection=selection)
    vocabulary = work / "vocabulary"
    base = BaseVocabulary.of(recipe.vocabulary, data)
    with in_use(vocabulary, vocabulary_fingerprint(slices, recipe, base), ANOTHER_BUILD):
        make_once(
            vocabulary,
            partial(is_vocabulary_of, slices, recipe, vocabulary, base),
            partial(save_vocabulary, slices, recipe, base=base, workers=workers),
        )
        return build_shards(slices, recipe, vocabulary, data, shards, workers=workers, selection=selection)
