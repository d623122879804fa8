"""Where the data of benchmarks lie on this machine, and which data are taken."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from biomatrix.entities.near_matches import choices
from biomatrix.errors import BioMatrixError, ConfigurationError
from biomatrix.tasks.benchmarks.benchmark import Benchmark, DataSet
from biomatrix.tasks.benchmarks.downloads.data_cache import data_root, folder_in
from biomatrix.tasks.benchmarks.loading import TRAIN, load_examples
from biomatrix.tasks.benchmarks.sample_data import SAMPLES


@dataclass(frozen=True)
class DataPlaces:
    """Which data are taken, and where they lie.

    Parameters
    ----------
    root : Path, optional
        Holds a folder for each source, by its name, or is that of the only source; the cache when not given.
    folders : mapping of str to Path
        The folder of a source, where it lies elsewhere.
    named : tuple of str
        The sources to take, where a benchmark has them.
    stand_ins : bool
        Whether other data stand in where the official ones are not here.
    """

    root: Path | None = None
    folders: Mapping[str, Path] = field(default_factory=dict)
    named: tuple[str, ...] = ()
    stand_ins: bool = False

    def folder(self, source: str) -> Path:
        """Return the folder of a source."""
        if source in self.folders:
            return self.folders[source]
        if self.root is None:
            return data_root() / source
        return folder_in(self.root, source)

    def data_set(self, benchmark: Benchmark) -> DataSet:
        """Return the data that a benchmark is asked with: named ones, the official ones, or what stands in for them."""
        for each in (benchmark.data, *benchmark.stand_ins):
            if each.source.name in self.named:
                return each
        if self.stand_ins and not self.is_here(benchmark.data):
            return next((each for each in benchmark.stand_ins if self.is_here(each)), benchmark.data)
        return benchmark.data

    def training_set(self, benchmark: Benchmark, data: DataSet) -> DataSet:
        """Return the data whose training split baselines learn from: those that are asked, or what stands in for them.

        Another set is taken only where stand-ins are allowed and no file of the asked data has a training row.
        """
        if not self.stand_ins or self.is_here(data, TRAIN):
            return data
        return next((each for each in benchmark.stand_ins if self.is_here(each, TRAIN)), data)

    def is_here(self, data: DataSet, split: str = "test") -> bool:
        """Return whether a split has a row that can be asked for: files of other tasks may be missing."""
        try:
            return next(load_examples(data, self.folder(data.source.name), split), None) is not None
        except (BioMatrixError, OSError):
            return False

    def lack(self, benchmark: Benchmark) -> str:
        """Return which file of a benchmark is missing and how to come by it; "" where nothing is missing."""
        data = self.data_set(benchmark)
        try:
            next(load_examples(data, self.folder(data.source.name)), None)
        except ConfigurationError as error:
            return "; ".join((str(error), *self._ways(benchmark, data)))
        except (BioMatrixError, OSError):
            pass  # the files are there: what is wrong with them shows when they are read
        return ""

    def _ways(self, benchmark: Benchmark, data: DataSet) -> Iterator[str]:
        source = data.source
        if source.hub or all(file.url for file in source.files):
            yield f"to download: biomatrix data get {source.name}"
        others = [each for each in benchmark.stand_ins if each is not data]
        here = [each.source.name for each in others if self.is_here(each)]
        if here:
            yield f"other data of the same form are here, {', '.join(here)}: --stand-ins takes them"
        elif others:
            yield f"other data of the same form, for --stand-ins: {', '.join(each.source.name for each in others)}"

    def is_official(self, benchmark: Benchmark, data: DataSet) -> bool:
        """Return whether data are those of the benchmark."""
        return not self.difference(benchmark, data)

    def difference(self, benchmark: Benchmark, data: DataSet) -> str:
        """Return in words what data are that are not those of the benchmark; "" where they are."""
        if data is not benchmark.data:
            return data.source.name
        folder = self.folder(data.source.name)
        return "our own rows in its format" if folder.resolve().is_relative_to(SAMPLES) else ""


def places(
    root: Path | None, named: Sequence[str], benchmarks: Sequence[Benchmark], *, stand_ins: bool = False
) -> DataPlaces:
    """Return the places that a command line names: ``SOURCE`` or ``SOURCE=FOLDER`` each.

    Raises
    ------
    ConfigurationError
        A source is that of none of the benchmarks, or a folder is not there.
    """
    known = {each.source.name for one in benchmarks for each in (one.data, *one.stand_ins)}
    folders: dict[str, Path] = {}
    sources: list[str] = []
    for text in named:
        source, given, folder = text.partition("=")
        if source not in known:
            raise ConfigurationError(f"no source {source!r} of these tasks; {choices(source, sorted(known))}")
        sources.append(source)
        if given:
            folders[source] = Path(folder).expanduser()
    for place in (*folders.values(), *(() if root is None else (root,))):
        if not place.is_dir():
            raise ConfigurationError("no such folder; name one that holds the data", file=str(place))
    return DataPlaces(root, folders, tuple(sources), stand_ins)
