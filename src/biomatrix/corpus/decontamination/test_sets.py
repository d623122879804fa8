"""The test sets that a corpus is kept clear of: those of the benchmarks, the package's own, those of a recipe."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from biomatrix.corpus.decontamination.subjects import Subject, subject_of_example, subject_of_record
from biomatrix.corpus.records import TEXT
from biomatrix.corpus.selection_recipes import DecontaminationRecipe, TestSetRecipe
from biomatrix.corpus.slices import fingerprint
from biomatrix.corpus.sources import Source, open_source
from biomatrix.corpus.sources.chains import CHAIN_TEST_SETS
from biomatrix.downloads.wanted_file import path_in
from biomatrix.entities.files.hashing import file_sha256
from biomatrix.entities.files.toml_files import read_toml
from biomatrix.entities.near_matches import choices
from biomatrix.entities.rejects import Reject
from biomatrix.entities.settings import checked
from biomatrix.errors import BioMatrixError, ConfigurationError
from biomatrix.tasks.benchmarks.benchmark import Benchmark, DataSet
from biomatrix.tasks.benchmarks.data_places import DataPlaces
from biomatrix.tasks.benchmarks.downloads.data_cache import data_root
from biomatrix.tasks.benchmarks.loading import load_examples
from biomatrix.tasks.benchmarks.registry import benchmark, benchmarks

OWN_SETS: Final = Path(__file__).with_name("own_sets.toml")
_PAIRS: Final = "interaction"
"""The domain of benchmarks whose rows ask about two entities together."""


@dataclass(frozen=True)
class TestSet:
    """One test set that is at hand.

    Parameters
    ----------
    name : str
        For people and reasons, such as ``chebi20 test``.
    covers : tuple of str
        The benchmarks whose rows it holds.
    mark : str
        Everything its rows depend on, hashed.
    allowed_in : tuple of str
        Sources that may hold it.
    split : str
        Of the benchmark.
    data : DataSet, optional
        Of a benchmark; `folder` holds its files.
    folder : Path
        Of the files; of a described set the data folder.
    entry : TestSetRecipe, optional
        Of a set that is described as a source is.
    """

    __test__ = False  # the name is not that of a test case

    name: str
    covers: tuple[str, ...]
    mark: str
    allowed_in: tuple[str, ...] = ()
    split: str = ""
    data: DataSet | None = None
    folder: Path = Path()
    entry: TestSetRecipe | None = None

    @property
    def is_of_pairs(self) -> bool:
        """Whether its rows ask about two entities together."""
        return bool(self.covers) and benchmark(self.covers[0]).domain == _PAIRS

    def rows(self) -> Iterator[Subject | str]:
        """Yield what is compared of each row, or why it cannot be read."""
        if self.data is not None:
            for example in load_examples(self.data, self.folder, self.split):
                if isinstance(example, Reject):
                    yield str(example.as_error())
                else:
                    yield subject_of_example(benchmark(self.covers[0]), example)
        elif self.entry is not None:
            yield from _described_rows(self.entry, self.folder)


@dataclass(frozen=True)
class TestSets:
    """The test sets at hand, and what is not: by name of benchmark or set, the reason."""

    __test__ = False  # the name is not that of a test case

    here: tuple[TestSet, ...]
    missing: dict[str, str]

    @property
    def covered(self) -> list[str]:
        """The benchmarks of which a set is at hand, official or in the place of the official one."""
        return sorted({name for one in self.here for name in one.covers})


def find_test_sets(settings: DecontaminationRecipe, data: Path) -> TestSets:
    """Return the test sets at hand: in the cache of benchmark data, and in the data folder of a build.

    Raises
    ------
    ConfigurationError
        If one that the recipe describes is not there, or lacks a column.
    """
    here: dict[str, TestSet] = {}
    missing: dict[str, str] = {}
    chosen = [benchmark(name) for name in settings.benchmarks] or list(benchmarks().values())
    for one in chosen:
        found = list(_sets_of(one, settings, data))
        for test_set in found:
            known = here.get(test_set.mark)
            covers = (*known.covers, one.name) if known else (one.name,)
            here[test_set.mark] = TestSet(**{**test_set.__dict__, "covers": covers})
        if not found:
            missing[one.name] = f"no data of {one.data.source.name} in the cache or the data folder"
    for entry in own_sets(settings.splits):
        try:
            _add_described(here, entry, data)
        except BioMatrixError as error:
            missing[entry.name] = str(error)
    for entry in settings.sets:  # which a recipe asks for: without its data nothing is built
        try:
            _add_described(here, entry, data)
        except BioMatrixError as error:
            raise _unreadable(entry, error) from error
    return TestSets(tuple(here.values()), missing)


def check_sets(settings: DecontaminationRecipe, data: Path) -> None:
    """Raise ConfigurationError for a test set of a recipe that is not there, lacks a column or is named twice.

    A folder of a source that no benchmark has is refused too.
    """
    twice = sorted(name for name, count in Counter(entry.name for entry in settings.sets).items() if count > 1)
    if twice:
        raise ConfigurationError(f"decontamination.sets: named twice: {', '.join(twice)}")
    known = sorted({each.source.name for one in benchmarks().values() for each in (one.data, *one.stand_ins)})
    for name in settings.folders:
        if name not in known:
            raise ConfigurationError(
                f"decontamination.folders: no source {name!r} of benchmarks; {choices(name, known)}"
            )
    for entry in settings.sets:
        try:
            opened = _open(entry, data)
            opened.check_files()
            opened.open_tables()  # a column that is not there shows here, not amid the build
        except BioMatrixError as error:
            raise _unreadable(entry, error) from error


def _unreadable(entry: TestSetRecipe, error: BioMatrixError) -> ConfigurationError:
    return ConfigurationError(f"the test set {entry.name} of the recipe cannot be read: {error}")


def _add_described(here: dict[str, TestSet], entry: TestSetRecipe, data: Path) -> None:
    opened = _open(entry, data)
    opened.open_tables()  # a column that is not there shows now
    mark = fingerprint("set", opened.fingerprint, entry.model_dump())
    here[mark] = TestSet(entry.name, (), mark, tuple(entry.allowed_in), folder=data, entry=entry)


def own_sets(splits: Sequence[str]) -> list[TestSetRecipe]:
    """Return the test sets of the package's own sources: those of these parts, and those that are of no part."""
    found = []
    for given in read_toml(OWN_SETS)["sets"]:
        split = given.pop("split", None)
        if split is None or split in splits:
            found.append(checked(given, TestSetRecipe, OWN_SETS))
    return found


def _sets_of(one: Benchmark, settings: DecontaminationRecipe, data: Path) -> Iterator[TestSet]:
    """Yield the splits of a benchmark's data, official and in its place, whose files are at hand."""
    named = {source: data / folder for source, folder in settings.folders.items()}
    for each in (one.data, *one.stand_ins):
        for places in (DataPlaces(data_root(), named), DataPlaces(data, named)):
            folder = places.folder(each.source.name)
            files = _files_here(each, folder)
            if not files:
                continue
            for split in settings.splits:
                if places.is_here(each, split):
                    content = [(name, _hash_of(path, path.stat().st_mtime_ns)) for name, path in files]
                    told: list[Any] = [each.loader, dict(each.settings), split, one.task.output, one.domain == _PAIRS]
                    mark = fingerprint(each.source.name, told, content)
                    yield TestSet(f"{each.source.name} {split}", (), mark, (), split, each, folder)
            break


def _files_here(data: DataSet, folder: Path) -> list[tuple[str, Path]]:
    """Return the listed files of a data set that are in a folder, as they are or packed with gzip."""
    found: dict[str, Path] = {}
    for file in data.source.files:
        plain = path_in(folder, file)
        for path in (plain, plain.with_name(f"{plain.name}.gz")):
            if path.is_file():
                found.setdefault(file.path, path)
    return sorted(found.items())


@lru_cache(maxsize=4096)
def _hash_of(path: Path, changed: int) -> str:
    return file_sha256(path)


def _open(entry: TestSetRecipe, data: Path) -> Source:
    own = CHAIN_TEST_SETS.get(entry.name) if entry.reader is None else None
    return open_source(entry, data) if own is None else own(data)


def _described_rows(entry: TestSetRecipe, data: Path) -> Iterator[Subject | str]:
    source = _open(entry, data)
    for identifier, row in source.rows():
        try:
            record = source.record(identifier, row)
        except BioMatrixError as error:
            yield f"{identifier}: {error.message}"
            continue
        subject = subject_of_record(record)
        texts = subject.texts if record.kind == TEXT else ()
        yield Subject(subject.name, subject.entities, texts)
