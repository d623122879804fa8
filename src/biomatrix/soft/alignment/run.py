"""A whole run of stage 1: encode, align, judge beside the controls, and keep it all in one folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
import torch

from biomatrix.entities.encoder import Encoder
from biomatrix.entities.rejects import Reject
from biomatrix.errors import ConfigurationError
from biomatrix.soft.alignment.decoder import Decoder
from biomatrix.soft.alignment.encoded import encoded_pairs, side_of, with_known_texts
from biomatrix.soft.alignment.fitting import FitSettings, new_projector, start_from_ridge
from biomatrix.soft.alignment.judging import (
    LEFT_OUT,
    RANDOM_TEXTS,
    SHUFFLED,
    UNTRAINED,
    Row,
    Side,
    judge,
    left_out_rows,
    verdict,
)
from biomatrix.soft.alignment.loop import Aligned, align_projector
from biomatrix.soft.alignment.objectives import Autoregressive, ContrastiveEmbedding, ContrastiveHidden, Objective
from biomatrix.soft.alignment.pairs import PairSet, key_numbers
from biomatrix.soft.alignment.text_sides import open_text_side
from biomatrix.soft.alignment.text_space import TextSpace
from biomatrix.soft.alignment.texts import apart_from
from biomatrix.soft.projector import Projector
from biomatrix.soft.projector_record import ProjectorRecord

if TYPE_CHECKING:
    from numpy.typing import NDArray

Goal = Literal["embedding", "hidden", "autoregressive"]
GOALS: Final[tuple[Goal, ...]] = ("embedding", "hidden", "autoregressive")
BEFORE: Final = "Describe "
BETWEEN: Final = ": "
MOST_LEFT_OUT: Final = 30
"""Keys up to which each is left out of training in turn; a projector is trained for each."""
_RUN: Final = "run"
TRAINED_APART: Final = (SHUFFLED, RANDOM_TEXTS, UNTRAINED)
"""Rows whose projector is trained or placed in embedding space whatever the goal, which then must be said."""


@dataclass(frozen=True)
class AlignmentTask:
    """What is to be aligned with what.

    Parameters
    ----------
    train, test : PairSet
        Pairs to fit and pairs to find.
    encoder : Encoder
        Opened by :func:`~biomatrix.soft.encoders.open_encoder`, so that its line of text is known.
    decoder : Decoder
    texts : str
        The side of texts; see :func:`~biomatrix.soft.alignment.text_sides.open_text_side`.
    goal : {"embedding", "hidden", "autoregressive"}
    settings : FitSettings
    controls : bool
        False leaves out the controls that are trained, for a first look; the report says so.
    cache : Path, optional
        For the vectors of entities.
    unread : sequence of Reject
        Rows of the files that became no pair.
    """

    train: PairSet
    test: PairSet
    encoder: Encoder
    decoder: Decoder
    texts: str = "tfidf"
    goal: Goal = "embedding"
    settings: FitSettings = field(default_factory=FitSettings)
    controls: bool = True
    cache: Path | None = None
    unread: Sequence[Reject] = ()


@dataclass(frozen=True, eq=False)
class AlignmentRun:
    """What came of it.

    Parameters
    ----------
    projector : Projector
        With its record.
    space : TextSpace
    aligned : Aligned
    rows : list of Row
        The aligned projector first.
    told : str
        What the table says, in a sentence.
    train_pairs, test_pairs : PairSet
        Those that have vectors.
    train, test : Side
    placed, before : ndarray, shape=(m, D), dtype=float32
        Where the test's entities lie, after alignment and before it.
    dropped : int
        Training pairs left out because their entity is to be found.
    rejects : list of Reject
        Of files and of the encoder.
    """

    projector: Projector
    space: TextSpace
    aligned: Aligned
    rows: list[Row]
    told: str
    train_pairs: PairSet
    test_pairs: PairSet
    train: Side
    test: Side
    placed: NDArray[np.float32]
    before: NDArray[np.float32]
    dropped: int
    rejects: list[Reject]


def run_alignment(task: AlignmentTask, folder: Path | None = None) -> AlignmentRun:
    """Align a projector and judge it.

    Parameters
    ----------
    task : AlignmentTask
    folder : Path, optional
        For checkpoints; a run that was stopped there goes on.

    Raises
    ------
    ConfigurationError
        No pairs are left, or settings contradict each other.
    """
    kept, dropped = apart_from(task.train, task.test)
    if not len(kept):
        raise ConfigurationError("every entity to train on is one to find; give other rows for one of them")
    train_pairs, train_vectors, rejects = encoded_pairs(kept, task.encoder, task.cache)
    test_pairs, test_vectors, test_rejects = encoded_pairs(task.test, task.encoder, task.cache)
    settings = replace(task.settings, length=task.decoder.length)
    space = _space(task, train_pairs)
    train_pairs, train_vectors, train_unknown = with_known_texts(train_pairs, train_vectors, space.side)
    test_pairs, test_vectors, test_unknown = with_known_texts(test_pairs, test_vectors, space.side)
    train, test = side_of(train_pairs, train_vectors, space), side_of(test_pairs, test_vectors, space)
    numbers = key_numbers(train.keys)
    objective = _objective(task, train_pairs, train, numbers, space)
    projector = new_projector(train_vectors, task.decoder.embeddings.width, settings)
    before = _placed(objective, projector.eval(), test_vectors)
    if settings.from_ridge:
        start_from_ridge(projector, train_vectors, train.keys, train.table, settings.alignment.seed)
    place_for_run = None if folder is None else folder / _RUN
    aligned = align_projector(projector, train_vectors, numbers, objective, settings.alignment, place_for_run)

    def place(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        return _placed(objective, projector, vectors)

    rows = judge(train, test, place, settings, controls=task.controls)
    if task.goal != "embedding":
        rows = [replace(row, note=_with_note(row)) if row.name in TRAINED_APART else row for row in rows]
    if task.controls and task.goal == "embedding" and 3 <= len(set(train.keys)) <= MOST_LEFT_OUT:
        rows += left_out_rows(train, test, settings)
    projector.record = _record(task, train_pairs, rows, aligned)
    told = verdict(rows, train.keys, test.keys)
    return AlignmentRun(
        projector, space, aligned, rows, told, train_pairs, test_pairs, train, test, place(test_vectors), before,
        dropped, [*task.unread, *rejects, *test_rejects, *train_unknown, *test_unknown],
    )  # fmt: skip


def _with_note(row: Row) -> str:
    return "; ".join(filter(None, (row.note, "by contrast of projected vectors, not through the decoder")))


def _space(task: AlignmentTask, pairs: PairSet) -> TextSpace:
    side = task.decoder.states if task.goal == "hidden" else open_text_side(task.texts, task.decoder)
    toward = None if task.goal == "hidden" else task.decoder.embeddings
    return TextSpace.fit(side, [text for pair in pairs.pairs for text in pair.texts], toward)


def _objective(
    task: AlignmentTask, pairs: PairSet, side: Side, numbers: NDArray[np.int64], space: TextSpace
) -> Objective:
    table, contrast = side.table, task.settings.contrast
    if task.goal == "embedding":
        return ContrastiveEmbedding(table.vectors, table.wordings, numbers, contrast)
    vocabulary = task.decoder.vocabulary
    before = vocabulary.encode_text(BEFORE)
    if task.goal == "hidden":
        return ContrastiveHidden(
            task.decoder.network, before, table.vectors, table.wordings, numbers, contrast, space.mean
        )
    told = [[*vocabulary.encode_text(text), *vocabulary.ending_ids[:1]] for text in table.texts]
    return Autoregressive(task.decoder.network, before, vocabulary.encode_text(BETWEEN), told, table.wordings)


def _placed(objective: Objective, projector: Projector, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    with torch.no_grad():
        parts = [objective.anchors(projector, one) for one in torch.split(torch.from_numpy(vectors), 256)]
    found: NDArray[np.float32] = torch.cat(parts).float().numpy()
    return found


def _record(task: AlignmentTask, train: PairSet, rows: Sequence[Row], aligned: Aligned) -> ProjectorRecord:
    encoder = task.encoder
    figures = {
        f"{way}_{name}": value for way, found in rows[0].found.items() for name, value in found.figures().items()
    }
    figures |= {f"control_{row.name}_to_text_recall_1": row.found["to_text"].within[1] for row in rows[1:]}
    figures |= {name: float(value) for name, value in asdict(aligned).items() if name in ("steps", "skipped", "loss")}
    kept = {name: float(value) for name, value in figures.items() if np.isfinite(value)}
    unseen = next((row for row in rows if row.name == LEFT_OUT), None)
    note = "" if unseen is None else f"; keys left out in turn: {unseen.found['to_text'].within[1]:.3f}"
    return ProjectorRecord(
        kind=encoder.kind,
        encoder=encoder.spec or type(encoder).__name__,
        encoder_hash=encoder.hash,
        decoder_hash=task.decoder.hash,
        k=encoder.k,
        d=encoder.d,
        width=task.decoder.embeddings.width,
        training_data=(f"{train.origin}: {len(train):,} pairs; texts as {task.texts}; {task.goal}{note}",),
        figures=kept,
    )
