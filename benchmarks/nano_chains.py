"""Folds and designs of held-out chains by nano, beside the nearest training chain and chance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import fmean

import numpy as np
from nano_figures import SEED, Figure, load_records, share

import biomatrix as bm
from biomatrix.generation import Model
from biomatrix.metrics.superposition import tm_score
from biomatrix.tasks import task_prompt


def folding(model: Model, work: Path, limit: int, samples: int) -> Iterator[Figure]:
    """Judge folds and designs of held-out chains."""
    chains = [r.entity for r in load_records(work, "chains", ["held_out"]) if isinstance(r.entity, bm.Protein)]
    chains = [chain for chain in chains if 40 <= len(chain) <= 160 and bool(chain.resolved.all())][:limit]
    known = [r.entity for r in load_records(work, "chains", ["train"]) if isinstance(r.entity, bm.Protein)]
    tokenizer = bm.ProteinStructureTokenizer.from_pretrained()
    generator = np.random.default_rng(SEED)
    got, best, drawn, near = [], [], [], []
    lengths, free = [], []
    for chain in chains:
        prompt = task_prompt("fold_protein", {"protein_sequence": (chain, "protein_sequence")})
        asked = {"output": "protein_structure", "temperature": 0.7, "top_p": 0.95, "seed": SEED}
        answers = model.generate(prompt, length=len(chain), num_samples=samples, **asked)
        scores = [fold_score(answer.entity, chain) for answer in answers]
        got.append(fmean(scores))
        best.append(max(scores))
        lengths += [answer.entity is not None and len(answer.entity) == len(chain) for answer in answers]  # type: ignore[arg-type]
        (unbound,) = model.generate(prompt, **asked)
        free.append(isinstance(unbound.entity, bm.Protein) and len(unbound.entity) == len(chain))
        (noise,) = tokenizer.decode([generator.integers(0, tokenizer.num_codes, len(chain)).astype(np.int16)])
        drawn.append(tm_score(noise[:, 1], chain.backbone[:, 1]))  # type: ignore[index]
        near.append(fold_score(nearest_chain(chain, known), chain))
    yield Figure("fold", "TM-score to native, mean", fmean(got), fmean(drawn), fmean(near), len(chains))
    yield Figure("fold", f"TM-score to native, best of {samples}", fmean(best), None, None, len(chains))
    yield Figure("fold", "length match, asked for", share(lengths), None, None, len(lengths))
    yield Figure("fold", "length match, not asked for", share(free), None, None, len(free))
    yield from designing(model, chains, known)


def fold_score(fold: object, chain: bm.Protein) -> float:
    """Return the TM-score of a fold against a chain of the same length, 0 where there is none."""
    if not isinstance(fold, bm.Protein) or fold.backbone is None or chain.backbone is None:
        return 0.0
    size = min(len(fold), len(chain))
    padded = np.full((len(chain), 3), np.nan)
    padded[:size] = fold.backbone[:size, 1]
    return tm_score(padded, chain.backbone[:, 1])


def nearest_chain(chain: bm.Protein, known: Sequence[bm.Protein]) -> bm.Protein:
    """Return the training chain that shares most 3-residue words with a chain, among those at least as long."""
    wanted = words_of(chain.sequence)
    pool = [other for other in known if len(other) >= len(chain)]
    return max(pool, key=lambda other: sum((wanted & words_of(other.sequence)).values()) / len(other))


def words_of(sequence: str) -> Counter[str]:
    """Return the 3-residue words of a sequence with their counts."""
    return Counter(sequence[i : i + 3] for i in range(len(sequence) - 2))


def designing(model: Model, chains: Sequence[bm.Protein], known: Sequence[bm.Protein]) -> Iterator[Figure]:
    """Judge sequences designed for held-out backbones by recovery; random draws residues by frequency."""
    letters = Counter("".join(chain.sequence for chain in known))
    frequent = [letters[letter] / letters.total() for letter in letters]
    generator = np.random.default_rng(SEED)
    got, drawn = [], []
    for chain in chains:
        prompt = task_prompt("inverse_fold_protein", {"protein_structure": (chain, "protein_structure")})
        (answer,) = model.generate(prompt, output="protein_sequence", length=len(chain), greedy=True)
        guess = generator.choice(list(letters), size=len(chain), p=frequent)
        got.append(recovery(answer.entity.sequence if isinstance(answer.entity, bm.Protein) else "", chain.sequence))
        drawn.append(recovery("".join(guess), chain.sequence))
    common = letters.most_common(1)[0][0]
    constant = fmean(recovery(common * len(chain), chain.sequence) for chain in chains)
    yield Figure(
        "inverse fold",
        "recovery (nearest: the commonest residue)",
        fmean(got),
        fmean(drawn),
        constant,
        len(got),
    )


def recovery(designed: str, native: str) -> float:
    """Return the share of positions that agree."""
    return sum(a == b for a, b in zip(designed, native, strict=False)) / len(native)
