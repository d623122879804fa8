"""Settings from outside, checked against the form they should have: every fault with its key, in one line.

A form is a pydantic model or a dataclass. Nothing is guessed: text is no number, yes is not 1, and a number must be
finite; of one kind for another only whole numbers written with a point, such as ``1e4``, are taken.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, TypeAdapter, ValidationError

from biomatrix.entities.near_matches import choices, near_matches
from biomatrix.entities.settings_forms import members, unknown_keys
from biomatrix.errors import BioMatrixError, ConfigurationError

LARGEST_INTEGER: Final = 2**63 - 1
_SHOWN_FAULTS: Final = 5

Form = TypeVar("Form")
Place = tuple[str | int, ...]


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


Texts = Annotated[list[str], BeforeValidator(_listed)]
"""Several texts; one alone may stand without its brackets."""


class Section(BaseModel):
    """A table of settings: it cannot be changed, and takes no key that it does not name."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def checked(values: Mapping[str, Any], form: type[Form], file: str | Path, *, inside: Place = ()) -> Form:
    """Return settings as an object of their form.

    Parameters
    ----------
    values : mapping
        What a TOML file holds.
    form : type
        A pydantic model or a dataclass.
    file : str or Path
        Where they were read, for messages.
    inside : tuple of (str or int), optional
        The keys of the table that holds them.

    Raises
    ------
    ConfigurationError
        Names each setting that is unknown, missing, of the wrong type or out of range.
    """
    faults = [*_number_faults(values, inside), *_unknown_faults(values, form, inside)]
    if faults:
        raise ConfigurationError(_joined(faults), file=str(file))
    try:
        return _validated(values, form)
    except ValidationError as error:
        raise ConfigurationError(_joined(_faults_of(error, inside)), file=str(file)) from error
    except BioMatrixError as error:  # a form's own check of what it was given
        place = f"{key_path(inside)}: " if inside else ""
        raise ConfigurationError(f"{place}{error.message}", file=str(file)) from error


def key_path(place: Place) -> str:
    """Return a key as people write it.

    Examples
    --------
    >>> key_path(("sources", 3, "name"))
    'sources[3].name'
    """
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place)
    return text.removeprefix(".")


def _validated(values: Mapping[str, Any], form: type[Form]) -> Form:
    adapter = TypeAdapter(form)
    try:
        return adapter.validate_json(_as_json(values), strict=True)
    except ValidationError as error:
        places = [fault["loc"] for fault in error.errors() if _is_whole_float(fault)]
        if not places:
            raise
        content = json.loads(_as_json(values))
        for place in places:
            _make_whole(content, place)
        return adapter.validate_json(_as_json(content), strict=True)


def _as_json(values: Any) -> str:
    return json.dumps(values, default=str)  # dates and times of TOML have no form in JSON: text that no number takes


def _is_whole_float(fault: Any) -> bool:
    return (
        fault["type"] in ("int_type", "int_from_float")
        and isinstance(given := fault["input"], float)
        and (given.is_integer())
    )


def _make_whole(content: Any, place: Place) -> None:
    for part in place[:-1]:
        content = content[part]
    content[place[-1]] = int(content[place[-1]])


def _number_faults(values: Any, place: Place) -> Iterator[str]:
    """Yield a fault for each number that is not finite, or larger than any setting takes."""
    if isinstance(values, Mapping):
        for key, value in values.items():
            yield from _number_faults(value, (*place, key))
    elif isinstance(values, list):
        for index, value in enumerate(values):
            yield from _number_faults(value, (*place, index))
    elif isinstance(values, float) and not math.isfinite(values):
        yield f"{key_path(place)}: {values} is not a finite number"
    elif isinstance(values, int) and not -LARGEST_INTEGER <= values <= LARGEST_INTEGER:
        yield f"{key_path(place)}: {values} is out of range; no setting goes beyond {LARGEST_INTEGER}"


def _unknown_faults(values: Mapping[str, Any], form: type, inside: Place) -> Iterator[str]:
    for place, value, known in unknown_keys(values, form):
        name = str(place[-1])
        what = (
            f"unknown section [{key_path((*inside, *place))}]"
            if isinstance(value, dict)
            else (f"unknown key {key_path((*inside, *place))}")
        )
        elsewhere = [key_path((*inside, *other)) for other in members(form) if other[-1] == name]
        if elsewhere and not near_matches(name, known):
            yield f"{what}; did you mean {' or '.join(elsewhere)}?"
        else:
            yield f"{what}; {choices(name, known)}"


def _faults_of(error: ValidationError, inside: Place) -> list[str]:
    """Return one line per fault: the key, and what is wrong with what it was given."""
    return [_fault_line(fault, inside) for fault in error.errors(include_url=False)]


def _fault_line(fault: Any, inside: Place) -> str:
    place = key_path((*inside, *(part for part in fault["loc"] if part != "[key]")))
    label = f"{place}: " if place else ""
    if fault["type"] == "missing":
        return f"{label}missing; add it"
    message = str(fault["msg"])
    if fault["type"] == "value_error":
        return f"{label}{message.removeprefix('Value error, ')}"
    for theirs, ours in (("Input ", ""), ("an object", "a table"), ("a valid dictionary", "a table")):
        message = message.replace(theirs, ours)
    given = repr(fault["input"])
    return f"{label}{message}, not {given if len(given) <= 60 else given[:57] + '...'}"


def _joined(faults: list[str]) -> str:
    shown = (
        faults if len(faults) <= _SHOWN_FAULTS else [*faults[:_SHOWN_FAULTS], f"and {len(faults) - _SHOWN_FAULTS} more"]
    )
    return "; ".join(" ".join(line.split()) for line in shown)
