"""The contrastive loss: what repeats change and what they do not, temperature, batches of one key."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.nn.functional import normalize

from biomatrix.errors import ConfigurationError
from biomatrix.soft.alignment.losses import Contrast, ContrastSettings, Repeats, info_nce

KEYS = torch.tensor([0, 1, 0, 2, 1, 0, 3, 2])


def gradient(texts: Callable[[int], Tensor], repeats: Repeats, two_way: bool) -> tuple[float, Tensor]:
    """Return the loss and the gradient of entities, where each pair's text is that of its key and number."""
    entities = torch.randn(len(KEYS), 16, generator=torch.Generator().manual_seed(0), requires_grad=True)
    table = torch.stack([texts(number) for number in range(len(KEYS))])
    loss = info_nce(normalize(entities) @ normalize(table).T / 0.07, KEYS, two_way=two_way, repeats=repeats)
    assert loss is not None
    loss.backward()
    assert entities.grad is not None
    return float(loss.detach()), entities.grad


def identical(number: int) -> Tensor:
    return torch.randn(16, generator=torch.Generator().manual_seed(100 + int(KEYS[number])))


def paraphrased(number: int) -> Tensor:
    return identical(number) + 0.5 * torch.randn(16, generator=torch.Generator().manual_seed(200 + number))


@pytest.mark.parametrize("two_way", [True, False])
def test_with_identical_frozen_texts_repeats_as_negatives_give_the_gradient_of_several_positives(two_way: bool) -> None:
    value, found = gradient(identical, "negatives", two_way)
    wanted_value, wanted = gradient(identical, "positives", two_way)
    assert abs(value - wanted_value) < 1e-6
    assert (found - wanted).abs().max() < 2e-7 * max(1.0, float(wanted.abs().max()))


@pytest.mark.parametrize("two_way", [True, False])
def test_with_paraphrases_they_do_not(two_way: bool) -> None:
    _, found = gradient(paraphrased, "negatives", two_way)
    _, wanted = gradient(paraphrased, "positives", two_way)
    assert (found - wanted).abs().max() > 0.01 * float(wanted.abs().max())


def test_positives_are_declared_by_key_and_not_by_position() -> None:
    likeness = torch.randn(4, 4, generator=torch.Generator().manual_seed(1))
    apart = info_nce(likeness, torch.tensor([0, 1, 2, 3]))
    wanted = -(torch.log_softmax(likeness, 1).diag().mean() + torch.log_softmax(likeness.T, 1).diag().mean()) / 2
    assert apart is not None
    assert torch.allclose(apart, wanted)
    together = info_nce(likeness, torch.tensor([0, 1, 0, 3]))
    assert together is not None
    assert not torch.allclose(together, apart)


def test_one_way_reads_rows_alone() -> None:
    likeness = torch.randn(4, 4, generator=torch.Generator().manual_seed(1))
    one = info_nce(likeness, torch.arange(4), two_way=False)
    assert one is not None
    assert torch.allclose(one, -torch.log_softmax(likeness, 1).diag().mean())


def test_a_batch_of_one_key_has_no_loss() -> None:
    assert info_nce(torch.randn(3, 3), torch.tensor([5, 5, 5])) is None
    assert info_nce(torch.randn(1, 1), torch.tensor([5])) is None


def test_the_temperature_is_learned_and_stays_between_its_bounds() -> None:
    contrast = Contrast(ContrastSettings(temperature=0.5, least_temperature=0.4))
    optimiser = torch.optim.SGD(contrast.parameters(), lr=10.0)
    texts = torch.eye(4)
    loss = contrast(texts, texts, torch.arange(4))
    loss.backward()
    optimiser.step()
    assert contrast.temperature < 0.4
    contrast.bound()
    assert contrast.temperature == pytest.approx(0.4)
    fixed = Contrast(ContrastSettings(learn_temperature=False))
    assert not [p for p in fixed.parameters() if p.requires_grad]


def test_a_temperature_outside_its_bounds_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="between its bounds"):
        ContrastSettings(temperature=0.001)
