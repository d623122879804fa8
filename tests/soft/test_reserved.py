"""Three ways to the same logits: places below 0, a reserved token, and embeddings made by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import Qwen3Config, Qwen3ForCausalLM

from biomatrix.errors import ConfigurationError, VocabularyError
from biomatrix.generation import load
from biomatrix.generation.qwen3.cache import KeyValues
from biomatrix.generation.qwen3.opening import open_plain
from biomatrix.generation.splicing import spliced as spliced_prompt
from biomatrix.generation.vectors import VECTORS
from biomatrix.soft.reserved import reserved_embeddings, reserved_id, with_reserved
from biomatrix.soft.splicing import spliced, vectors_of

WIDTH, RESERVED = 32, 49


@pytest.fixture(scope="module")
def network() -> Qwen3ForCausalLM:
    torch.manual_seed(0)
    config = Qwen3Config(
        vocab_size=50,
        hidden_size=WIDTH,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=8,
        max_position_embeddings=64,
        tie_word_embeddings=True,
    )
    return Qwen3ForCausalLM(config).eval()


DOCUMENTS = ([4, -1, -2, 9], [5, 6, 7, -3, 8, 11, -1], [12, 13])
LAYOUTS = ("one", "left", "right", "packed")


def laid_out(layout: str) -> tuple[torch.Tensor, dict[str, Any]]:
    """Return rows of the documents and what a network is told of them besides."""
    if layout == "packed":  # as the trainer packs: one row, positions that start again at 0
        ids = torch.tensor([[id_ for document in DOCUMENTS for id_ in document]])
        positions = torch.cat([torch.arange(len(document)) for document in DOCUMENTS])[None]
        return ids, {"position_ids": positions, "use_cache": False}
    documents = DOCUMENTS[:1] if layout == "one" else DOCUMENTS
    width = max(map(len, documents))
    ids, mask = torch.zeros(2, len(documents), width, dtype=torch.int64)
    for row, document in enumerate(documents):
        where = slice(width - len(document), width) if layout == "left" else slice(0, len(document))
        ids[row, where], mask[row, where] = torch.tensor(document), 1
    return ids, {"attention_mask": mask, "position_ids": (mask.cumsum(1) - 1).clamp(min=0)}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_way_gives_the_same_logits(network: Qwen3ForCausalLM, layout: str) -> None:
    torch.manual_seed(1)
    vectors = torch.randn(3, WIDTH)
    ids, told = laid_out(layout)
    by_hand = network.get_input_embeddings()(ids.clamp(min=0))
    by_hand[ids < 0] = vectors[-1 - ids[ids < 0]]
    rows = [with_reserved(row, RESERVED) for row in ids.tolist()]
    reserved = torch.tensor([row for row, _ in rows])
    own = [vectors[[-1 - id_ for id_ in places]] for _, places in rows]
    with torch.no_grad():
        wanted = network(inputs_embeds=by_hand, **told).logits
        with spliced(network, vectors_of(vectors)):
            places = network(input_ids=ids, **told).logits
        embedded = reserved_embeddings(network, reserved, RESERVED, own)
        second = network(inputs_embeds=embedded, **told).logits
    real = told.get("attention_mask", torch.ones_like(ids)).bool()
    torch.testing.assert_close(places[real], wanted[real], atol=1e-5, rtol=0)
    torch.testing.assert_close(second[real], wanted[real], atol=1e-5, rtol=0)
    alone = [network(inputs_embeds=by_hand_of(network, document, vectors)).logits[0] for document in DOCUMENTS]
    found = wanted[real]  # a document reads nothing of its neighbours, however it is laid out
    torch.testing.assert_close(found, torch.cat(alone)[: len(found)], atol=1e-5, rtol=0)


def by_hand_of(network: Qwen3ForCausalLM, document: list[int], vectors: torch.Tensor) -> torch.Tensor:
    table = network.get_input_embeddings().weight
    return torch.stack([vectors[-1 - id_] if id_ < 0 else table[id_] for id_ in document])[None]


@pytest.mark.parametrize("layout", ["one", "left"])
def test_the_plain_decoder_gives_them_too(network: Qwen3ForCausalLM, layout: str, tmp_path: Path) -> None:
    torch.manual_seed(1)
    vectors = torch.randn(3, WIDTH)
    network.save_pretrained(tmp_path)
    plain = open_plain(tmp_path, torch.float32)
    assert plain is not None
    placed = VECTORS.place(b"three", vectors.numpy())
    ids, told = laid_out(layout)
    given = torch.tensor([[placed.ids[-1 - id_] if id_ < 0 else id_ for id_ in row] for row in ids.tolist()])
    with torch.inference_mode(), spliced(network, vectors_of(vectors)):
        embedded = spliced_prompt(given, lambda known: torch.nn.functional.embedding(known, plain.embedding))
        hidden = plain(None, told["attention_mask"], told["position_ids"], KeyValues(), embedded)
        wanted = network.model(input_ids=ids, **told).last_hidden_state
    real = told["attention_mask"].bool()
    torch.testing.assert_close(hidden[real], wanted[real], atol=1e-5, rtol=0)


def test_places_and_vectors_are_counted_before_the_network_runs(network: Qwen3ForCausalLM) -> None:
    ids = torch.tensor([[4, RESERVED, 5], [RESERVED, RESERVED, 6]])
    with pytest.raises(ConfigurationError, match="record 2: 2 places"):
        reserved_embeddings(network, ids, RESERVED, [torch.randn(1, WIDTH), torch.randn(1, WIDTH)])
    with pytest.raises(ConfigurationError, match="2 rows and the vectors of 1"):
        reserved_embeddings(network, ids, RESERVED, [torch.randn(3, WIDTH)])
    with pytest.raises(ConfigurationError, match="stands there without a vector"):
        with_reserved([4, RESERVED, -1], RESERVED)


def test_only_a_token_without_a_meaning_is_reserved() -> None:
    vocabulary = load("nano").vocabulary
    assert vocabulary.ending_ids
    for token in ("C", "<|im_end|>", "<|nothing|>"):
        with pytest.raises(VocabularyError):
            reserved_id(vocabulary, token)
    assert reserved_id(vocabulary, "<|im_start|>") not in vocabulary.encode_text("<|im_start|>")
