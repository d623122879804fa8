"""Answers of a network in memory, greedily, as stock Transformers writes them: for measuring while a run stands.

Legend of shapes: B questions of a batch, T tokens, V rows of the output table.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from biomatrix.vocabulary import Vocabulary

BATCH: Final = 64


@torch.no_grad()
def written_answers(
    model: PreTrainedModel,
    vocabulary: Vocabulary,
    questions: Sequence[Sequence[int]],
    max_new_tokens: int,
    batch_size: int = BATCH,
) -> list[str]:
    """Return the likeliest continuation of each question, up to the end of its turn, as text.

    Parameters
    ----------
    model : PreTrainedModel
        Its embedding reads the ids below 0, where questions hold such.
    vocabulary : Vocabulary
    questions : sequence of sequence of int
        As :func:`biomatrix.soft.tuning.documents.question_ids` gives them.
    max_new_tokens : int
        The longest answer; one that does not end by then is given as far as it goes.
    batch_size : int
        Questions answered together; changes nothing but the speed.
    """
    network: Any = model
    network.eval()
    places: dict[tuple[int, ...], list[int]] = {}
    for number, question in enumerate(questions):
        places.setdefault(tuple(question), []).append(number)
    distinct = list(places)  # what is asked twice is answered once: without its entity, every question is the same
    found: list[str] = [""] * len(questions)
    for numbers in _by_length(distinct, batch_size):
        ids, mask = _left_padded([distinct[number] for number in numbers], vocabulary.pad_id or 0)
        written = network.generate(
            input_ids=ids.to(network.device),
            attention_mask=mask.to(network.device),
            max_new_tokens=max_new_tokens,
            do_sample=False,
            pad_token_id=vocabulary.pad_id or 0,
            eos_token_id=vocabulary.ending_ids,
        )
        for number, row in zip(numbers, written[:, ids.shape[1] :].tolist(), strict=True):
            text = vocabulary.text(_before_end(row, vocabulary.ending_ids))
            for place in places[distinct[number]]:
                found[place] = text
    return found


@torch.no_grad()
def first_token_logprobs(
    model: PreTrainedModel, vocabulary: Vocabulary, questions: Sequence[Sequence[int]], batch_size: int = BATCH
) -> NDArray[np.float32]:
    """Return the log-probabilities of what an answer begins with, ``float32 [len(questions), V]`` in nats."""
    network: Any = model
    network.eval()
    rows: dict[int, NDArray[np.float32]] = {}
    for numbers in _by_length(questions, batch_size):
        ids, mask = _left_padded([questions[number] for number in numbers], vocabulary.pad_id or 0)
        positions = (mask.cumsum(-1) - 1).clamp(min=0)
        logits = network(
            input_ids=ids.to(network.device),
            attention_mask=mask.to(network.device),
            position_ids=positions.to(network.device),
        ).logits[:, -1]
        for number, row in zip(numbers, torch.log_softmax(logits.float(), -1).cpu().numpy(), strict=True):
            rows[number] = row
    return np.stack([rows[number] for number in range(len(questions))])


def _by_length(questions: Sequence[Sequence[int]], size: int) -> list[list[int]]:
    """Return batches of the numbers of questions, those of like length together."""
    order = sorted(range(len(questions)), key=lambda number: len(questions[number]))
    return [order[at : at + size] for at in range(0, len(order), size)]


def _left_padded(rows: Sequence[Sequence[int]], pad: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return ids and a mask of what is no padding, both ``int64 [B, T]``."""
    width = max(map(len, rows))
    ids = torch.tensor([[pad] * (width - len(row)) + list(row) for row in rows])
    mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in rows])
    return ids, mask


def _before_end(ids: Sequence[int], ends: Sequence[int]) -> list[int]:
    """Return the ids before the first that ends an answer."""
    stop = next((place for place, id_ in enumerate(ids) if id_ in ends), len(ids))
    return list(ids[:stop])
