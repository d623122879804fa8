"""Definitions of benchmarks as TOML: sources, pools of prompts, benchmarks; read strictly, with the key at fault named.

[sources.smolinstruct]
hub = "osunlp/SMolInstruct"
licence = "CC BY 4.0"
files = [{ path = "test/name_conversion-i2f.jsonl", split = "test" }]

[prompts]
name_to_formula = ["What is the molecular formula of {name}?", "..."]

[benchmarks.mol_name_i2f]
title = "IUPAC name to formula"
prompts = "name_to_formula"
answer = "{formula}"
data = { source = "smolinstruct", loader = "smolinstruct", split_rule = "official", settings = { task = "i2f" } }
...
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from biomatrix.entities.files.toml_files import read_toml
from biomatrix.entities.near_matches import choices
from biomatrix.entities.settings import Section, checked
from biomatrix.errors import ConfigurationError
from biomatrix.tasks.benchmarks.benchmark import Benchmark, DataSet, Decoding, MetricUse, Source, SourceFile
from biomatrix.tasks.definition_files import Name, Template
from biomatrix.tasks.task_definition import Task

Split = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Checksum = Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$")]


class _FileEntry(Section):
    path: str = Field(min_length=1)
    split: Split
    sha256: Checksum = ""
    url: str = ""
    md5: str = Field(default="", pattern=r"^([0-9a-f]{32})?$")


class _SourceEntry(Section):
    hub: str = ""
    url: str = ""
    revision: str = ""
    licence: str
    files: tuple[_FileEntry, ...] = Field(min_length=1)

    def source(self, name: str) -> Source:
        files = tuple(SourceFile(**dict(file)) for file in self.files)
        return Source(name, self.hub, self.url, self.revision, self.licence, files)


class _MetricEntry(Section):
    name: str
    higher_is_better: bool
    published_scale: float = 1.0
    comparable: bool = True
    best: float | None = None
    resample: bool = False


class _DecodingEntry(Section):
    temperature: float = Field(default=0.0, ge=0)
    top_p: float = Field(default=1.0, gt=0, le=1)
    num_samples: int = Field(default=1, ge=1)
    max_new_tokens: int | None = Field(default=None, ge=1)


class _DataEntry(Section):
    source: Name
    loader: str = Field(pattern=r"^([a-z][a-z0-9_]*|[A-Za-z_][\w.]*:[A-Za-z_]\w*)$")
    split_rule: str = Field(min_length=1)
    settings: dict[str, Any] = Field(default_factory=dict)
    notes: str = ""


class _BenchmarkEntry(Section):
    title: str
    domain: Name
    modality: Literal["1d", "3d"]
    category: str
    dataset: str
    version: int = Field(default=1, ge=1)
    prompts: Name
    answer: Template
    output: Name | None = None
    parser: str
    unit: str = ""
    choices: tuple[str, ...] = ()
    data: _DataEntry
    stand_ins: tuple[_DataEntry, ...] = ()
    inputs: tuple[Name, ...] = ()
    judge: str
    judge_settings: dict[str, Any] = Field(default_factory=dict)
    metrics: tuple[_MetricEntry, ...] = Field(min_length=1)
    decoding: _DecodingEntry = _DecodingEntry()
    length: str = ""
    constraints: tuple[str, ...] = ()
    sft_group: str = ""
    published_train: int | None = None
    published_test: int | None = None
    notes: str = ""

    def benchmark(self, name: str, prompts: tuple[str, ...], data: Sequence[DataSet]) -> Benchmark:
        task = Task(
            name, prompts, self.answer, self.output, self.version, self.parser, unit=self.unit, choices=self.choices
        )
        of_task = {"prompts", "answer", "output", "version", "parser", "unit", "choices"}
        values = {key: value for key, value in dict(self).items() if key not in of_task}
        values["metrics"] = tuple(MetricUse(**dict(each)) for each in self.metrics)
        values["decoding"] = Decoding(**dict(self.decoding))
        return Benchmark(**{**values, "task": task, "data": data[0], "stand_ins": tuple(data[1:])})


class _File(Section):
    sources: dict[Name, _SourceEntry] = Field(default_factory=dict)
    prompts: dict[Name, tuple[Template, ...]] = Field(default_factory=dict)
    benchmarks: dict[Name, _BenchmarkEntry] = Field(default_factory=dict)


def read_benchmarks(path: str | Path) -> dict[str, Benchmark]:
    """Return the benchmarks of a TOML file by name, in its order.

    Raises
    ------
    ConfigurationError
        The file cannot be read, has an unknown or wrong key, or names a source or a pool of prompts it does not define.
    """
    entries = checked(read_toml(path), _File, path)
    sources = {name: entry.source(name) for name, entry in entries.sources.items()}
    found = {}
    for name, entry in entries.benchmarks.items():
        place = f"benchmarks.{name}"
        data = [
            DataSet(_named(sources, each.source, f"{place}.source", path), each.loader, *_rest(each))
            for each in (entry.data, *entry.stand_ins)
        ]
        found[name] = entry.benchmark(name, _named(entries.prompts, entry.prompts, f"{place}.prompts", path), data)
    return found


def _rest(entry: _DataEntry) -> tuple[str, dict[str, Any], str]:
    return entry.split_rule, entry.settings, entry.notes


def _named(known: Mapping[str, Any], name: str, key: str, path: str | Path) -> Any:
    if name not in known:
        raise ConfigurationError(f"{key}: no {name!r}; {choices(name, known)}", file=str(path))
    return known[name]
