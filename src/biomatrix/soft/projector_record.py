"""What a projector was made for and of: the JSON beside its weights."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Final

from biomatrix.entities.files.json_files import read_object
from biomatrix.errors import WeightsError

WEIGHTS_FILE: Final = "projector.safetensors"
ENCODER_FOLDER: Final = "encoder"
"""Where an encoder lies that was fitted for the projector, beside it."""
RECORD_FILE: Final = "projector.json"
VERSION: Final = 1
"""Of the folder's form."""


@dataclass(frozen=True)
class ProjectorRecord:
    """What belongs to a projector.

    Parameters
    ----------
    kind : str
        The kind of entity that it takes.
    encoder : str
        The encoder, as ``biomatrix.soft.encoders.open_encoder`` takes it. A folder in it is looked for beside the
        projector first.
    encoder_hash, decoder_hash : str
        The hash of the encoder, and :func:`biomatrix.generation.model_hash.model_hash` of the decoder.
    k, d, width : int
        Vectors of an entity, numbers of each, and numbers of an embedding of the decoder (D).
    training_data : sequence of str
        The data that it was trained on.
    figures : mapping of str to float
        What was measured, by name.
    base_hash : str
        The decoder that it was aligned to, where ``decoder_hash`` is one tuned afterwards.
    """

    kind: str
    encoder: str
    encoder_hash: str
    decoder_hash: str
    k: int
    d: int
    width: int
    training_data: tuple[str, ...] = ()
    figures: Mapping[str, float] = field(default_factory=dict)
    base_hash: str = ""

    def write(self, folder: Path, settings: Mapping[str, Any]) -> None:
        """Write the JSON file, with the settings of the projector."""
        text = json.dumps({"version": VERSION, **asdict(self), "settings": dict(settings)}, indent=2, sort_keys=True)
        (folder / RECORD_FILE).write_text(text + "\n", encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> tuple[ProjectorRecord, dict[str, Any]]:
        """Return the record in a folder, and the settings of its projector.

        Raises
        ------
        WeightsError
            There is no such file, or it does not say what it should.
        """
        path = folder / RECORD_FILE
        if not path.is_file():
            raise WeightsError(f"no {RECORD_FILE} here: give the folder of a projector", file=str(folder))
        held = read_object(path, WeightsError)
        if held.get("version") != VERSION:
            raise WeightsError(f"version {held.get('version')!r} of a projector, not {VERSION}", file=str(path))
        settings = held.pop("settings", None)
        held.pop("version")
        wanted = {entry.name: entry.type for entry in fields(cls)}
        try:
            record = cls(**{**held, "training_data": tuple(held.get("training_data", ()))})
        except TypeError:
            odd = sorted(set(held) ^ set(wanted)) or ["training_data"]
            raise WeightsError(
                f"does not hold what a projector's record holds: {', '.join(odd)}", file=str(path)
            ) from None
        wrong = [name for name, kind in wanted.items() if not _fits(getattr(record, name), str(kind))]
        if wrong or not _is_settings(settings):
            raise WeightsError(f"a value is not what it should be: {', '.join(wrong) or 'settings'}", file=str(path))
        return record, settings


def _fits(value: Any, kind: str) -> bool:
    if kind == "int":
        return isinstance(value, int) and not isinstance(value, bool) and value > 0
    if kind == "str":
        return isinstance(value, str)
    if kind.startswith("tuple"):
        return all(isinstance(one, str) for one in value)
    return isinstance(value, Mapping) and all(isinstance(one, int | float) for one in value.values())


def _is_settings(settings: Any) -> bool:
    types = {"layers": int, "width": int, "norm": bool, "dropout": float, "learned": int}
    return (
        isinstance(settings, dict)
        and set(settings) == set(types)
        and all(type(value) is types[name] or (name == "dropout" and value == 0) for name, value in settings.items())
    )
