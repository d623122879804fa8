"""One of several processes that build a corpus over one folder; run by test_shared_folder."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from biomatrix.corpus import CorpusRecipe, build_corpus, build_records


def stand_still(item: build_records.RecordSlice, folder: Path) -> Mapping[str, Any]:
    """Write half a file and never come back, once the source of proteins is reached."""
    if item.source != "cath_s20":
        return WRITE(item, folder)
    (folder / "records.parquet").write_bytes(b"half")
    while True:
        time.sleep(1)


WRITE = build_records.write_records

if __name__ == "__main__":
    recipe, data, work = sys.argv[1:4]
    if "--stand-still" in sys.argv:
        build_records.write_records = stand_still
    build_corpus(CorpusRecipe.model_validate_json(Path(recipe).read_text()), Path(data), Path(work))
