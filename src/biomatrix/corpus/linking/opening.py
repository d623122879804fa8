"""From the description in a recipe to a linker, and to the files that its results depend on."""

from __future__ import annotations

from pathlib import Path

from biomatrix.corpus.link_recipe import LinkRecipe
from biomatrix.corpus.linking import bern2, pubtator
from biomatrix.corpus.linking.answer_cache import AnswerCache
from biomatrix.corpus.linking.bern2 import Bern2Linker
from biomatrix.corpus.linking.dictionary import DictionaryLinker, automaton_class
from biomatrix.corpus.linking.entity_tables import EntityTables
from biomatrix.corpus.linking.linker import Linker
from biomatrix.corpus.linking.pubtator import PubTatorLinker
from biomatrix.corpus.linking.text_service import TextService
from biomatrix.corpus.sources.source_files import matching_files
from biomatrix.user_cache import user_cache


def open_linker(recipe: LinkRecipe, tables: EntityTables, files: list[Path]) -> Linker:
    """Return the linker of a description; its tables and files are read now.

    Parameters
    ----------
    recipe : LinkRecipe
    tables : EntityTables
        Of the recipe; not yet read.
    files : list of Path
        The files of annotations; empty for linkers without.
    """
    if recipe.linker == "dictionary":
        return DictionaryLinker(tables.load(names=True), recipe.stop)
    tables.load(names=False)
    if recipe.linker == "pubtator":
        return PubTatorLinker(files, tables, recipe.types or pubtator.TYPES)
    service = TextService(recipe.url, recipe.timeout, recipe.retries, recipe.wait)
    cache = AnswerCache(user_cache() / "bern2")
    return Bern2Linker(service, tables, cache, recipe.types or bern2.TYPES, recipe.parallel)


def linked_files(recipe: LinkRecipe, source: str, root: Path) -> list[Path]:
    """Return the files of annotations of a description; ConfigurationError where a pattern matches none."""
    return [root / name for name in matching_files(source, recipe.files, root)]


def check_linker(recipe: LinkRecipe) -> None:
    """Raise ConfigurationError where a package is missing that the linker needs."""
    if recipe.linker == "dictionary":
        automaton_class()
