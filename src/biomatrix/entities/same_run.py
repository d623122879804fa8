"""Whether a run that is to go on is the run that was begun: settings then and now, compared key by key."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Final

from biomatrix.entities.files.folders import make_folder
from biomatrix.entities.files.json_files import object_or_none
from biomatrix.entities.files.writing import write_whole
from biomatrix.errors import ConfigurationError

RUN_FILE: Final = "run_settings.json"
"""The file in a trainer's output folder that holds the settings it was begun with."""
_ABSENT: Final = object()
_SHOWN: Final = 12


def differences(then: Mapping[str, Any], now: Mapping[str, Any], may_change: Collection[str] = ()) -> list[str]:
    """Return one line per setting that differs: ``key: value then, value now``.

    Parameters
    ----------
    then, now : mapping
        Settings as JSON holds them, tables within tables.
    may_change : collection of str
        Keys, as dotted paths, that do not count; nor does anything inside them.

    Examples
    --------
    >>> differences({"model": {"hidden_size": 32}}, {"model": {"hidden_size": 64}})
    ['model.hidden_size: 32 then, 64 now']
    """
    before, after = _flat(then), _flat(now)
    keys = [*before, *(key for key in after if key not in before)]
    return [
        f"{key}: {_shown(before.get(key, _ABSENT))} then, {_shown(after.get(key, _ABSENT))} now"
        for key in keys
        if before.get(key, _ABSENT) != after.get(key, _ABSENT)
        and not any(key == free or key.startswith(f"{free}.") for free in may_change)
    ]


def told(lines: Collection[str]) -> str:
    """Return differences as part of one line."""
    shown = list(lines)[:_SHOWN]
    return "; ".join(shown if len(lines) <= _SHOWN else [*shown, f"and {len(lines) - _SHOWN} more"])


def begin_or_go_on(
    folder: Path, settings: Mapping[str, Any], made: Collection[str], may_change: Collection[str] = ()
) -> None:
    """Note the settings of a run in its folder, or check that a run begun there had the same.

    Parameters
    ----------
    folder : Path
        The output folder; created where it is missing.
    settings : mapping
        Everything the result depends on, as JSON holds it.
    made : collection of str
        The names of what a run leaves in the folder; where it holds none of them, there is nothing to go on with.
    may_change : collection of str
        Keys, as dotted paths, that do not alter the result.

    Raises
    ------
    ConfigurationError
        What is in the folder was made with other settings; names each, then and now. Or the folder is a file.
    """
    now = json.loads(json.dumps(settings, default=str))
    path = folder / RUN_FILE
    if any((folder / name).exists() for name in made):
        different = differences(object_or_none(path) or now, now, may_change)
        if different:
            raise ConfigurationError(
                f"the run in this folder was begun with other settings ({told(different)}); "
                "give the recipe it was begun with, or another output folder",
                file=str(folder),
            )
    make_folder(folder)
    write_whole(path, (json.dumps(now, indent=1, sort_keys=True) + "\n").encode())


def _flat(settings: Mapping[str, Any], inside: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in settings.items():
        if isinstance(value, Mapping) and value:
            flat |= _flat(value, f"{inside}{key}.")
        elif isinstance(value, (list, tuple)) and any(isinstance(item, Mapping) for item in value):
            flat |= _flat({f"[{index}]": item for index, item in enumerate(value)}, f"{inside}{key}")
        else:
            flat[f"{inside}{key}"] = list(value) if isinstance(value, tuple) else value
    return flat


def _shown(value: Any) -> str:
    if value is _ABSENT:
        return "not given"
    text = json.dumps(value, default=str, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}..."
