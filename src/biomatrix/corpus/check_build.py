"""What can be known to be wrong before a build begins: names, folders, files and the vocabulary."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from biomatrix.corpus.base_vocabulary import BaseVocabulary
from biomatrix.corpus.decontamination.test_sets import check_sets
from biomatrix.corpus.deduplication.shingles import check_near
from biomatrix.corpus.filters.registry import check_filters
from biomatrix.corpus.mixtures.preset import preset
from biomatrix.corpus.recipe import CorpusRecipe
from biomatrix.corpus.saved_vocabulary import SavedVocabulary
from biomatrix.corpus.sources import open_source
from biomatrix.corpus.unread_fields import tell_unread_fields
from biomatrix.entities import modality_names
from biomatrix.entities.files.folders import check_folder
from biomatrix.entities.files.paths import exists, is_folder
from biomatrix.entities.modality_registry import modality_class
from biomatrix.entities.near_matches import choices
from biomatrix.errors import BioMatrixError, ConfigurationError
from biomatrix.tasks.registry import draws


def check_build(recipe: CorpusRecipe, data: Path, outputs: Iterable[Path], vocabulary: Path | None) -> None:
    """Raise the error that a build would end with, where it can be told beforehand.

    Parameters
    ----------
    recipe : CorpusRecipe
    data : Path
        The folder of the sources' files.
    outputs : iterable of Path
        Folders that will be written to; they need not exist.
    vocabulary : Path, optional
        The vocabulary that is given, if one is.
    """
    drawn = draws(recipe.views, recipe.tasks, recipe.task_files)
    if not drawn:
        raise ConfigurationError("the recipe draws nothing: name a view under [views] or a task under [tasks]")
    _check_modalities(recipe)
    if not is_folder(data):
        what = "is a file, not a folder" if exists(data) else "no such folder"
        raise ConfigurationError(f"{what}; --data names the folder of the sources' files", file=str(data))
    for folder in outputs:
        check_folder(folder)
    if vocabulary is not None:
        _check_vocabulary(vocabulary)
    elif (base := BaseVocabulary.of(recipe.vocabulary, data)) is not None:
        base.open()
    names = [entry.name for entry in recipe.sources]
    check_filters(recipe.filters, names)
    check_near(recipe.deduplication)
    for name in recipe.deduplication.without:
        if name not in names:
            raise ConfigurationError(f"deduplication.without: no source {name!r} in the recipe; {choices(name, names)}")
    if recipe.decontamination.enabled:
        check_sets(recipe.decontamination, data)
    if recipe.mixture is not None and recipe.mixture.preset is not None:
        preset(recipe.mixture.preset)
    for entry in recipe.sources:
        open_source(entry, data).check_files()
    tell_unread_fields(recipe, drawn)


def _check_vocabulary(folder: Path) -> None:
    saved = SavedVocabulary.at(folder)
    try:
        saved.open()
    except BioMatrixError as error:
        raise type(error)(" ".join(error.message.split()), file=error.file or str(folder)) from error


def _check_modalities(recipe: CorpusRecipe) -> None:
    for name in recipe.modalities or ():
        if name not in modality_names():
            raise ConfigurationError(f"modalities: no modality {name!r}; {choices(name, modality_names())}")
    for place, names in (
        ("structure_tokenizers", recipe.structure_tokenizers),
        ("vocabulary.coverage", recipe.vocabulary.coverage),
    ):
        for name in names:
            if name not in modality_names():
                raise ConfigurationError(f"{place}: no modality {name!r}; {choices(name, modality_names())}")
    for name in recipe.structure_tokenizers:
        if not modality_class(name).needs_tokenizer:
            raise ConfigurationError(f"structure_tokenizers: {name} takes no structure tokenizer; leave it out")
