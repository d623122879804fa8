"""Templates: the wording of prompts and answers of tasks, with placeholders.

A placeholder named like a modality stands for an entity written in it; one named like a kind, such as ``{molecule}``,
for an entity of that kind in any of its modalities; every other one for a field of the record, which is a number where
a format such as ``:.2f`` follows the name. Of a record of several entities the role stands in front:
``{ligand.molecule_smiles}``, ``{ligand.molecule}``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from string import Formatter
from typing import Final, TypeVar

from biomatrix.errors import ConfigurationError, ParseError
from biomatrix.tasks.documents import PartItem

ItemT = TypeVar("ItemT", bound=PartItem)

_FORMAT: Final[re.Pattern[str]] = re.compile(r"(\.\d{1,2}[efg])?")
_NAME: Final[re.Pattern[str]] = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)?")


def placeholders(text: str) -> list[str]:
    """Return the names of a template's placeholders, in order."""
    return [name for _, name, _, _ in Formatter().parse(text) if name]


def template_fault(text: str) -> str | None:
    """Return the fault in a template's braces, names or formats, None where there is none.

    Examples
    --------
    >>> template_fault("{weight:.2f} g/mol")
    >>> template_fault("{weight:9d}")
    "a placeholder takes a format such as .2f, not '9d'"
    """
    try:
        fields = list(Formatter().parse(text))
    except ValueError as error:
        return f"broken braces in {text!r}: {error}"
    for _, name, form, conversion in fields:
        if name is not None and not _NAME.fullmatch(name):
            return f"a placeholder is a name in braces, not {{{name}}}"
        if conversion:
            return f"a placeholder takes no conversion, such as '!{conversion}'"
        if form and not _FORMAT.fullmatch(form):
            return f"a placeholder takes a format such as .2f, not {form!r}"
    return None


def fill(template: str, values: Mapping[str, ItemT]) -> list[str | ItemT]:
    """Return a template's text and values in order, neighbouring text joined.

    Raises
    ------
    ConfigurationError
        If a placeholder has no value.
    ParseError
        If a placeholder with a format has a value that is not a number.
    """
    items: list[str | ItemT] = []
    for literal, name, form, _ in Formatter().parse(template):
        if literal:
            _append(items, literal)
        if name is None:
            continue
        if name not in values:
            raise ConfigurationError(f"no value for {{{name}}} of {template!r}")
        value = values[name]
        _append(items, _number(name, value, form) if form and isinstance(value, str) else value)
    return items


def _number(name: str, value: str, form: str) -> str:
    try:
        return format(float(value), form)
    except ValueError as error:
        raise ParseError(f"the value of {{{name}:{form}}} is no number: {value[:40]!r}") from error


def _append(items: list[str | ItemT], item: str | ItemT) -> None:
    last = items[-1] if items else None
    if isinstance(item, str) and isinstance(last, str):
        items[-1] = last + item
    else:
        items.append(item)
