"""What was measured before on the same files, by task, method and metric: ours must come within 0.01."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

Known = Mapping[str, Mapping[str, float]]


def _annotated(**rows: tuple[float, float | None]) -> dict[str, dict[str, float]]:
    names = {
        "majority": "majority", "markers": "markers", "pca": "LR on PCA50", "log": "LR on log expression",
        "r50": "LR on ranks top 50", "r100": "LR on ranks top 100", "r200": "LR on ranks top 200",
        "lsi": "LR on LSI", "tfidf": "LR on TF-IDF", "binary": "LR on binary", "shuffled": "shuffled labels",
    }  # fmt: skip
    return {
        names[key]: {"accuracy": accuracy, **({} if f1 is None else {"macro_f1": f1})}
        for key, (accuracy, f1) in rows.items()
    }


_PBMC = _annotated(
    majority=(0.293, 0.050), markers=(0.736, 0.596), pca=(0.948, 0.817), log=(0.980, 0.836), r50=(0.939, None),
    r100=(0.974, None), r200=(0.980, None), shuffled=(0.296, 0.101),
)  # fmt: skip
_PBMC["markers"]["broad"] = 0.867

KNOWN: Final[Mapping[str, Known]] = {
    "pbmc_annotation": _PBMC,
    "kang_annotation": _annotated(
        majority=(0.162, 0.056), markers=(0.628, 0.487), pca=(0.900, 0.858), log=(0.923, 0.893), r50=(0.879, None),
        r100=(0.888, None), r200=(0.915, None), shuffled=(0.285, 0.242),
    ),
    "kang_annotation_stimulated": _annotated(
        majority=(0.172, 0.059), pca=(0.866, 0.821), log=(0.870, 0.838), r50=(0.812, None), r100=(0.870, None),
        r200=(0.874, None), shuffled=(0.213, 0.184),
    ),
    "cell_lines_new_plate": _annotated(
        majority=(0.17, None), pca=(1.0, 1.0), log=(1.0, 1.0), r50=(1.0, None), r100=(1.0, None), r200=(1.0, None),
        shuffled=(0.16, None),
    ),
    "cell_lines_new_protocol": _annotated(
        majority=(0.33, None), pca=(1.0, 1.0), log=(1.0, 1.0), r50=(0.916, None), r100=(0.968, None),
        r200=(1.0, None), shuffled=(0.24, None),
    ),
    "pancreas_annotation": _annotated(
        majority=(0.423, 0.149), pca=(0.970, 0.967), log=(0.972, 0.967), r50=(0.987, None), r100=(0.989, None),
        r200=(0.989, None), shuffled=(0.165, 0.104),
    ),
    "atac_annotation": _annotated(
        majority=(0.046, 0.015), lsi=(0.529, 0.554), tfidf=(0.747, 0.686), binary=(0.575, 0.595),
        shuffled=(0.161, 0.169),
    ),
    "atac_annotation (random)": _annotated(tfidf=(0.810, None)),
    "pbmc_integration (shared graph)": {
        "PCA30": {"avg_bio": 0.569},
        "PCA30, batch means removed": {"avg_bio": 0.684},
        "ranks top 200": {"avg_bio": 0.525},
        "random vectors": {"avg_bio": 0.173},
    },
    "kang_response": {
        "no change": {"pearson_delta": 0.0, "pearson_delta_top": 0.0, "mse": 0.281, "pearson": 0.84},
        "mean of perturbed": {"pearson_delta": 0.584, "pearson_delta_top": 0.848, "mse": 0.321},
        "control + mean delta": {"pearson_delta": 0.732, "pearson_delta_top": 0.762, "mse": 0.145},
        "same type, other donor": {"pearson_delta": 0.798, "pearson_delta_top": 0.913, "mse": 0.081},
        "genes permuted": {"pearson_delta": 0.027},
    },
    "kang_imputation": {
        "gene mean": {"pearson": 0.667},
        "mean of detected": {"pearson": 0.725},
        "kNN15": {"pearson": 0.736},
        "PCA30, training cells hidden too": {"pearson": 0.603},
    },
    "pbmc_description": {
        "random projection": {"recall_1": 0.055},
        "ridge regression": {"recall_1": 0.968, "recall_3": 0.991, "precision_10": 0.767},
        "random vectors for texts": {"recall_1": 0.974},
        "ridge, type left out": {"recall_1": 0.004},
    },
    "kang_description": {
        "random projection": {"recall_1": 0.181},
        "ridge regression": {"recall_1": 0.925, "recall_3": 0.996, "precision_10": 1.0},
        "random vectors for texts": {"recall_1": 0.898},
        "ridge, type left out": {"recall_1": 0.0},
    },
}  # fmt: skip
"""The settings behind them: PCA fitted on training cells without scaling genes, its coordinates scaled to unit
variance, C = 1; log expression C = 0.1; ranks weighted 1 / log2(rank + 1); TF-IDF log1p(1e4 tf log(1 + N / df)) of open
peaks, C = 1; labels shuffled with NumPy's generator of seed 0, read by the same features as PCA (peaks: TF-IDF).
Imputation by PCA30 rests on components of training cells of which a fifth of the detected values is hidden too (0.602;
of whole training cells 0.753), that by neighbours on whole ones (hidden too it is 0.708)."""
