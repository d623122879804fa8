"""Sources by name: the package's own, those that others register, and those that a recipe describes."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import Final

from biomatrix.corpus.source_recipe import SourceRecipe
from biomatrix.corpus.sources.base import SHIPPABLE_LICENCES, Source
from biomatrix.corpus.sources.chains import CHAIN_SOURCES
from biomatrix.corpus.sources.components import COMPONENT_SOURCES
from biomatrix.corpus.sources.conformers import CONFORMER_SOURCES
from biomatrix.corpus.sources.entity_files import entity_file_source
from biomatrix.corpus.sources.generic import TABLE_READERS, TableSource
from biomatrix.corpus.sources.molecules import MOLECULE_SOURCES
from biomatrix.corpus.sources.proteins import PROTEIN_SOURCES
from biomatrix.corpus.sources.published.published_source import PublishedSource
from biomatrix.corpus.sources.published.source_card import card, card_names
from biomatrix.corpus.sources.pubtator import PubTatorSource
from biomatrix.corpus.sources.texts import TEXT_SOURCES
from biomatrix.entities.kind_registry import load_attribute
from biomatrix.entities.near_matches import choices
from biomatrix.errors import ConfigurationError

ENVIRONMENT: Final = "BIOMATRIX_SOURCES"
"""The environment variable that names further sources for worker processes: ``name=module:factory``, by commas."""

_LINKED: Final = "biomatrix.corpus.linking.linked_source:LinkedSource"
"""Opened when a recipe asks for it: linkers read tables as sources do."""

SourceFactory = Callable[[Path], Source]
"""Opens a source over a data folder."""

SOURCES: Final[dict[str, SourceFactory]] = {
    **COMPONENT_SOURCES,
    **CONFORMER_SOURCES,
    **MOLECULE_SOURCES,
    **CHAIN_SOURCES,
    **PROTEIN_SOURCES,
    **TEXT_SOURCES,
}
"""The package's own sources, by name."""

_READERS: Final[dict[str, Callable[[SourceRecipe, Path], Source]]] = {
    **dict.fromkeys(TABLE_READERS, TableSource),
    "pubtator": PubTatorSource,
}
"""What opens files that a recipe describes, by its reader; those of the formats that kinds read are not listed."""

_REGISTERED: dict[str, SourceFactory] = {}


def register_source(name: str, factory: SourceFactory) -> None:
    """Add a source from outside this package.

    Worker processes do not see what their parent registered; name the factory in the environment variable
    ``BIOMATRIX_SOURCES`` for them.

    Raises
    ------
    ConfigurationError
        If the name is taken by another factory.
    """
    if known_sources().get(name, factory) is not factory:
        raise ConfigurationError(f"a source named {name!r} is already registered; choose another name")
    _REGISTERED[name] = factory


def unregister_source(name: str) -> None:
    """Remove a source that :func:`register_source` added; others stay."""
    _REGISTERED.pop(name, None)


def known_sources() -> dict[str, SourceFactory]:
    """Return every source by name: the package's own, those of the environment variable, those registered."""
    from_environment: dict[str, SourceFactory] = {}
    for part in filter(None, map(str.strip, os.environ.get(ENVIRONMENT, "").split(","))):
        name, _, home = part.partition("=")
        from_environment[name] = load_attribute(home)
    return {**SOURCES, **from_environment, **_REGISTERED}


def open_source(entry: str | SourceRecipe, root: Path) -> Source:
    """Return a source over a data folder.

    Parameters
    ----------
    entry : str or SourceRecipe
        A name, or a recipe's entry, which may describe files and how they are read.
    root : Path
        The data folder.

    Raises
    ------
    ConfigurationError
        If there is no source of that name, or a description does not fit the files.
    """
    recipe = SourceRecipe(name=entry) if isinstance(entry, str) else entry
    if recipe.link is None:
        return _plain_source(recipe, root)
    linked: Callable[..., Source] = load_attribute(_LINKED)
    return linked(_plain_source(recipe.model_copy(update={"link": None}), root), recipe.link, root)


def _plain_source(recipe: SourceRecipe, root: Path) -> Source:
    """Return a source whose texts are not linked."""
    if recipe.reader is not None:
        return _READERS.get(recipe.reader, entity_file_source)(recipe, root)
    source = _named_source(recipe, root)
    source.embed_attempts = recipe.embed_attempts
    source.set_largest(recipe.largest)
    source.conformers = recipe.conformers
    if recipe.embed is not None:
        source.embed = recipe.embed
    return source


def _named_source(recipe: SourceRecipe, root: Path) -> Source:
    known = known_sources()
    if recipe.name in known:
        if recipe.files:
            raise ConfigurationError(f"source {recipe.name}: its files are fixed; leave files out")
        if recipe.settings:
            raise ConfigurationError(f"source {recipe.name}: it has no settings; leave them out")
        return known[recipe.name](root)
    published = card_names()
    if recipe.name not in published:
        hint = " (or give a reader, which says how its files are read)" if recipe.files else ""
        names = choices(recipe.name, sorted([*known, *published]))
        raise ConfigurationError(f"no source {recipe.name!r}{hint}; {names}")
    described = card(recipe.name)
    reader: type[PublishedSource] = load_attribute(described.reader)
    return reader(described, root, recipe.files, recipe.settings)


def check_licences(sources: Iterable[Source], allow: Collection[str] | None = None) -> None:
    """Refuse sources under terms that a recipe does not allow.

    Parameters
    ----------
    sources : iterable of Source
        The sources of a recipe.
    allow : collection of str, optional
        Names of licences; those under which weights may be shipped to anyone when not given.

    Raises
    ------
    ConfigurationError
        If there is one; names each with its licences that are not allowed.
    """
    allowed = SHIPPABLE_LICENCES if allow is None else frozenset(allow)
    refused = {source.name: sorted(set(source.provenance.licence) - allowed) for source in sources}
    message = "; ".join(f"{name}: {', '.join(licences)}" for name, licences in refused.items() if licences)
    if message:
        raise ConfigurationError(
            f"licences that the recipe does not allow: {message}; leave the sources out, or list what you accept "
            'as allow = ["..."] and note that its terms bind the weights trained on it'
        )
