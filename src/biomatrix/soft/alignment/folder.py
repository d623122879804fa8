"""An aligned projector on disk, with the texts and entities that it was judged on, to be looked among later.

    projector.safetensors  projector.json     what a prompt needs
    alignment.json                            the table with its controls, settings, hashes of both sides
    texts/pool.json  texts/pool.safetensors   texts and entities that are looked among, and where they lie
    texts/side/                               what the side of texts learned, where it learned

Legend of shapes: t texts, m entities, D numbers of an embedding of the decoder.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from biomatrix.entities.files.folders import files_written_aside, folder_written_aside, make_folder
from biomatrix.entities.files.json_files import read_object
from biomatrix.entities.files.tensor_files import StoredTensor, read_header
from biomatrix.entities.kind_registry import kind as kind_named
from biomatrix.errors import ConfigurationError, WeightsError
from biomatrix.soft.alignment.judging import Row
from biomatrix.soft.alignment.run import AlignmentRun, AlignmentTask
from biomatrix.soft.alignment.text_sides import open_text_side
from biomatrix.soft.alignment.text_space import TextSpace
from biomatrix.soft.alignment.word_counts import WordCounts
from biomatrix.soft.encoders.beside import keep_beside

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from biomatrix.entities.base_entity import Entity
    from biomatrix.soft.alignment.decoder import Decoder

ABOUT_FILE: Final = "alignment.json"
VERSION: Final = 1
_TEXTS, _SIDE = "texts", "side"
_POOL, _TENSORS = "pool.json", "pool.safetensors"
_LISTS: Final = ("texts", "text_keys", "entities", "entity_keys")
_MOST_POOL: Final = 256_000_000
_SHOWN: Final = 80


@dataclass(frozen=True, eq=False)
class Pool:
    """What is looked among.

    Parameters
    ----------
    texts, text_keys : list of str, length t
    text_vectors : ndarray, shape=(t, D), dtype=float32
    entities, entity_keys : list of str, length m
        Entities as their kind spells them.
    entity_vectors : ndarray, shape=(m, D), dtype=float32
    space : TextSpace
        For further texts.
    goal : str
        What the projector was trained for, which says where an entity lies.
    """

    texts: list[str]
    text_keys: list[str]
    text_vectors: NDArray[np.float32]
    entities: list[str]
    entity_keys: list[str]
    entity_vectors: NDArray[np.float32]
    space: TextSpace
    goal: str


def save_alignment(folder: Path, task: AlignmentTask, run: AlignmentRun) -> dict[str, Any]:
    """Write a run, each part whole or not at all, and return what ``alignment.json`` holds."""
    make_folder(folder)
    record = run.projector.record
    if record is not None:
        run.projector.record = replace(record, encoder=keep_beside(task.encoder, folder) or record.encoder)
    run.projector.save_pretrained(folder)
    _save_pool(folder, task, run)
    about = described(task, run)
    with files_written_aside(folder) as aside:
        (aside / ABOUT_FILE).write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")
    return about


def described(task: AlignmentTask, run: AlignmentRun) -> dict[str, Any]:
    """Return a run as JSON values: the table, what it says, settings, counts and hashes."""
    settings = {
        "projector": asdict(task.settings.projector),
        "alignment": asdict(task.settings.alignment),
        "contrast": asdict(task.settings.contrast),
        "scaling": task.settings.scaling,
    }
    aligned = {name: value for name, value in asdict(run.aligned).items() if name != "held_out"}
    return {
        "version": VERSION,
        "told": run.told,
        "rows": [row_figures(row) for row in run.rows],
        "goal": task.goal,
        "texts": task.decoder.states.what if task.goal == "hidden" else task.texts,
        "text_hash": run.space.side.hash,
        "encoder": task.encoder.spec or type(task.encoder).__name__,
        "encoder_hash": task.encoder.hash,
        "decoder": task.decoder.name,
        "decoder_hash": task.decoder.hash,
        "train": {"origin": run.train_pairs.origin, "pairs": len(run.train), "keys": len(set(run.train.keys))},
        "test": {"origin": run.test_pairs.origin, "pairs": len(run.test), "keys": len(set(run.test.keys))},
        "left_out_as_test_entities": run.dropped,
        "refused": len(run.rejects),
        "run": {**_finite(aligned), "held_out": len(run.aligned.held_out)},
        "settings": settings,
    }


def row_figures(row: Row) -> dict[str, Any]:
    """Return a line of the table as JSON values."""
    found = {way: one.figures() for way, one in row.found.items()}
    return {"name": row.name, "role": row.role, "note": row.note, **found}


def open_pool(folder: str | Path, decoder: Decoder) -> Pool:
    """Return what was saved beside a projector to be looked among.

    Raises
    ------
    WeightsError
        A file is missing or damaged.
    ConfigurationError
        The side of texts is another than the one that it was aligned with.
    """
    from safetensors.numpy import load_file

    place = Path(folder)
    about = read_about(place)
    held = read_object(place / _TEXTS / _POOL, WeightsError, _MOST_POOL)
    path = place / _TEXTS / _TENSORS
    for name in _LISTS:
        if not isinstance(held.get(name), list) or not all(isinstance(one, str) for one in held[name]):
            raise WeightsError(f"holds no list of {name}", file=str(place / _TEXTS / _POOL))
    _check_tensors(read_header(path), held, path)
    tensors = load_file(path)
    if not all(np.isfinite(one).all() for one in tensors.values()):
        raise WeightsError("a tensor holds NaN or infinity", file=str(path))
    side_folder = place / _TEXTS / _SIDE
    side = WordCounts.from_pretrained(side_folder) if side_folder.is_dir() else open_text_side(about["texts"], decoder)
    if side.hash != about["text_hash"]:
        raise ConfigurationError(
            f"texts were aligned with {about['texts']} of hash {about['text_hash'][:16]}, and this one has "
            f"{side.hash[:16]}; open the same, or align again",
            file=str(folder),
        )
    space = TextSpace(side, tensors["mean"], tensors.get("lift"))
    if side.width != len(space.mean):
        raise WeightsError(f"a mean of {len(space.mean)} numbers, and texts of {side.width}", file=str(path))
    return Pool(
        held["texts"], held["text_keys"], tensors["text_vectors"], held["entities"], held["entity_keys"],
        tensors["entity_vectors"], space, about["goal"],
    )  # fmt: skip


def require_alignment(folder: str | Path) -> None:
    """Raise WeightsError where a folder was not made by ``biomatrix soft align``."""
    if not (Path(folder) / ABOUT_FILE).is_file():
        raise WeightsError(
            f"no alignment here, which has {ABOUT_FILE}; name a folder that biomatrix soft align wrote",
            file=str(folder),
        )


def read_about(folder: str | Path) -> dict[str, Any]:
    """Return what ``alignment.json`` holds; WeightsError where it is missing, damaged or of another version."""
    require_alignment(folder)
    path = Path(folder) / ABOUT_FILE
    about = read_object(path, WeightsError)
    if about.get("version") != VERSION:
        raise WeightsError(f"version {about.get('version')!r}, not {VERSION}", file=str(path))
    wrong = [name for name in ("texts", "text_hash", "goal", "decoder") if not isinstance(about.get(name), str)]
    if wrong:
        raise WeightsError(f"does not say what was aligned: {', '.join(wrong)}", file=str(path))
    return about


def _check_tensors(told: Mapping[str, StoredTensor], held: Mapping[str, list[str]], path: Path) -> None:
    """Refuse tensors that are not those of the listed texts and entities, before they are read."""
    shapes = {name: one.shape for name, one in told.items()}
    size = (shapes.get("text_vectors") or (0,))[-1]
    wanted: dict[str, tuple[int, ...]] = {
        "text_vectors": (len(held["texts"]), size),
        "entity_vectors": (len(held["entities"]), size),
        "mean": (shapes.get("lift") or (size,))[:1],
    }
    if "lift" in shapes:
        wanted["lift"] = (*wanted["mean"], size)
    keyed = all(
        len(held[f"{one}_keys"]) == len(held[many]) for one, many in (("text", "texts"), ("entity", "entities"))
    )
    if shapes != wanted or not keyed or {one.dtype for one in told.values()} != {"F32"}:
        raise WeightsError("its vectors are not those of its texts and entities", file=str(path))


def spelled(entity: Entity) -> str:
    """Return an entity in a line, as its kind spells it, cut where it is long, behind its name where it has one."""
    text = kind_named(entity.kind).text(entity)
    name = str(getattr(entity, "name", "") or "")
    shown = text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."
    return f"{name}: {shown}" if name else shown


def _save_pool(folder: Path, task: AlignmentTask, run: AlignmentRun) -> None:
    from safetensors.numpy import save_file

    first = {key: at for at, key in reversed(list(enumerate(run.test.keys)))}
    order = sorted(first.values())
    texts = [run.test_pairs.pairs[at].texts[0] for at in order]
    held: Mapping[str, list[str]] = {
        "texts": texts,
        "text_keys": [run.test.keys[at] for at in order],
        "entities": [spelled(entity) for entity in run.test_pairs.entities],
        "entity_keys": list(run.test.keys),
    }
    tensors = {
        "text_vectors": run.test.table.first[order],
        "entity_vectors": run.placed,
        "mean": run.space.mean,
        **({} if run.space.lift is None else {"lift": run.space.lift}),
    }
    with folder_written_aside(folder / _TEXTS) as aside:
        (aside / _POOL).write_text(json.dumps(held), encoding="utf-8")
        save_file({name: np.ascontiguousarray(value) for name, value in tensors.items()}, aside / _TENSORS)
        if isinstance(run.space.side, WordCounts):
            run.space.side.save_pretrained(aside / _SIDE)


def _finite(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return values with null for what JSON cannot hold."""
    return {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in values.items()}
