"""Ids below 0 in a stock network: the same logits as embeddings given from outside, and nothing else changed."""

from __future__ import annotations

import pytest
import torch
from transformers import Qwen3Config, Qwen3ForCausalLM

from biomatrix.errors import ConfigurationError
from biomatrix.soft.projector import Projector, ProjectorSettings
from biomatrix.soft.splicing import SplicedEmbedding, splice, spliced, unsplice, vectors_of
from biomatrix.soft.vector_rows import VectorRows

WIDTH = 32


@pytest.fixture
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


def test_logits_are_those_of_embeddings_given_from_outside(network: Qwen3ForCausalLM) -> None:
    vectors = torch.randn(3, WIDTH)
    ids = torch.tensor([[4, -1, -3, 9, 10], [5, 6, 7, -2, -2]])
    embedded = network.get_input_embeddings()(ids.clamp(min=0))
    embedded[ids < 0] = vectors[-1 - ids[ids < 0]]
    with torch.no_grad():
        wanted = network(inputs_embeds=embedded).logits
        with spliced(network, vectors_of(vectors)):
            found = network(input_ids=ids).logits
    torch.testing.assert_close(found, wanted, atol=1e-5, rtol=0)


def test_the_network_is_as_before_where_no_vector_stands(network: Qwen3ForCausalLM) -> None:
    ids = torch.tensor([[4, 5, 6]])
    names, before = sorted(network.state_dict()), network(ids).logits
    embedding = network.get_input_embeddings()
    new = splice(network, vectors_of(torch.randn(1, WIDTH)))
    assert isinstance(network.get_input_embeddings(), SplicedEmbedding)
    assert new.weight is embedding.weight is network.lm_head.weight
    assert sorted(network.state_dict()) == names
    assert torch.equal(network(ids).logits, before)
    unsplice(network)
    assert not isinstance(network.get_input_embeddings(), SplicedEmbedding)
    assert network.get_input_embeddings().weight is embedding.weight
    assert torch.equal(network(ids).logits, before)


def test_gradients_reach_the_projector_and_the_embedding_keeps_its_own(network: Qwen3ForCausalLM) -> None:
    projector = Projector(5, WIDTH, 1.0, ProjectorSettings(2, 8, learned=1))
    rows = VectorRows()
    ids = rows.add(torch.randn(2, 2, 5).numpy(), projector)
    assert ids.tolist() == [[-1, -2, -3], [-4, -5, -6]]
    splice(network, rows, trained=True)
    assert any(name.endswith("projectors.0.learned") for name, _ in network.named_parameters())
    batch = torch.tensor([[4, *ids[0].tolist(), 9], [4, *ids[1].tolist(), 9]])
    network(input_ids=batch, labels=batch.clamp(min=1)).loss.backward()
    assert all(p.grad is not None and bool(p.grad.any()) for p in projector.parameters())


def test_a_set_of_rows_gives_what_its_projector_gives_in_any_order(network: Qwen3ForCausalLM) -> None:
    torch.manual_seed(1)
    one, other = Projector(5, WIDTH, 1.0, ProjectorSettings(learned=1)), Projector(3, WIDTH, 2.0)
    first, second = torch.randn(4, 1, 5), torch.randn(3, 2, 3)
    rows = VectorRows()
    a, b = rows.add(first.numpy(), one.eval()), rows.add(second.numpy(), other.eval())
    wanted = {int(a[i, 0]): one(first[i, 0]) for i in range(4)} | {
        int(a[i, 1]): one.learned_vectors()[0] for i in range(4)
    }
    wanted |= {int(b[i, j]): other(second[i, j]) for i in range(3) for j in range(2)}
    order = torch.randperm(len(rows)).sub(len(rows))
    for id_, vector in zip(order.tolist(), rows(order), strict=True):
        torch.testing.assert_close(vector, wanted[id_], atol=1e-6, rtol=0)


def test_a_position_without_a_vector_is_refused(network: Qwen3ForCausalLM) -> None:
    rows = VectorRows()
    with pytest.raises(ConfigurationError, match="2 axes"):  # a batch of entities read as one sample with many tokens
        rows.add(torch.randn(2, 5).numpy(), Projector(5, WIDTH, 1.0))
    with pytest.raises(ConfigurationError, match="5 numbers a vector, not 4"):
        rows.add(torch.randn(2, 1, 4).numpy(), Projector(5, WIDTH, 1.0))
    for given in (rows, vectors_of(torch.randn(0, WIDTH))):
        with spliced(network, given), pytest.raises(ConfigurationError, match="asks for vector 0, and there are 0"):
            network(torch.tensor([[4, -1]]))
