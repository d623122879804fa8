"""What the answers in a folder are of: data, model and settings, by which a run knows its own again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from biomatrix.entities.files.folders import make_folder
from biomatrix.entities.files.json_files import read_object
from biomatrix.entities.files.writing import write_whole
from biomatrix.errors import ConfigurationError
from biomatrix.evaluation.answering import Answerer
from biomatrix.evaluation.results import plain
from biomatrix.evaluation.rows import Rows
from biomatrix.evaluation.settings import Settings
from biomatrix.tasks.benchmarks.benchmark import Benchmark, DataSet

RUN_FILE: Final = "run.json"
_WORDS: Final = {"task": "the task", "data": "the data", "files": "the files", "model": "the model",
                 "settings": "the settings"}  # fmt: skip


@dataclass(frozen=True)
class Identity:
    """Everything that answers depend on.

    Parameters
    ----------
    content : mapping
        JSON values by part: task, data, files, model, settings.
    """

    content: Mapping[str, Any]

    @property
    def digest(self) -> str:
        """Its SHA-256, hexadecimal."""
        return hashlib.sha256(json.dumps(self.content, sort_keys=True).encode()).hexdigest()


def identity_of(
    benchmark: Benchmark,
    answerer: Answerer,
    settings: Settings,
    data: DataSet,
    files: Sequence[Mapping[str, Any]],
    rows: Rows,
) -> Identity:
    """Return what the answers of a run depend on."""
    task = benchmark.task
    content = {
        "task": {"content": task.content, "output": task.output, "length": benchmark.length,
                 "constraints": list(benchmark.constraints)},
        "data": {"source": data.source.name, "loader": data.loader, "settings": dict(data.settings),
                 "examples_sha256": rows.digest},
        "files": list(files),
        "model": {"name": answerer.name, "description": dict(answerer.description)},
        "settings": settings.described(benchmark),
    }  # fmt: skip
    return Identity(plain(content))


def check_identity(folder: Path, identity: Identity, *, resume: bool = True) -> None:
    """Make the folder that of a run, or see that it is.

    Raises
    ------
    ConfigurationError
        It holds answers of something else, and is to be resumed.
    """
    path = folder / RUN_FILE
    if path.is_file() and resume:
        found = read_object(path, ConfigurationError)
        differ = [_difference(name, found.get(name), value) for name, value in identity.content.items()]
        faults = [each for each in differ if each]
        if faults:
            raise ConfigurationError(
                f"holds the answers of another run: {'; '.join(faults)}. Write elsewhere, or begin anew (--no-resume)",
                file=str(folder),
            )
        return
    make_folder(folder)
    write_whole(path, json.dumps(identity.content, indent=1, ensure_ascii=False).encode() + b"\n")


def _difference(name: str, found: Any, value: Any) -> str:
    """Return in words what differs in a part; "" where nothing does."""
    if found == value:
        return ""
    if isinstance(found, dict) and isinstance(value, dict):
        keys = [key for key in {**value, **found} if found.get(key) != value.get(key)]
        return f"{_WORDS[name]} differ in {', '.join(keys)}"
    return f"{_WORDS[name]} differ"
