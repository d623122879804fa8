"""The trainable network in PyTorch; its state dict is what ``network`` reads back without PyTorch.

Legend: N atoms, L latent units.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

HEADS = ("gen_len_branch", "gen_ang_branch", "gen_tor_branch")


def mlp(inputs: int, hidden: int, outputs: int) -> nn.Sequential:
    """Return two blocks of Linear, BatchNorm and ReLU, then a Linear."""
    return nn.Sequential(
        nn.Linear(inputs, hidden),
        nn.BatchNorm1d(hidden),
        nn.ReLU(),
        nn.Linear(hidden, hidden),
        nn.BatchNorm1d(hidden),
        nn.ReLU(),
        nn.Linear(hidden, outputs),
    )


class Quantizer(nn.Module):
    """A codebook; gradients pass through the choice of a code unchanged.

    Parameters
    ----------
    num_codes, latent : int
        The shape of the codebook.
    """

    def __init__(self, num_codes: int, latent: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(num_codes, latent)

    def nearest(self, latents: Tensor) -> Tensor:
        """Return the code nearest to each latent [N, L], ``int64 [N]``."""
        rows = self.embedding.weight
        return torch.argmin(0.5 * (rows * rows).sum(dim=1) - latents @ rows.T, dim=1)


class CodeModel(nn.Module):
    """Encoder, codebook and branch decoder.

    Parameters
    ----------
    num_codes, hidden, latent : int
        Size of the codebook, of the hidden layers and of the latents.
    """

    def __init__(self, num_codes: int = 512, hidden: int = 64, latent: int = 64) -> None:
        super().__init__()
        self.encoder = mlp(4, hidden, latent)
        self.quantizer = Quantizer(num_codes, latent)
        branches = {name: mlp(latent, hidden, 1) for name in HEADS} | {"sign_branch": mlp(latent, hidden, 3)}
        self.multi_head_decoder = nn.ModuleDict(branches)

    def decode(self, latents: Tensor) -> tuple[Tensor, Tensor]:
        """Return normalised (r, theta, abs phi) [N, 3] and logits of the signs -1, 0, +1 [N, 3] of latents [N, L]."""
        heads = [self.multi_head_decoder[name](latents) for name in HEADS]
        return torch.cat(heads, dim=1), self.multi_head_decoder["sign_branch"](latents)
