"""What a build refused is counted by kind of fault over all its steps."""

from __future__ import annotations

from pathlib import Path

from biomatrix.corpus.build_records import write_rejects
from biomatrix.corpus.build_tokens import TokenisedSlice
from biomatrix.corpus.refusals import described, refused_documents, refused_records


def test_refusals_of_every_step_are_counted_by_kind(tmp_path: Path) -> None:
    for name in ("records", "tokens", "shards/train/00000"):
        (tmp_path / name).mkdir(parents=True)
    long = [{"source": "a", "id": f"r{number}", "reason": f"{number} residues: at most 9"} for number in range(10, 17)]
    write_rejects(tmp_path / "records" / "rejects.jsonl", long)
    write_rejects(tmp_path / "tokens" / "rejects.jsonl", [{"source": "a", "id": "r3", "reason": "no conformer"}])
    late = {"source": "a", "id": "r4", "reason": "50 tokens", "view": "seen", "row": 3}
    write_rejects(tmp_path / "shards" / "train" / "00000" / "rejects.jsonl", [late])
    slices = {
        "a": [TokenisedSlice("a", "00000", tmp_path / "records", (("m", tmp_path / "tokens"),), "x")],
        "b": [TokenisedSlice("b", "00000", tmp_path / "missing", (), "y")],
    }
    records, documents = refused_records(slices), refused_documents(tmp_path / "shards")
    assert records.counts == {"… residues: at most …": 7, "no conformer": 1}
    assert described({"records": records, "documents": documents}).splitlines() == [
        "refused records: 8",
        "  7 times, first a, record r10: 10 residues: at most 9",
        "    also records r11, r12, r13, r14…",
        "  a, record r3: no conformer",
        "refused documents: 1",
        "  a, seen, record r4: 50 tokens",
    ]
    assert described({"records": refused_documents(tmp_path / "missing")}) == ""
