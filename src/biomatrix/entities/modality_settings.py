"""Settings of modalities as text and as JSON: what a modality's constructor takes, checked by the types it declares.

A command line gives them as ``MODALITY.NAME=VALUE``, a line of tokens as the object that
:meth:`~biomatrix.entities.base_modality.Modality.settings` returned. Structure tokenizers are no settings; they have
names and fingerprints of their own.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, get_args

from biomatrix.entities.base_modality import Modality
from biomatrix.entities.modality_registry import modality, modality_class
from biomatrix.entities.near_matches import choices
from biomatrix.errors import BioMatrixError, ConfigurationError, DecodeError

LONGEST: Final = 4096
"""Characters of the settings that every line of tokens repeats."""
_OPTION: Final = "--setting"


def setting_types(cls: type[Modality]) -> dict[str, Any]:
    """Return the settings that a modality takes, each with the type that its constructor declares; {} for none."""
    if cls.settings is Modality.settings:
        return {}
    taken = inspect.signature(cls, eval_str=True).parameters
    return {
        name: Any if one.annotation is one.empty else one.annotation
        for name, one in taken.items()
        if name != "tokenizer"
    }


def given_settings(words: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return the settings that words such as ``cell_expression.k=256`` give, by modality.

    Parameters
    ----------
    words : sequence of str
        A setting of several values takes them with commas between.

    Raises
    ------
    ConfigurationError
        A word of another form, no such modality or setting, one given twice, or a value of another type.
    """
    given: dict[str, dict[str, Any]] = {}
    for word in words:
        place, sign, value = word.partition("=")
        name, dot, setting = place.partition(".")
        if not (sign and dot and setting):
            raise ConfigurationError(f"{_OPTION} {word[:80]!r}: write MODALITY.NAME=VALUE, as cell_expression.k=256")
        own = given.setdefault(name, {})
        if setting in own:
            raise ConfigurationError(f"{_OPTION} {place} is given twice")
        own[setting] = _value(_type_of(name, setting), value, f"{_OPTION} {word[:80]}")
    return given


def modality_with(name: str, settings: Mapping[str, Any]) -> Modality:
    """Return a modality with settings that a caller gave; those too long for a line of tokens are refused."""
    one = modality(name, **settings)
    if len(json.dumps(dict(one.settings()))) > LONGEST:
        raise ConfigurationError(
            f"settings of {name} longer than {LONGEST:,} characters would be repeated in every line; build a "
            "vocabulary with them, which keeps them once"
        )
    return one


def settings_record(one: Modality) -> dict[str, Any]:
    """Return what a line of tokens says of a modality's settings: all of them, or {} where they are the default."""
    own = dict(one.settings())
    return {} if not own or own == dict(modality(one.name).settings()) else own


def modality_of_record(name: str, record: Mapping[str, Any] | None) -> Modality:
    """Return a modality with the settings that a line of tokens records; the default one without any.

    Raises
    ------
    DecodeError
        The record is too long, or its values are not settings of the modality; nothing that it names is opened.
    """
    if not record:
        return modality(name)
    text = json.dumps(record, sort_keys=True)
    if len(text) > LONGEST:
        raise DecodeError(f'"settings" of the line is longer than {LONGEST:,} characters')
    try:
        return _of_text(name, text)
    except BioMatrixError as error:
        raise DecodeError(f'"settings" of the line: {error.message}') from error


@lru_cache(maxsize=16)  # lines come from outside: what they say must not pile up
def _of_text(name: str, text: str) -> Modality:
    cls, settings = modality_class(name), json.loads(text)
    for setting, value in settings.items():
        wanted = _type_of(name, setting)
        if isinstance(value, str) and Path in (wanted, *get_args(wanted)):
            raise ConfigurationError(f"{setting} names a file, which a line cannot")
        settings[setting] = _checked(wanted, value, setting)
    return cls(**settings)


def _type_of(name: str, setting: str) -> Any:
    types = setting_types(modality_class(name))
    if not types:
        raise ConfigurationError(f"{name} takes no settings")
    if setting not in types:
        raise ConfigurationError(f"{name} takes no setting {setting[:80]!r}; {choices(setting, list(types))}")
    return types[setting]


def _value(wanted: Any, text: str, place: str) -> Any:
    """Return a text as the type that is wanted, or its parts between commas where that takes several."""
    try:
        return _checked(wanted, text, place)
    except ConfigurationError as error:
        try:
            return _checked(wanted, text.split(","), place)
        except ConfigurationError:
            raise error from None


def _checked(wanted: Any, value: Any, place: str) -> Any:
    from pydantic import ConfigDict, TypeAdapter, ValidationError

    adapter: TypeAdapter[Any] = TypeAdapter(wanted, config=ConfigDict(arbitrary_types_allowed=True))
    try:
        return adapter.validate_python(value)
    except ValidationError as error:
        reasons = dict.fromkeys(one["msg"].removeprefix("Input ") for one in error.errors())
        raise ConfigurationError(f"{place}: {'; or '.join(reasons)}") from error
