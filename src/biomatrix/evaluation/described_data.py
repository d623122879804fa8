"""What the data of a run were, as its result keeps it."""

from __future__ import annotations

from typing import Any

from biomatrix.evaluation.identity import Identity
from biomatrix.evaluation.notes import data_notes, lent_training
from biomatrix.evaluation.opening import BASELINE
from biomatrix.evaluation.rows import Rows
from biomatrix.tasks.benchmarks.benchmark import Benchmark, DataSet


def described_data(
    benchmark: Benchmark, data: DataSet, rows: Rows, difference: str, identity: Identity, taught: DataSet
) -> dict[str, Any]:
    """Return the data of a run as JSON values: source, hashes, rows, rejects, and how they differ from the official.

    Parameters
    ----------
    benchmark : Benchmark
    data : DataSet
    rows : Rows
    difference : str
        What the data are that are not those of the benchmark; "" where they are.
    identity : Identity
    taught : DataSet
        The data whose training split a baseline learns from.
    """
    source = data.source
    is_baseline = str(identity.content["model"]["name"]).startswith(BASELINE)
    lent = [lent_training(taught)] if taught is not data and is_baseline else []
    return {
        "source": source.name,
        "official": not difference,
        "difference": difference,
        "hub": source.hub,
        "url": source.url,
        "revision": source.revision,
        "licence": source.licence,
        "split_rule": data.split_rule,
        "training": taught.source.name,
        "notes": [*data_notes(benchmark, data, rows, difference, identity.content["files"]), *lent],
        "files": identity.content["files"],
        "examples_sha256": rows.digest,
        "rows": {"asked": len(rows.examples), "read": rows.total, "rejected": rows.rejects},
        "rejects": list(rows.faults),
        "published_rows": benchmark.published_test,
    }
