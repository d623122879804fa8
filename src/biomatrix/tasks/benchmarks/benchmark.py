"""A benchmark: a task with its official data, its judge and its published numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from biomatrix.entities.near_matches import choices
from biomatrix.errors import ConfigurationError
from biomatrix.tasks.task_definition import Task


@dataclass(frozen=True)
class SourceFile:
    """One file of a source.

    Parameters
    ----------
    path : str
        Its path in the source, and below the folder of a local copy.
    split : str
        ``train``, ``validation``, ``test``; or what else it is, such as ``reference``.
    sha256 : str
        Its checksum, lower-case hexadecimal; "" where none is published, so that the first download's is recorded.
    url : str
        Where it is downloaded from; "" where the source's hub id and the path say so, or where the file of the source
        whose split is ``archive`` holds it.
    md5 : str
        Its MD5, where its publisher states that alone.
    """

    path: str
    split: str
    sha256: str = ""
    url: str = ""
    md5: str = ""


@dataclass(frozen=True)
class Source:
    """Where a benchmark's data come from.

    Parameters
    ----------
    name : str
        A key that benchmarks of the same data share, such as ``smolinstruct``: the name of its folder in the cache.
    hub : str
        The id of a data set on the Hugging Face hub; "" where it is not there.
    url : str
        The repository or page.
    revision : str
        The commit or version that the definitions were written against.
    licence : str
        Its licence, or that none is stated.
    files : tuple of SourceFile
        What is read.
    """

    name: str
    hub: str = ""
    url: str = ""
    revision: str = ""
    licence: str = ""
    files: tuple[SourceFile, ...] = ()


@dataclass(frozen=True)
class DataSet:
    """A source with the way it is read and split.

    Parameters
    ----------
    source : Source
    loader : str
        A module of :mod:`biomatrix.tasks.benchmarks.loaders`, or ``package.module:function`` for one from outside.
    split_rule : str
        How the data are split.
    settings : mapping
        What the loader takes beside the folder and the split.
    notes : str
        How it differs from the official data, where it stands in for them.
    """

    source: Source
    loader: str
    split_rule: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    notes: str = ""


@dataclass(frozen=True)
class Decoding:
    """How answers are written: greedy unless a temperature is given."""

    temperature: float = 0.0
    top_p: float = 1.0
    num_samples: int = 1
    max_new_tokens: int | None = None


@dataclass(frozen=True)
class MetricUse:
    """A metric that a benchmark reports.

    Parameters
    ----------
    name : str
        As its judge and the published table name it.
    higher_is_better : bool
        Whether a larger value is a better one.
    published_scale : float
        What our value is multiplied by to stand beside the published one: 100 where percent are printed.
    comparable : bool
        Whether it may be put beside the published value; False where that rests on a closed predictor.
    best : float, optional
        The value of a perfect answer, which gold answers must reach; None where gold answers reach no fixed value.
    resample : bool
        Whether an interval comes from judging resampled rows anew, where the value is no mean of what each answer
        contributes: True of a root of a mean or a correlation, never where repeated rows change what is counted, as in
        the share of unique answers.
    """

    name: str
    higher_is_better: bool
    published_scale: float = 1.0
    comparable: bool = True
    best: float | None = None
    resample: bool = False


@dataclass(frozen=True)
class Benchmark:
    """One of the benchmarks.

    Parameters
    ----------
    task : Task
        Name, version, prompts, answer, parser, unit, choices and output. An output of ``molecule_smiles`` is written
        in SELFIES where that notation is asked for.
    title : str
        For people.
    domain : str
        ``molecule``, ``protein`` or ``interaction``.
    modality : str
        ``1d`` or ``3d``.
    category, dataset : str
        As the published tables name them.
    data : DataSet
        The official data.
    stand_ins : tuple of DataSet
        Other data of the same form, by the names of their sources: their numbers are not those of the benchmark.
    inputs : tuple of str
        The placeholders that prompts show.
    judge : str
        ``module.function`` of :mod:`biomatrix.tasks.benchmarks.judges`, or ``package.module:function`` from outside.
    judge_settings : mapping
        What the judge takes beside predictions and examples.
    metrics : tuple of MetricUse
        What is reported, the first foremost.
    decoding : Decoding
    length : str
        The exact length of the answer as a template over an example's facts, such as ``{residues}``; "" for none.
    constraints : tuple of str
        ``NAME=VALUE`` templates over an example's facts.
    sft_group : str
        The published fine-tuning group; "" where none is stated.
    published_train, published_test : int, optional
        The published sizes.
    notes : str
        What a reader of its numbers must know.
    """

    task: Task
    title: str
    domain: str
    modality: str
    category: str
    dataset: str
    data: DataSet
    judge: str
    metrics: tuple[MetricUse, ...]
    inputs: tuple[str, ...] = ()
    stand_ins: tuple[DataSet, ...] = ()
    judge_settings: Mapping[str, Any] = field(default_factory=dict)
    decoding: Decoding = field(default_factory=Decoding)
    length: str = ""
    constraints: tuple[str, ...] = ()
    sft_group: str = ""
    published_train: int | None = None
    published_test: int | None = None
    notes: str = ""

    @property
    def name(self) -> str:
        """Its stable name."""
        return self.task.name

    def data_set(self, name: str | None = None) -> DataSet:
        """Return the official data, or those of a source that stands in; ConfigurationError where there are none."""
        known = {each.source.name: each for each in (self.data, *self.stand_ins)}
        if name is not None and name not in known:
            raise ConfigurationError(f"{self.name} has no data {name!r}; {choices(name, known)}")
        return self.data if name is None else known[name]
