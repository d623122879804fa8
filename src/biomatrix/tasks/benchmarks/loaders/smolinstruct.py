"""SMolInstruct: rows of one of its fourteen tasks, with every gold answer that the split has to the same input.

Settings
--------
task : such as ``name_conversion-i2f``.
field : the placeholder of the input: a molecule where it is ``molecule``, ``reactants`` or ``product``, else text.
answer : what the answer must be: ``molecule``, whose parts ``;`` may separate, ``formula`` or ``number``; any text
    where it is not given.
target : the placeholder of the target, where a row has several.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from biomatrix.entities import Molecule
from biomatrix.entities.kind_registry import kind_names
from biomatrix.entities.rejects import Reject
from biomatrix.errors import BioMatrixError, ConfigurationError, ParseError
from biomatrix.tasks.benchmarks.examples import Example, FieldValue
from biomatrix.tasks.benchmarks.official_files.row_files import RawRow
from biomatrix.tasks.benchmarks.official_files.smolinstruct_files import asked_rows, raw_rows
from biomatrix.tasks.benchmarks.rows.checked_references import checked_reference
from biomatrix.tasks.benchmarks.rows.several_golds import with_all_golds

_MOLECULES: Final = ("molecule", "reactants", "product")


def examples(folder: Path, split: str, settings: Mapping[str, Any]) -> Iterator[Example | Reject]:
    """Yield what is asked of a task, in the official order; keys are ``INDEX`` or ``INDEX/TARGET`` of the raw rows."""
    yield from with_all_golds(_examples(folder, split, settings))


def _examples(folder: Path, split: str, settings: Mapping[str, Any]) -> Iterator[tuple[str, Example | Reject]]:
    task = str(settings["task"])
    rows = list(raw_rows(folder, split, task))
    asked = asked_rows(folder, split, task)
    for index, target in _every(rows) if asked is None else asked:
        try:
            yield _example(rows, index, target, settings)
        except ConfigurationError:
            raise
        except BioMatrixError as error:
            yield "", Reject.from_error(error, f"{task}.jsonl", index + 1)


def _every(rows: list[RawRow | BioMatrixError]) -> Iterator[tuple[int, str | None]]:
    for index, row in enumerate(rows):
        outputs = None if isinstance(row, BioMatrixError) else row.get("output")
        for target in outputs if isinstance(outputs, dict) else (None,):
            yield index, target


def _example(
    rows: list[RawRow | BioMatrixError], index: int, target: str | None, settings: Mapping[str, Any]
) -> tuple[str, Example]:
    row = rows[index] if 0 <= index < len(rows) else ParseError(f"{len(rows)} rows: no row of index {index}")
    if isinstance(row, BioMatrixError):
        raise row
    shown, output = row.get("input"), row.get("output")
    if isinstance(output, dict):
        output = output.get(target)
    if not isinstance(shown, str) or not isinstance(output, str | int | float) or not str(output).strip():
        raise ParseError("a row without an input or an output in words")
    key = str(index) if target is None else f"{index}/{target}"
    fields: dict[str, FieldValue] = {settings["field"]: _field(shown, settings["field"])}
    if target is not None and "target" in settings:
        fields[settings["target"]] = target
    form, answer = settings.get("answer", ""), str(output).strip()
    reference = checked_reference(form, answer.replace(";", ".") if form in kind_names() else answer)
    return f"{shown}\0{target or ''}", Example(key, fields, (reference,), facts={"task": settings["task"]})


def _field(shown: str, placeholder: str) -> FieldValue:
    return Molecule.from_smiles(shown.replace(";", ".")) if placeholder in _MOLECULES else shown.strip()
