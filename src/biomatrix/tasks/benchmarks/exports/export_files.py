"""Benchmarks as files for training and evaluation elsewhere: streamed, and the same bytes from the same data.

``instruct``
    One JSON object a line: instruction, input, output, history, source.
``chat``
    ``messages`` in turns of user and assistant, and the source.
``llama-factory``
    The records of ``instruct``, and a ``dataset_info.json`` that names each file and its columns.
``lm-eval``
    The records of ``instruct``, a task file of lm-evaluation-harness beside each, and one for the group. Its own exact
    match counts there; the metrics of the benchmarks are :mod:`biomatrix.tasks.benchmarks.judges`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any, Final

from biomatrix.entities.files.writing import named_refusals, write_atomically, write_whole
from biomatrix.entities.near_matches import choices
from biomatrix.entities.rejects import Reject
from biomatrix.errors import BioMatrixError, ConfigurationError
from biomatrix.tasks.benchmarks.benchmark import Benchmark, DataSet
from biomatrix.tasks.benchmarks.exports.instruction_records import InstructionRecord, instruction_record
from biomatrix.tasks.benchmarks.loading import load_examples
from biomatrix.tasks.benchmarks.notations import SMILES

FORMATS: Final = ("instruct", "chat", "llama-factory", "lm-eval")
REJECTS: Final = "rejects.jsonl"
GROUP: Final = "biomatrix"
_COLUMNS: Final = {"prompt": "instruction", "query": "input", "response": "output", "history": "history"}
"""LLaMA-Factory's names of the columns of its alpaca format."""

Rows = Iterable[InstructionRecord | Reject]


@dataclass(frozen=True)
class Exported:
    """What was written of one name.

    Parameters
    ----------
    name : str
    file : str
        In the folder of the export.
    records, rejects : int
    """

    name: str
    file: str
    records: int
    rejects: int


def records_of(
    benchmark: Benchmark, data: DataSet, folder: Path, split: str, notation: str = SMILES, seed: int = 0
) -> Iterator[InstructionRecord | Reject]:
    """Yield the records of a split; rows without an answer, or that cannot be written, become rejects."""
    for row in load_examples(data, folder, split):
        if isinstance(row, Reject):
            yield row
            continue
        try:
            yield instruction_record(benchmark, row, notation, seed)
        except BioMatrixError as error:
            yield Reject.from_error(error, benchmark.name, row.key)


def export(
    rows: Mapping[str, Rows], folder: Path, form: str, versions: Mapping[str, int] | None = None
) -> list[Exported]:
    """Write the records of several names into a folder, a file each, and what was refused into ``rejects.jsonl``.

    Parameters
    ----------
    rows : mapping of str to iterable of InstructionRecord or Reject
        By name: of a benchmark, or of a released configuration.
    folder : Path
    form : str
        One of :data:`FORMATS`.
    versions : mapping of str to int, optional
        The version of each benchmark, for task files.

    Returns
    -------
    list of Exported

    Raises
    ------
    ConfigurationError
        There is no such form, nothing can be written, or not one record was left; the last leaves no file of that name.
    """
    if form not in FORMATS:
        raise ConfigurationError(f"no form {form!r}; {choices(form, FORMATS)}")
    with named_refusals(folder):
        folder.mkdir(parents=True, exist_ok=True)
    with write_atomically(folder / REJECTS) as rejects:
        done = [_write(name, each, folder, form, rejects) for name, each in rows.items()]
    if form == "llama-factory":
        _write_json(folder / "dataset_info.json", {each.name: _data_set_entry(each) for each in done})
    elif form == "lm-eval":
        for each in done:
            write_whole(folder / f"{each.name}.yaml", _task_file(each, (versions or {}).get(each.name, 1)).encode())
        write_whole(folder / f"{GROUP}.yaml", _group_file(done).encode())
    return done


def _write(name: str, rows: Rows, folder: Path, form: str, rejects: IO[bytes]) -> Exported:
    path = folder / f"{name}.jsonl"
    records = refused = 0
    reason = "its data are empty"
    with write_atomically(path) as stream:
        for row in rows:
            if isinstance(row, Reject):
                refused, reason = refused + 1, row.reason
                rejects.write(_line({"name": name, **asdict(row)}))
            else:
                records += 1
                stream.write(_line(_as(form, row)))
        if not records:
            raise ConfigurationError(f"{name}: not one record can be written: {reason}")
    return Exported(name, path.name, records, refused)


def _as(form: str, record: InstructionRecord) -> dict[str, Any]:
    return {"messages": record.messages, "source": record.source} if form == "chat" else record.fields


def _line(value: Mapping[str, Any]) -> bytes:
    return (json.dumps(value, ensure_ascii=False) + "\n").encode()


def _data_set_entry(exported: Exported) -> dict[str, Any]:
    return {"file_name": exported.file, "formatting": "alpaca", "columns": _COLUMNS}


def _write_json(path: Path, entries: dict[str, Any]) -> None:
    """Write a JSON object whose entries join those that are there already, so that exports add up."""
    with suppress(OSError, ValueError):
        known = json.loads(path.read_text(encoding="utf-8"))
        entries = {**(known if isinstance(known, dict) else {}), **entries}
    write_whole(path, (json.dumps(entries, indent=2, ensure_ascii=False, sort_keys=True) + "\n").encode())


def _task_file(exported: Exported, version: int) -> str:
    """Return a task of lm-evaluation-harness, which looks for the data file from where it runs."""
    return f"""task: {GROUP}_{exported.name}
dataset_path: json
dataset_kwargs:
  data_files:
    test: {json.dumps(exported.file)}
test_split: test
output_type: generate_until
doc_to_text: "{{{{instruction}}}}"
doc_to_target: "{{{{output}}}}"
generation_kwargs:
  until: ["<|im_end|>", "<|endoftext|>"]
  do_sample: false
  max_gen_toks: 1024
metric_list:
  - metric: exact_match
    aggregation: mean
    higher_is_better: true
metadata:
  version: {version}
"""


def _group_file(exported: Iterable[Exported]) -> str:
    return f"group: {GROUP}\ntask:\n" + "".join(f"  - {GROUP}_{each.name}\n" for each in exported)
