"""What can be opened without a network: models and structure tokenizers, shipped or in the hub's cache."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal

from biomatrix.entities.hub import CONFIG_FILE, cached_folders
from biomatrix.entities.kind_registry import kinds
from biomatrix.entities.tokenizer_folder import (
    DEFAULT_NAME,
    find_folder,
    fingerprint_of,
    read_config,
    shipped_names,
)
from biomatrix.errors import BioMatrixError
from biomatrix.generation.loading import SHIPPED, shipped_models
from biomatrix.vocabulary.manifest import Manifest

MAX_CONFIG_BYTES: Final = 1 << 20
_FIGURES: Final = ("rmsd_mean", "rmsd_median", "tm_mean")


@dataclass(frozen=True)
class CatalogueEntry:
    """One model or structure tokenizer that can be opened here.

    Parameters
    ----------
    role : {"model", "tokenizer"}
    name : str
        The name that ``from_pretrained`` and :func:`biomatrix.load` take.
    place : {"shipped", "cached"}
        Inside the package, or in the hub's cache.
    folder : Path
    size : int
        Bytes on disk.
    kind : str or None
        The kind of entity a tokenizer is for; None for models.
    architecture : str
        As the config names it.
    codes : int or None
        The codebook's size; None for models, and where neither config nor name says it.
    fingerprint : str or None
        Of a tokenizer; None for models.
    licence : str or None
        As the config states it.
    figures : mapping of str to float
        ``stated_error``, the RMSD in Angstrom below which round trips stay, and the measured ``rmsd_mean`` and
        ``rmsd_median`` (Angstrom) and ``tm_mean`` of the config. None for models.
    used_by : tuple of str
        The alias of a tokenizer, and the models whose vocabulary has its codes.
    uses : mapping of str to str
        The fingerprint of the tokenizer of each structure modality of a model. None for tokenizers.
    """

    role: Literal["model", "tokenizer"]
    name: str
    place: Literal["shipped", "cached"]
    folder: Path
    size: int
    architecture: str
    kind: str | None = None
    codes: int | None = None
    fingerprint: str | None = None
    licence: str | None = None
    figures: Mapping[str, float] | None = None
    used_by: tuple[str, ...] = ()
    uses: Mapping[str, str] | None = None

    def as_mapping(self) -> dict[str, Any]:
        """Return the entry as plain values for JSON."""
        values = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return {**values, "folder": str(self.folder), "used_by": list(self.used_by)}


def catalogue() -> list[CatalogueEntry]:
    """Return every model and structure tokenizer, shipped ones first; a folder that cannot be read is left out."""
    entries = [*_shipped_models(), *_shipped_tokenizers(), *_cached()]
    models = [entry for entry in entries if entry.role == "model"]
    return [replace(entry, used_by=(*entry.used_by, *_users(entry, models))) for entry in entries]


def _shipped_models() -> Iterator[CatalogueEntry]:
    for name in shipped_models():
        yield from _model(name, "shipped", SHIPPED / name)


def _shipped_tokenizers() -> Iterator[CatalogueEntry]:
    for kind in kinds():
        for name in shipped_names(kind.name):
            for entry in _tokenizer(name, "shipped", find_folder(kind.name, name)):
                yield replace(entry, used_by=(DEFAULT_NAME,)) if name == kind.default_tokenizer else entry


def _cached() -> Iterator[CatalogueEntry]:
    for one in cached_folders():
        for entry in (*_tokenizer(one.name, "cached", one.folder), *_model(one.name, "cached", one.folder)):
            yield replace(entry, size=one.size)


def _tokenizer(name: str, place: Literal["shipped", "cached"], folder: Path) -> Iterator[CatalogueEntry]:
    """Yield the entry of a tokenizer folder; nothing for any other folder."""
    try:
        config = read_config(folder)
    except BioMatrixError:
        return
    architecture = config["architecture"]
    kind = next((kind.name for kind in kinds() if architecture in kind.architectures), None)
    yield CatalogueEntry(
        "tokenizer",
        name,
        place,
        folder,
        _bytes_of(folder),
        architecture,
        kind,
        _codes(config, name),
        fingerprint_of(architecture, config.get("settings", {}), config["sha256"]),
        str(config["licence"]) if "licence" in config else None,
        _figures(config),
    )


def _model(name: str, place: Literal["shipped", "cached"], folder: Path) -> Iterator[CatalogueEntry]:
    """Yield the entry of a model folder; nothing for any other folder."""
    config = _json(folder / CONFIG_FILE)
    if not isinstance(config.get("model_type"), str):
        return
    try:
        manifest = Manifest.read(folder)
    except BioMatrixError:
        manifest = None
    records = manifest.structure_tokenizers if manifest is not None else {}
    yield CatalogueEntry(
        "model",
        name,
        place,
        folder,
        _bytes_of(folder),
        str(next(iter(config.get("architectures") or ()), config["model_type"])),
        licence=str(config["license"]) if "license" in config else None,
        uses={modality: record.fingerprint for modality, record in records.items() if record.fingerprint},
    )


def _users(entry: CatalogueEntry, models: Sequence[CatalogueEntry]) -> Iterator[str]:
    for model in models:
        for modality, fingerprint in (model.uses or {}).items():
            if entry.role == "tokenizer" and fingerprint == entry.fingerprint:
                yield f"{model.name} ({modality})"


def _codes(config: Mapping[str, Any], name: str) -> int | None:
    """Return the codebook's size from the config, or else from the name ``<architecture>-<codes>``."""
    for value in (config.get("num_codes"), _part(config, "sizes").get("num_codes")):
        if isinstance(value, int):
            return value
    last = name.rpartition("-")[2]
    return int(last) if last.isdecimal() else None


def _figures(config: Mapping[str, Any]) -> dict[str, float]:
    """Return the figures of a config by which tokenizers compare."""
    measured = _part(config, "figures")
    whole = _part(_part(measured, "by_length"), "all")
    figures = {"stated_error": _part(config, "stated_error").get("rmsd_angstrom")}
    figures |= {name: measured.get(name, whole.get(name)) for name in _FIGURES}
    return {name: float(value) for name, value in figures.items() if isinstance(value, int | float)}


def _part(config: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return a table within a config; empty where there is none."""
    value = config.get(name)
    return value if isinstance(value, dict) else {}


def _bytes_of(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def _json(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > MAX_CONFIG_BYTES:
            return {}
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
