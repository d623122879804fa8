"""What a built corpus holds: tokens by category beside the published table, by source, view and modality, lengths."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from biomatrix.corpus.mixtures.preset import preset
from biomatrix.corpus.modality_counts import modality_counts
from biomatrix.corpus.refusals import counted
from biomatrix.corpus.shards import MANIFEST, held_out_folders, read_manifest
from biomatrix.corpus.work_folder import WorkFolder
from biomatrix.corpus.written_whole import written_whole
from biomatrix.errors import ConfigurationError

UNSTATED: Final = "unstated"
_QUANTILES: Final = (0.0, 0.25, 0.5, 0.75, 0.95, 0.99, 1.0)


def corpus_statistics(folder: Path, vocabulary: Path | None = None) -> dict[str, Any]:
    """Return the numbers of a built corpus as JSON values.

    Parameters
    ----------
    folder : Path
        The work folder of a build, or its shards.
    vocabulary : Path, optional
        The folder of its vocabulary, where it does not stand in the work folder. Without one, tokens are not told apart
        by modality, and ``modalities`` says why.
    """
    built = WorkFolder.at(folder, vocabulary)
    manifest = built.corpus.manifest
    return {
        "name": manifest.get("name", ""),
        "documents": len(built.corpus),
        "tokens": built.corpus.num_tokens,
        "table": token_table(manifest),
        "sources": _sources(manifest),
        "views": _views(manifest),
        **_by_vocabulary(built),
        "lengths": _lengths(built),
        "held_out": _held_out(built.shards),
        "refused": dict(counted(built.rejects()).counts.most_common()),
        "test_sets": _test_sets(manifest),
        "coverage": manifest.get("coverage", {}),
        "mixture": manifest.get("mixture", {}),
    }


def token_table(manifest: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return tokens by category and part, with their shares, beside the published ones; rows of neither are left out.

    Parameters
    ----------
    manifest : mapping
        Of training shards.
    """
    ours: dict[tuple[str, str], int] = defaultdict(int)
    names: dict[tuple[str, str], list[str]] = defaultdict(list)
    for source in manifest.get("sources", []):
        row = (source.get("category") or UNSTATED, source.get("part") or "other")
        ours[row] += source["tokens"]
        names[row].append(source["name"])
    theirs = preset().rows
    total, published = sum(ours.values()) or 1, sum(theirs.values())
    return [
        {
            "category": row[0],
            "part": row[1],
            "tokens": ours.get(row, 0),
            "share": ours.get(row, 0) / total,
            "published_tokens": theirs.get(row, 0.0),
            "published_share": theirs.get(row, 0.0) / published,
            "sources": names.get(row, []),
        }
        for row in dict.fromkeys([*theirs, *sorted(ours)])
    ]


def _sources(manifest: Mapping[str, Any]) -> list[dict[str, Any]]:
    wanted = manifest.get("mixture", {}).get("shares", {})
    factors = manifest.get("mixture", {}).get("factors", {})
    total = sum(source["tokens"] for source in manifest.get("sources", [])) or 1
    kept = ("name", "category", "part", "licence", "documents", "tokens", "rejects")
    return [
        {
            **{key: source.get(key) for key in kept},
            "share": source["tokens"] / total,
            "wanted": wanted.get(source["name"]),
            "factor": factors.get(source["name"]),
        }
        for source in manifest.get("sources", [])
    ]


def _test_sets(manifest: Mapping[str, Any]) -> list[tuple[str, str, int]]:
    """Return (source, test set, records left out), most first."""
    counts = manifest.get("selection", {}).get("test_set_counts", {})
    rows = [(source, name, count) for source, sets in counts.items() for name, count in sets.items()]
    return sorted(rows, key=lambda row: (-row[2], row[:2]))


def _views(manifest: Mapping[str, Any]) -> dict[str, dict[str, int]]:
    keys = ("documents", "tokens", "learned_tokens")
    return {view: {key: manifest.get(key, {}).get(view, 0) for key in keys} for view in manifest["views"]}


def _by_vocabulary(built: WorkFolder) -> dict[str, Any]:
    """Return what only a vocabulary can tell: tokens by modality, and the records that it writes whole."""
    try:
        vocabulary = built.vocabulary()
    except ConfigurationError as error:
        return {"modalities": str(error), "written_whole": {}}
    return {
        "modalities": modality_counts(built.shards, vocabulary),
        "written_whole": written_whole(built, vocabulary),
    }


def _lengths(built: WorkFolder) -> dict[str, dict[str, float]]:
    """Return the mean and quantiles of the lengths of documents, in tokens, of all and by view."""
    lengths, views = built.corpus.lengths, built.corpus.views
    groups = {"all": lengths} | {name: lengths[views == number] for number, name in enumerate(built.corpus.view_names)}
    return {name: _quantiles(group) for name, group in groups.items() if len(group)}


def _quantiles(lengths: NDArray[np.int64]) -> dict[str, float]:
    values = np.quantile(lengths, _QUANTILES)
    names = [f"{100 * share:g}%" for share in _QUANTILES]
    return {"mean": float(lengths.mean()), **dict(zip(names, map(float, values), strict=True))}


def _held_out(shards: Path) -> dict[str, dict[str, int]]:
    sizes = {}
    for view, folder in held_out_folders(shards).items():
        manifest = read_manifest(folder / MANIFEST)
        sizes[view] = {key: sum(manifest.get(key, {}).values()) for key in ("documents", "tokens")}
    return sizes
