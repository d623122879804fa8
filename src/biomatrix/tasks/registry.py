"""The registry of tasks and views: the package's own, those of registered kinds, and those that joined.

The package's definitions are the TOML files in ``tasks/definitions``, read when first asked for. Others join by
:func:`register_task`, by :func:`load_tasks`, or for one corpus alone by the ``task_files`` of its recipe.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Final, TypeVar

from biomatrix.errors import ConfigurationError
from biomatrix.tasks.definition_files import Definitions, check_names, read_definitions
from biomatrix.tasks.drawing import Draw
from biomatrix.tasks.task_definition import Task
from biomatrix.tasks.templates import ItemT, fill
from biomatrix.tasks.views import DocumentView, kind_views

_FOLDER: Final = Path(__file__).with_name("definitions")
_FIELDS: Final = "fields.toml"
"""Read first: the labels stand in the views of the other files."""

Found = TypeVar("Found")

_JOINED: list[Definitions] = []


@cache
def package_definitions() -> Definitions:
    """Return what the package itself defines, whatever has joined: the same in every process."""
    found = Definitions()
    for path in (_FOLDER / _FIELDS, *sorted(_FOLDER.glob("*.toml"))):
        found = found.joined(read_definitions(path, found.fields))
    return found


def definitions(files: Sequence[str | Path] = ()) -> Definitions:
    """Return every task, view and field: the views of kinds, the package's own, those that joined, those of files.

    Parameters
    ----------
    files : sequence of str or Path
        TOML files that count for this call alone.

    Raises
    ------
    ConfigurationError
        A file is wrong, or one name means two things.
    """
    found = package_definitions()
    found = Definitions(found.tasks, {**_named(found.fields), **found.views}, found.fields)
    for joined in _JOINED:
        found = found.joined(joined)
    for path in files:
        found = _with(found, read_definitions(path, found.fields), str(path))
    return found


def _named(labels: Mapping[str, str]) -> dict[str, DocumentView]:
    return {view.name: view for view in kind_views(labels)}


def _with(known: Definitions, new: Definitions, file: str | None = None) -> Definitions:
    """Return both together; a name belongs to one task or one view, in whatever file."""
    try:
        found = known.joined(new)
        check_names({**known.tasks, **known.views}, {**new.tasks, **new.views})
    except ConfigurationError as error:
        raise error.at(file=file) from None
    return found


def task(name: str) -> Task:
    """Return the task of that name.

    Examples
    --------
    >>> task("fold_protein").output
    'protein_structure'
    """
    return _find(definitions().tasks, name, "task")


def tasks() -> tuple[Task, ...]:
    """Return every task, in order."""
    return tuple(definitions().tasks.values())


def task_names() -> tuple[str, ...]:
    """Return the names of all tasks, in order."""
    return tuple(definitions().tasks)


def view(name: str) -> DocumentView:
    """Return the view of that name."""
    return _find(definitions().views, name, "view")


def view_names() -> tuple[str, ...]:
    """Return the names of all views: kind by kind, then the others."""
    return tuple(definitions().views)


def _find(known: Mapping[str, Found], name: str, what: str) -> Found:
    if name not in known:
        raise ConfigurationError(f"no {what} {name!r}; known: {', '.join(known)}")
    return known[name]


def register_task(new: Task) -> Task:
    """Add a task from outside this package; the same one again changes nothing.

    Raises
    ------
    ConfigurationError
        Its name is taken.
    """
    _join(Definitions({new.name: new}))
    return new


def load_tasks(path: str | Path) -> tuple[Task, ...]:
    """Add every task, view and field of a TOML file; return its tasks."""
    found = read_definitions(path, definitions().fields)
    _join(found, str(path))
    return tuple(found.tasks.values())


def unregister_task(name: str) -> None:
    """Take back a task or view that joined; others stay."""
    _JOINED[:] = [_without(joined, name) for joined in _JOINED]


def _without(joined: Definitions, name: str) -> Definitions:
    tasks = {key: one for key, one in joined.tasks.items() if key != name}
    views = {key: one for key, one in joined.views.items() if key != name}
    return Definitions(tasks, views, joined.fields)


def _join(new: Definitions, file: str | None = None) -> None:
    _with(definitions(), new, file)
    _JOINED.append(new)


def draws(views: Mapping[str, float], tasks: Mapping[str, float], files: Sequence[str | Path] = ()) -> tuple[Draw, ...]:
    """Return what a recipe draws, in its order: the views, then the tasks.

    Parameters
    ----------
    views, tasks : mapping of str to float
        The mean number of documents of each.
    files : sequence of str or Path
        Files of definitions that the recipe brings.
    """
    known = definitions(files)
    return (
        *(Draw(_find(known.views, name, "view"), mean) for name, mean in views.items()),
        *(Draw(_find(known.tasks, name, "task"), mean) for name, mean in tasks.items()),
    )


def task_prompt(name: str, values: Mapping[str, ItemT] | None = None, paraphrase: int = 0) -> list[str | ItemT]:
    """Return the user turn of a task as a list of text and entities.

    Parameters
    ----------
    name : str
        One of `task_names`.
    values : mapping of str to item
        A value for each placeholder: text, an entity, or (entity, modality).
    paraphrase : int
        Which wording; the first by default.

    Examples
    --------
    >>> task_prompt("molecule_from_name", {"name": "ethanol"})
    ['Make ethanol.']
    """
    return fill(task(name).prompts[paraphrase], values or {})
