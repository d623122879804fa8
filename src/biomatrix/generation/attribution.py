"""Which tokens of a prompt mattered for an answer: integrated gradients, and occlusion by residue or atom.

Both judge the log-likelihood of one continuation against a prompt whose tokens are neutral: the mean embedding of those
that may stand there. Occlusion makes one residue or atom neutral at a time and says how far the likelihood falls.
Integrated gradients (Sundararajan et al. 2017) follow the straight line from the neutral prompt to the real one, and
add up to the difference between the two.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import torch

from biomatrix.entities.base_entity import Entity
from biomatrix.entities.kind_registry import kind_of
from biomatrix.errors import ConfigurationError, LimitError
from biomatrix.generation.checked import checked_whole
from biomatrix.generation.continuation_scores import ROWS, ContinuationScores
from biomatrix.generation.judged_tokens import JudgedTokens, ShownEntity, judged_tokens, neutral_embeddings
from biomatrix.generation.planning import prompt_ids
from biomatrix.generation.requests import Request
from biomatrix.generation.resolving import resolved
from biomatrix.progress import Progress

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from biomatrix.generation.model import Model
    from biomatrix.generation.requests import Prompt

METHODS: Final = ("occlusion", "integrated_gradients")
STEPS: Final = 64
"""Points of Gauss and Legendre along the path of integrated gradients."""
MOST_STEPS: Final = 4096
UNIT: Final = "nats: red made it likelier, blue less"
"""What the colours of a picture mean."""
_SECONDS: Final = 5.0
"""The least time between two messages of progress."""


@dataclass(frozen=True, eq=False)
class EntityAttribution:
    """What the residues or atoms of one entity of the prompt did for the answer.

    Parameters
    ----------
    entity : Entity
        As the model was shown it: atoms in the order of its tokens.
    modality : str
        How it was written.
    weights : ndarray, shape=(N,), dtype=float64
        For each residue or atom, in nats: above 0 where it made the answer likelier; NaN where no token writes it.
    """

    entity: Entity
    modality: str
    weights: NDArray[np.float64]

    def picture(self) -> str | None:
        """Return the entity as an ``<svg>`` element with its residues or atoms coloured; None where it has none."""
        return kind_of(self.entity).picture(self.entity, self.weights.tolist(), UNIT)

    def ranked(self) -> list[int]:
        """Return the residues or atoms that have a weight, the largest first."""
        known = np.flatnonzero(~np.isnan(self.weights))
        return [int(place) for place in known[np.argsort(-self.weights[known], kind="stable")]]


@dataclass(frozen=True, eq=False)
class Attribution:
    """What each token of a prompt did for one answer.

    Parameters
    ----------
    method : {"occlusion", "integrated_gradients"}
    tokens : tuple of str, length T
        The prompt, with the conversation around it.
    values : ndarray, shape=(T,), dtype=float64
        In nats: above 0 where the token made the answer likelier. NaN for tokens that are not judged: control and
        special tokens, and the words around the user's turn. By occlusion, all tokens of a residue or atom have the
        value of that.
    score, neutral : float
        Log-likelihood of the answer in nats after the prompt, and after the prompt with every judged token neutral.
    entities : tuple of EntityAttribution
        The entities of the prompt, in order.
    judged : JudgedTokens
        Where the tokens of each residue or atom stand.
    """

    method: str
    tokens: tuple[str, ...]
    values: NDArray[np.float64]
    score: float
    neutral: float
    entities: tuple[EntityAttribution, ...]
    judged: JudgedTokens

    @property
    def gap(self) -> float:
        """How far the values miss adding up to ``score - neutral``, in nats: the numerical error of integration.

        By occlusion it is no error, but what tokens do together.
        """
        return float(np.nansum(self.values)) - (self.score - self.neutral)


def attribute(
    model: Model,
    prompt: Prompt,
    continuation: Prompt,
    method: str = "occlusion",
    *,
    steps: int = STEPS,
    rows: int = ROWS,
    system: str | None = None,
    raw: bool = False,
) -> Attribution:
    """Return which tokens, residues and atoms of a prompt made a continuation likely.

    Parameters
    ----------
    model : Model
        One whose network runs in this process; its Transformers network answers from then on.
    prompt : str, Entity, or sequence
        As for :meth:`Model.generate`.
    continuation : str, Entity, or sequence
        The answer to explain, such as one that the model gave.
    method : {"occlusion", "integrated_gradients"}
    steps : int
        Of integrated gradients; see :attr:`Attribution.gap` for whether they are enough.
    rows : int
        Variants of the prompt read together; changes speed and memory only.
    system, raw
        As for :meth:`Model.generate`.

    Raises
    ------
    ConfigurationError
        Another method, or a continuation that is empty.
    LimitError
        Prompt and continuation exceed the model's context.
    UnsupportedError
        The model runs elsewhere.
    """
    if method not in METHODS:
        raise ConfigurationError(f"no attribution {method!r}; known: {', '.join(METHODS)}")
    steps, rows = checked_whole(steps, "steps", 1, MOST_STEPS), checked_whole(rows, "rows", 1, MOST_STEPS)
    vocabulary, request = model.vocabulary, Request(prompt, system=system, raw=raw)
    request = resolved(request, getattr(model.engine, "resolver", None))
    before, after = prompt_ids(vocabulary, request), vocabulary.encode(continuation)
    if not after:
        raise ConfigurationError("the continuation is empty; nothing to explain")
    if len(before) + len(after) > model.engine.context_length:
        raise LimitError(f"{len(before) + len(after):,} tokens, past the context of {model.engine.context_length:,}")
    judged = judged_tokens(vocabulary, before, vocabulary.encode(list(request.parts)))
    scores = ContinuationScores(model.network, vocabulary, after)
    real = scores.embeddings(before)
    neutral = neutral_embeddings(vocabulary, judged, scores.embedding, real)
    if method == "occlusion":
        values, units = _occluded(scores, judged, real, neutral, rows)
    else:
        values, units = _integrated(scores, judged, real, neutral, steps, rows)
    ends = scores.of_prompts([real, neutral], rows=1)
    shown = zip(judged.entities, units, strict=True)
    entities = tuple(EntityAttribution(_entity(one), str(one.segment.modality), weights) for one, weights in shown)
    tokens = tuple(vocabulary.text([id_]) for id_ in before)
    return Attribution(method, tokens, values, ends[0], ends[1], entities, judged)


def _occluded(
    scores: ContinuationScores, judged: JudgedTokens, real: torch.Tensor, neutral: torch.Tensor, rows: int
) -> tuple[NDArray[np.float64], list[NDArray[np.float64]]]:
    """Return how far the score falls without each token, and without each residue or atom of each entity."""
    groups = judged.groups
    variants = [real]
    for group in groups:
        variant = real.clone()
        variant[list(group)] = neutral[list(group)]
        variants.append(variant)
    progress = Progress("occlusion", lambda: len(variants), "variants of the prompt", every=_SECONDS)
    whole, *others = scores.of_prompts(variants, rows, progress)
    falls = {group: whole - score for group, score in zip(groups, others, strict=True)}
    values = np.full(len(real), np.nan)
    for group, fall in falls.items():
        places = list(group)
        values[places] = np.fmax(values[places], fall)
    units = [np.array([falls.get(tokens, np.nan) for tokens in one.tokens]) for one in judged.entities]
    return values, units


def _integrated(
    scores: ContinuationScores, judged: JudgedTokens, real: torch.Tensor, neutral: torch.Tensor, steps: int, rows: int
) -> tuple[NDArray[np.float64], list[NDArray[np.float64]]]:
    """Return integrated gradients of each token, and their sums by residue or atom; what writes several is divided."""
    nodes, weights = np.polynomial.legendre.leggauss(steps)
    shares, parts = (nodes + 1) / 2, weights / 2
    difference = real - neutral
    total = torch.zeros(len(real), dtype=torch.float64, device=real.device)
    progress = Progress("integrated gradients", lambda: steps, "steps", every=_SECONDS)
    for start in range(0, steps, rows):
        along = torch.tensor(shares[start : start + rows], dtype=real.dtype, device=real.device)
        path = (neutral + along[:, None, None] * difference).requires_grad_()
        (gradient,) = torch.autograd.grad(scores.of_embeddings(path).sum(), path)
        part = torch.tensor(parts[start : start + rows], dtype=torch.float64, device=real.device)
        total += ((gradient.double() * difference.double()).sum(dim=-1) * part[:, None]).sum(dim=0)
        progress.advance(len(along))
    found = total.cpu().numpy()
    values = np.full(len(real), np.nan)
    values[list(judged.places)] = found[list(judged.places)]
    return values, [_summed(one.tokens, found) for one in judged.entities]


def _summed(units: Sequence[Sequence[int]], values: NDArray[np.float64]) -> NDArray[np.float64]:
    writes = np.bincount([place for tokens in units for place in tokens] or [0], minlength=len(values))
    return np.array([sum(values[place] / writes[place] for place in tokens) if tokens else np.nan for tokens in units])


def _entity(shown: ShownEntity) -> Entity:
    if not isinstance(shown.segment.value, Entity):
        raise ConfigurationError("a segment without an entity has no residues or atoms")
    return shown.segment.value
