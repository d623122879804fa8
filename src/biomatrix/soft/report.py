"""The page of an alignment: the table with its controls, both clouds before and after, and what lies nearest.

Legend of shapes: m entities, t texts, D numbers of an embedding.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from biomatrix.report.page import Page
from biomatrix.report.scatter import scatter
from biomatrix.soft.alignment.folder import spelled
from biomatrix.soft.alignment.judging import Row
from biomatrix.soft.alignment.retrieval import cosine

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from biomatrix.soft.alignment.run import AlignmentRun, AlignmentTask

_EXAMPLES: Final = 8
_NEAREST: Final = 3
_LONGEST: Final = 160
_MOST_DRAWN: Final = 600
_COLOURS: Final = {"entities": "#1e5aa8", "texts": "#b3541e"}
COLUMNS: Final = (
    "row", "role", "text @1", "text @5", "text @10", "median rank", "entity @1", "entity @5", "entity @10", "asked",
    "pool", "note",
)  # fmt: skip


def table_rows(rows: Sequence[Row]) -> list[list[str]]:
    """Return the lines of the table as text, for a page or a terminal; :data:`COLUMNS` names the columns."""
    lines = []
    for row in rows:
        forth, back = row.found["to_text"], row.found["to_entity"]
        shares = [f"{one.within[count]:.3f}" for one in (forth, back) for count in sorted(one.within)]
        lines.append(
            [row.name, row.role, *shares[:3], f"{forth.median_rank:g}", *shares[3:], f"{forth.asked:,}",
             f"{forth.pool:,}", row.note]
        )  # fmt: skip
    return lines


def alignment_page(task: AlignmentTask, run: AlignmentRun) -> Page:
    """Return the page of a run."""
    lead = (
        f"{len(run.train):,} pairs to fit ({run.train_pairs.origin}), {len(run.test):,} to find "
        f"({run.test_pairs.origin}). Encoder {task.encoder.spec}, decoder {task.decoder.name}, texts as {task.texts}, "
        f"trained for {task.goal}."
    )
    page = Page("Entities aligned with texts", lead)
    page.heading("What is found")
    page.paragraph(run.told, "warning" if "classification" in run.told else "note")
    page.table(COLUMNS, table_rows(run.rows), "wide")
    page.paragraph(
        "text @k: the share of entities whose text is among the k nearest by cosine; entity @k: the reverse. A tie "
        "counts against. Baselines are to be beaten; controls show what is found where nothing can be, or where the "
        "texts say nothing."
    )
    if not task.controls:
        page.paragraph("The controls that are trained were left out of this run.", "warning")
    page.heading("Both clouds, before and after")
    page.paragraph(
        "Principal components of entities and texts together, all vectors brought to length 1. Before alignment the "
        "projector is as it was drawn."
    )
    page.row([_cloud("Before alignment", run.before, run), _cloud("After alignment", run.placed, run)])
    page.heading("Nearest texts")
    page.table(("entity", "its text", "nearest", "cosine", "text found"), _nearest(run), "")
    page.heading("How it was made")
    page.table(("what", "value"), _facts(task, run))
    return page


def principal_axes(points: NDArray[np.floating]) -> tuple[NDArray[np.float64], tuple[float, float]]:
    """Return points on their first two principal components, ``float64 [n, 2]``, and each one's share of variance."""
    centred = np.asarray(points, dtype=np.float64) - points.mean(axis=0)
    left, sizes, _ = np.linalg.svd(centred, full_matrices=False)
    shares = sizes**2 / max(float((sizes**2).sum()), 1e-12)
    return left[:, :2] * sizes[:2], (float(shares[0]), float(shares[1]))


def _cloud(title: str, placed: NDArray[np.float32], run: AlignmentRun) -> str:
    chosen = np.unique(np.linspace(0, len(placed) - 1, min(len(placed), _MOST_DRAWN)).astype(np.intp))
    entities, texts = _unit(placed[chosen]), _unit(run.test.table.first[chosen])
    points, shares = principal_axes(np.concatenate([entities, texts]))
    groups = np.array(["entities"] * len(entities) + ["texts"] * len(texts))
    own = float(np.einsum("nd,nd->n", entities, texts).mean())
    others = float((entities @ texts.T).mean())
    told = f"{title}: cosine to the own text {own:.2f}, to all {others:.2f}"
    axes = (f"first component ({shares[0]:.0%})", f"second component ({shares[1]:.0%})")
    return scatter(told, points, groups, _COLOURS, axes)


def _nearest(run: AlignmentRun) -> list[list[str]]:
    texts, keys = run.test.pool()
    first = {key: at for at, key in reversed(list(enumerate(run.test.keys)))}
    words = [run.test_pairs.pairs[first[key]].texts[0] for key in keys]
    chosen = np.unique(np.linspace(0, len(run.test) - 1, min(_EXAMPLES, len(run.test))).astype(np.intp))
    likeness = cosine(run.placed[chosen], texts)
    lines = []
    for row, at in zip(likeness, chosen.tolist(), strict=True):
        pair = run.test_pairs.pairs[at]
        for place, column in enumerate(np.argsort(-row, kind="stable")[:_NEAREST].tolist()):
            is_own = keys[column] == pair.key
            shown = [spelled(pair.entity), _cut(pair.texts[0])] if place == 0 else ["", ""]
            lines.append(
                [*shown, str(place + 1) + (" (its own)" if is_own else ""), f"{row[column]:.3f}", _cut(words[column])]
            )
    return lines


def _facts(task: AlignmentTask, run: AlignmentRun) -> list[list[str]]:
    aligned, settings = run.aligned, task.settings
    return [
        ["encoder hash", task.encoder.hash],
        ["decoder hash", task.decoder.hash],
        ["hash of the side of texts", run.space.side.hash],
        ["vectors of an entity", f"{task.encoder.k} of {task.encoder.d} numbers"],
        ["projector", str(settings.projector)],
        ["alignment", str(settings.alignment)],
        ["contrast", str(settings.contrast)],
        ["steps", f"{aligned.steps:,} in {aligned.epochs} epochs; weights of epoch {aligned.best_epoch}"],
        ["batches of one key, skipped", f"{aligned.skipped:,}"],
        [
            "held out of training",
            f"{len(aligned.held_out):,} pairs" + (f", by {aligned.held_out_by}" if aligned.held_out_by else ""),
        ],
        ["temperature at the end", f"{aligned.temperature:.4f}"],
        ["training pairs left out, as their entity is to be found", f"{run.dropped:,}"],
        ["refused", f"{len(run.rejects):,}" + (f", first: {run.rejects[0].reason}" if run.rejects else "")],
    ]


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def _unit(vectors: NDArray[np.floating]) -> NDArray[np.float64]:
    given = np.asarray(vectors, dtype=np.float64)
    return np.asarray(given / np.maximum(np.linalg.norm(given, axis=1, keepdims=True), 1e-12))
