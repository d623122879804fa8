"""oneDNN computes the same linear maps, and only where no gradients are asked for."""

from __future__ import annotations

import pytest
import torch

from biomatrix.entities.protein.structure.gcp_vqvae.linear import Linear, linear, onednn


@pytest.mark.parametrize("shape", [(7,), (0, 7), (3, 7), (2, 5, 7), (4, 2, 5, 7)])
@pytest.mark.parametrize("bias", [True, False])
def test_the_same_product_either_way(shape: tuple[int, ...], bias: bool) -> None:
    torch.manual_seed(0)
    layer, x = Linear(7, 11, bias=bias), torch.randn(shape)
    with torch.inference_mode():
        ours = layer(x)
        with onednn(False):
            plain = layer(x)
    assert ours.shape == plain.shape == (*shape[:-1], 11)
    torch.testing.assert_close(ours, plain, atol=1e-5, rtol=1e-5)
    assert torch.equal(plain, torch.nn.functional.linear(x, layer.weight, layer.bias))


def test_views_that_are_not_contiguous() -> None:
    x, weight = torch.randn(5, 9, 3).transpose(1, 2), torch.randn(4, 9, 1)[:, :, 0]
    with torch.inference_mode():
        torch.testing.assert_close(linear(x, weight), x @ weight.T, atol=1e-5, rtol=1e-5)


def test_gradients_flow_where_they_are_wanted() -> None:
    layer = Linear(7, 11)
    layer(torch.randn(3, 7)).sum().backward()
    assert layer.weight.grad is not None
