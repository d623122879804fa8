"""From a folder of official files to examples, by the loader that a benchmark names."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any, Final, TypeAlias

from biomatrix.entities.kind_registry import load_attribute
from biomatrix.entities.near_matches import choices
from biomatrix.entities.rejects import Reject
from biomatrix.errors import ConfigurationError
from biomatrix.tasks.benchmarks import loaders
from biomatrix.tasks.benchmarks.benchmark import DataSet
from biomatrix.tasks.benchmarks.examples import Example

Loader: TypeAlias = Callable[[Path, str, Mapping[str, Any]], Iterator[Example | Reject]]
"""Takes a folder of official files, a split and the settings of the data set.

A row that cannot be read becomes a reject."""

TRAIN: Final = "train"
"""The split that is learned from."""
LOADERS: Final = tuple(sorted(module.name for module in iter_modules(loaders.__path__)))


def load_examples(data: DataSet, folder: Path, split: str = "test") -> Iterator[Example | Reject]:
    """Yield the rows of a split, in their order.

    Parameters
    ----------
    data : DataSet
    folder : Path
        Holds the files of its source.
    split : str

    Raises
    ------
    ConfigurationError
        There is no such loader, or a file is missing.
    """
    name = data.loader
    if ":" in name:
        yield from load_attribute(name, here=True)(folder, split, data.settings)
        return
    if name not in LOADERS:
        raise ConfigurationError(f"no loader {name!r}; {choices(name, LOADERS)}")
    loader: Loader = import_module(f"{loaders.__name__}.{name}").examples
    yield from loader(folder, split, data.settings)


def official_file(folder: Path, path: str) -> Path:
    """Return a file of a source in a local copy, as it is or packed with gzip.

    Raises
    ------
    ConfigurationError
        It is not there.
    """
    for found in (folder / path, folder / f"{path}.gz"):
        if found.is_file():
            return found
    raise ConfigurationError(f"no file {path} in {folder}; download it, or name the folder that holds a copy")
