"""Columns that a recipe keeps and none of its views and tasks writes into a document."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from typing import Final

from biomatrix.corpus.recipe import CorpusRecipe
from biomatrix.tasks.drawing import Draw
from biomatrix.tasks.views import DocumentView

log = logging.getLogger(__name__)

_FORM: Final = re.compile(r"[a-z][a-z0-9_]*")
"""What the fields of tasks and views are called."""


def written_fields(drawn: Iterable[Draw]) -> set[str]:
    """Return the names of everything that views and tasks write: fields, and modalities, which are none."""
    names: set[str] = set()
    for draw in drawn:
        definition = draw.definition
        if not isinstance(definition, DocumentView):
            names |= definition.needs
        elif definition.layout in ("text", "interleaved"):
            names.add("text")
        else:
            names |= set(definition.parts)
    return names


def tell_unread_fields(recipe: CorpusRecipe, drawn: Iterable[Draw]) -> None:
    """Warn of each source that a recipe describes whose fields come into no document, or not all of them."""
    written = written_fields(drawn)
    for entry in recipe.sources:
        unread = sorted(set(entry.fields.values()) - written)
        if unread:
            form = "" if all(map(_FORM.fullmatch, unread)) else "; fields are named in lower case, such as log_d"
            log.warning(
                "source %s: no view or task of the recipe writes %s; write a task or a view that does, and name its "
                "file under task_files (biomatrix tasks --help)%s",
                entry.name,
                ", ".join(unread),
                form,
            )
