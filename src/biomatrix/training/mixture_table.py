"""What samplers would make of a corpus, side by side: the share of tokens of each group, and how often it is seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from biomatrix.training.mixture import MixtureSection, sampled_tokens

if TYPE_CHECKING:
    from biomatrix.corpus.groups import DocumentGroups


@dataclass(frozen=True)
class GroupShares:
    """One group under every sampler.

    Parameters
    ----------
    name : str
        The view, task or source.
    documents, tokens : int
        What the corpus holds of it; tokens that can be predicted.
    shares : mapping of str to float
        By sampler, the share of the tokens drawn that are of this group.
    epochs : mapping of str to float
        By sampler, how often each document of it is seen within the budget.
    """

    name: str
    documents: int
    tokens: int
    shares: Mapping[str, float]
    epochs: Mapping[str, float]


def samplers(temperature: float, max_epochs: float, budget: int) -> dict[str, MixtureSection]:
    """Return one mixture of each sampler, by a name that says its setting; ``budget`` is in predicted tokens."""
    return {
        "proportional": MixtureSection(),
        f"temperature {temperature:g}": MixtureSection(sampler="temperature", temperature=temperature),
        f"unimax {max_epochs:g}": MixtureSection(sampler="unimax", max_epochs=max_epochs, budget_tokens=budget),
    }


def compared(groups: DocumentGroups, samplers: Mapping[str, MixtureSection], budget: int) -> list[GroupShares]:
    """Return the groups of a corpus under several samplers, the largest first.

    Parameters
    ----------
    groups : DocumentGroups
    samplers : mapping of str to MixtureSection
        By the name to tell them by; their own budgets are what caps hold within.
    budget : int
        The predicted tokens of the run.
    """
    drawn = {name: sampled_tokens(groups.names, groups.tokens, settings) for name, settings in samplers.items()}
    shares = {name: tokens / tokens.sum() for name, tokens in drawn.items()}
    rows = [
        GroupShares(
            group,
            int(groups.documents[index]),
            held := int(groups.tokens[index]),
            {name: float(share[index]) for name, share in shares.items()},
            {name: float(share[index]) * budget / held if held else 0.0 for name, share in shares.items()},
        )
        for index, group in enumerate(groups.names)
    ]
    return sorted(rows, key=lambda row: (-row.tokens, row.name))
