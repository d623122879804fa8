"""The registry of tasks and views: the package's own, those of registered kinds, and those added from outside.

The package's definitions are the TOML files in ``tasks/definitions``, read on first use. Others are added by
:func:`register_task`, by :func:`load_tasks`, or for one corpus alone by the ``task_files`` of its recipe.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Final, TypeVar

from biomatrix.entities.near_matches import choices
from biomatrix.errors import ConfigurationError
from biomatrix.tasks.definition_files import Definitions, check_names, read_definitions
from biomatrix.tasks.drawing import Draw
from biomatrix.tasks.task_definition import Task
from biomatrix.tasks.templates import ItemT, fill
from biomatrix.tasks.views import DocumentView, kind_views

_FOLDER: Final = Path(__file__).with_name("definitions")
_FIELDS: Final = "fields.toml"
"""Read first: the labels stand in the views of the other files."""

DefinitionT = TypeVar("DefinitionT")

_ADDED: list[Definitions] = []


@cache
def package_definitions() -> Definitions:
    """Return the package's own definitions, without any that were added: the same in every process."""
    result = Definitions()
    for path in (_FOLDER / _FIELDS, *sorted(_FOLDER.glob("*.toml"))):
        result = result.joined(read_definitions(path, result.fields))
    return result


def definitions(files: Sequence[str | Path] = ()) -> Definitions:
    """Return every task, view and field: those of kinds, the package's own, those added, those of files.

    Parameters
    ----------
    files : sequence of str or Path
        TOML files that count for this call alone.

    Raises
    ------
    ConfigurationError
        If a file is wrong, or one name has two meanings.
    """
    result = package_definitions()
    result = Definitions(result.tasks, {**_kind_views_by_name(result.fields), **result.views}, result.fields)
    for added in _ADDED:
        result = result.joined(added)
    for path in files:
        result = _merge(result, read_definitions(path, result.fields), str(path))
    return result


def _kind_views_by_name(labels: Mapping[str, str]) -> dict[str, DocumentView]:
    return {view.name: view for view in kind_views(labels)}


def _merge(known: Definitions, new: Definitions, file: str | None = None) -> Definitions:
    """Return the union of both; a name belongs to one task or one view, whatever file it stands in."""
    try:
        result = known.joined(new)
        check_names({**known.tasks, **known.views}, {**new.tasks, **new.views})
    except ConfigurationError as error:
        raise error.at(file=file) from None
    return result


def task(name: str) -> Task:
    """Return the task of that name; ConfigurationError where there is none.

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
    """Return the view of that name; ConfigurationError where there is none."""
    return _find(definitions().views, name, "view")


def view_names() -> tuple[str, ...]:
    """Return the names of all views: kind by kind, then the others."""
    return tuple(definitions().views)


def _find(known: Mapping[str, DefinitionT], name: str, what: str) -> DefinitionT:
    if name not in known:
        raise ConfigurationError(f"no {what} {name!r}; {choices(name, known)}")
    return known[name]


def register_task(new: Task) -> Task:
    """Add a task from outside this package; the same one again changes nothing.

    Raises
    ------
    ConfigurationError
        If its name is taken.
    """
    _join(Definitions({new.name: new}))
    return new


def load_tasks(path: str | Path) -> tuple[Task, ...]:
    """Add every task, view and field of a TOML file; return its tasks.

    Raises
    ------
    ConfigurationError
        If the file is wrong, or a name is taken.
    """
    new = read_definitions(path, definitions().fields)
    _join(new, str(path))
    return tuple(new.tasks.values())


def unregister_task(name: str) -> None:
    """Remove a task or view that was added; others stay."""
    _ADDED[:] = [_without(added, name) for added in _ADDED]


def _without(added: Definitions, name: str) -> Definitions:
    tasks = {key: one for key, one in added.tasks.items() if key != name}
    views = {key: one for key, one in added.views.items() if key != name}
    return Definitions(tasks, views, added.fields)


def _join(new: Definitions, file: str | None = None) -> None:
    _merge(definitions(), new, file)
    _ADDED.append(new)


def draws(views: Mapping[str, float], tasks: Mapping[str, float], files: Sequence[str | Path] = ()) -> tuple[Draw, ...]:
    """Return the draws of a recipe, in its order: the views, then the tasks.

    Parameters
    ----------
    views, tasks : mapping of str to float
        By name, the mean number of documents per record.
    files : sequence of str or Path
        Further files of definitions that the recipe names.
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
        The index of the wording; the first by default.

    Examples
    --------
    >>> task_prompt("molecule_from_name", {"name": "ethanol"})
    ['Make ethanol.']
    """
    return fill(task(name).prompts[paraphrase], values or {})
