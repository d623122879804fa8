"""Scores and their description as a file: JSON, or Parquet with the description in its metadata."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from biomatrix.entities.files.json_files import read_object
from biomatrix.entities.files.writing import write_whole
from biomatrix.errors import ConfigurationError

FORMAT: Final = "biomatrix calibration 1"
_KEY: Final = b"biomatrix"


def write_scores(path: Path, described: Mapping[str, Any], scores: Sequence[float], groups: Sequence[str]) -> None:
    """Write scores, perhaps with a group each, and what they are; the extension names the format."""
    head = {"format": FORMAT, **described}
    if _is_parquet(path):
        import pyarrow as pa
        import pyarrow.parquet as pq

        columns = {"score": list(scores), **({"group": list(groups)} if groups else {})}
        table = pa.table(columns).replace_schema_metadata({_KEY: json.dumps(head)})
        buffer = io.BytesIO()
        pq.write_table(table, buffer)
        write_whole(path, buffer.getvalue())
        return
    write_whole(path, json.dumps({**head, "scores": list(scores), "groups": list(groups)}, indent=1).encode() + b"\n")


def read_scores(path: Path) -> dict[str, Any]:
    """Return the description, with ``scores`` and ``groups``; ConfigurationError where the file holds none."""
    if _is_parquet(path):
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            table = pq.read_table(path)
            values = json.loads((table.schema.metadata or {})[_KEY])
            values["scores"] = table["score"].to_pylist()
            values["groups"] = table["group"].to_pylist() if "group" in table.column_names else []
        except (OSError, pa.ArrowException, KeyError, ValueError, RecursionError) as error:
            raise ConfigurationError(f"no calibration: {error}", file=str(path)) from error
    else:
        values = read_object(path, ConfigurationError)
    if not isinstance(values, dict) or values.get("format") != FORMAT:
        raise ConfigurationError(f"no calibration: its format is not {FORMAT!r}", file=str(path))
    return values


def _is_parquet(path: Path) -> bool:
    if path.suffix not in (".json", ".parquet"):
        raise ConfigurationError("a calibration is a .json or a .parquet file", file=str(path))
    return path.suffix == ".parquet"
