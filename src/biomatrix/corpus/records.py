"""A record: one molecule, protein or text as a source gave it, with what is known about it.

Records are kept between the steps of a build as Parquet; only arrays, strings and RDKit's own binary form are
stored.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from rdkit import Chem

from biomatrix.entities import Molecule, Protein

RecordKind = Literal["molecule", "protein", "text"]
Split = Literal["train", "held_out", "held_out_label"]
"""``held_out_label``: the measured label is held out; the molecule itself may be met elsewhere."""

RECORD_SCHEMA = pa.schema(
    [
        ("source", pa.string()),
        ("id", pa.string()),
        ("kind", pa.string()),
        ("split", pa.string()),
        ("fields", pa.string()),
        ("mol", pa.binary()),
        ("sequence", pa.string()),
        ("backbone", pa.binary()),
    ]
)


@dataclass(frozen=True)
class Record:
    """One entity or text of one source.

    Parameters
    ----------
    source, id : str
        The source's name and the record's name in it.
    kind : str
        ``molecule``, ``protein`` or ``text``.
    split : str
        ``train``, ``held_out`` or ``held_out_label``.
    fields : mapping of str to str
        What is known in words or numbers: name, description, organism, logSolubility and so on.
    entity : Molecule or Protein, optional
        None for text.
    """

    source: str
    id: str
    kind: RecordKind
    split: Split = "train"
    fields: Mapping[str, str] = field(default_factory=dict)
    entity: Molecule | Protein | None = None


@dataclass(frozen=True)
class TokenRecord:
    """A record whose entity has been written in every modality it can be written in.

    ``tokens`` maps a modality's name to its tokens, without the control pair; a modality spelled as text has
    one string.
    """

    source: str
    id: str
    kind: RecordKind
    split: Split
    fields: Mapping[str, str]
    tokens: Mapping[str, Sequence[str]]


def _entity_columns(entity: Molecule | Protein | None) -> dict[str, Any]:
    """Return the columns that rebuild an entity."""
    if isinstance(entity, Molecule):
        return {"mol": entity.mol.ToBinary(), "sequence": None, "backbone": None}
    if isinstance(entity, Protein):
        backbone = None if entity.backbone is None else entity.backbone.astype("<f4").tobytes()
        return {"mol": None, "sequence": entity.sequence, "backbone": backbone}
    return {"mol": None, "sequence": None, "backbone": None}


def _entity_of(row: Mapping[str, Any]) -> Molecule | Protein | None:
    """Return the entity a row describes."""
    if row["mol"] is not None:
        return Molecule.from_rdkit(Chem.Mol(row["mol"]), name=row["id"])
    if row["sequence"] is not None:
        backbone: NDArray[np.float32] | None = None
        if row["backbone"] is not None:
            backbone = np.frombuffer(row["backbone"], dtype="<f4").reshape(-1, 3, 3).astype(np.float32)
        return Protein(row["sequence"], backbone, name=row["id"])
    return None


def records_to_table(records: Iterable[Record]) -> pa.Table:
    """Return records as one Arrow table."""
    rows = [
        {
            "source": record.source,
            "id": record.id,
            "kind": record.kind,
            "split": record.split,
            "fields": json.dumps(dict(record.fields), ensure_ascii=False, sort_keys=True),
            **_entity_columns(record.entity),
        }
        for record in records
    ]
    return pa.Table.from_pylist(rows, schema=RECORD_SCHEMA)


def records_from_table(table: pa.Table) -> list[Record]:
    """Return the records of a table written by `records_to_table`."""
    return [
        Record(row["source"], row["id"], row["kind"], row["split"], json.loads(row["fields"]), _entity_of(row))
        for row in table.to_pylist()
    ]
