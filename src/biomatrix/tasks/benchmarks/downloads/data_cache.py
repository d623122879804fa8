"""Where the official files of benchmarks lie on this machine, and what of them is there."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from biomatrix.downloads.wanted_file import path_in
from biomatrix.entities.near_matches import choices
from biomatrix.errors import ConfigurationError
from biomatrix.tasks.benchmarks.benchmark import Source
from biomatrix.tasks.benchmarks.downloads.archives import ARCHIVE
from biomatrix.tasks.benchmarks.registry import benchmarks
from biomatrix.user_cache import user_cache

VARIABLE: Final = "BIOMATRIX_DATA"


def data_root() -> Path:
    """Return the folder that holds one folder for each source.

    ``BIOMATRIX_DATA`` where it is set, else ``data`` in the user's cache.
    """
    named = os.environ.get(VARIABLE)
    return Path(named).expanduser() if named else user_cache() / "data"


def source_folder(source: Source) -> Path:
    """Return the folder of a source's files, which need not be there."""
    return data_root() / source.name


def folder_in(root: Path, source: str) -> Path:
    """Return the folder of a source in a local copy: that of its name, else the local copy itself."""
    below = root / source
    return below if below.is_dir() else root


def sources() -> dict[str, Source]:
    """Return every source by name, with those that stand in, in the order of the benchmarks."""
    every = (data.source for one in benchmarks().values() for data in (one.data, *one.stand_ins))
    return {source.name: source for source in every}


def source_of(name: str) -> Source:
    """Return the source of that name, or that of the official data of a benchmark.

    Raises
    ------
    ConfigurationError
        There is neither.
    """
    if name in benchmarks():
        return benchmarks()[name].data.source
    known = sources()
    if name not in known:
        raise ConfigurationError(
            f"no benchmark and no source {name!r}; {choices(name, [*benchmarks(), *known], 'biomatrix data list')}"
        )
    return known[name]


@dataclass(frozen=True)
class Holding:
    """What of a source is there.

    Parameters
    ----------
    source : Source
    folder : Path
    present : tuple of str
        Paths of the files that are there.
    size : int
        Bytes of them.
    """

    source: Source
    folder: Path
    present: tuple[str, ...]
    size: int

    @property
    def complete(self) -> bool:
        """Whether every file is there; of an archive its files are enough."""
        needed = {file.path for file in self.source.files if file.split != ARCHIVE}
        return needed <= set(self.present)


def holding(source: Source) -> Holding:
    """Return what of a source is there; files are not read."""
    folder = source_folder(source)
    found = [file for file in source.files if path_in(folder, file).is_file()]
    size = sum(path_in(folder, file).stat().st_size for file in found)
    return Holding(source, folder, tuple(file.path for file in found), size)
