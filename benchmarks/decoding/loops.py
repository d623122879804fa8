"""Whole answers: constrained against unconstrained, many guides in a batch, and our loop against ``generate()``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from biomatrix.entities.automaton import Bounds
from biomatrix.entities.grammar import one_or_more
from biomatrix.entities.table_automaton import TableAutomaton
from biomatrix.generation.decoding import decode_jobs
from biomatrix.generation.jobs import Guide, Job
from biomatrix.generation.sampling import Sampling

from .guides import Anything, FixedToken, endless
from .timing import Seconds, in_turns


def write(
    model: Any, guides: Sequence[Guide], prompts: Sequence[tuple[int, ...]], bounds: Sequence[Bounds], seed: int = 1
) -> int:
    """Write one sample under each guide; return the number of tokens written."""
    return sum(map(len, answers(model, guides, prompts, bounds, seed)))


def answers(
    model: Any, guides: Sequence[Guide], prompts: Sequence[tuple[int, ...]], bounds: Sequence[Bounds], seed: int = 1
) -> list[list[int]]:
    """Write one sample under each guide; return the ids written."""
    jobs = jobs_of(guides, prompts, bounds, seed)
    return [list(row.ids) for row in decode_jobs(model.engine._network, jobs, len(jobs))]


def jobs_of(
    guides: Sequence[Guide], prompts: Sequence[tuple[int, ...]], bounds: Sequence[Bounds], seed: int = 1
) -> list[Job]:
    """Return a sample under each guide."""
    return [
        Job(prompt, number, guide, guide.start(bound), bound.budget, Sampling(seed=seed))
        for number, (guide, prompt, bound) in enumerate(zip(guides, prompts, bounds, strict=True))
    ]


def prompt_of(model: Any, request: str = "Fold a protein.") -> tuple[int, ...]:
    """Return the ids of a short request."""
    return tuple(model.prompt_ids(request))


def begun(model: Any, name: str) -> tuple[int, ...]:
    """Return the ids of a request for a modality, and its start token."""
    request = "Make a molecule." if name.startswith("molecule") else "Make a protein."
    return (*prompt_of(model, request), model.vocabulary.start_id(name))


def constrained(model: Any, output: str, rows: int, tokens: int, repeats: int) -> dict[str, Seconds]:
    """Return the times of as many tokens with the constraints of a modality of exact length, and without any."""
    automaton, anything = model.vocabulary.automaton(output), Anything(len(model.vocabulary))
    prompts = [prompt_of(model)] * rows

    def with_guide(guide: Guide, bounds: Bounds) -> None:
        assert write(model, [guide] * rows, prompts, [bounds] * rows) == rows * tokens

    return in_turns(
        {
            "constrained": lambda: with_guide(automaton, Bounds(tokens, tokens - 1)),
            "unconstrained": lambda: with_guide(anything, Bounds(tokens)),
        },
        repeats,
    )


def each_modality(model: Any, rows: int, tokens: int, budget: int, repeats: int) -> dict[str, Seconds]:
    """Return the times of as many tokens under the guide of each modality, and without any.

    Parameters
    ----------
    tokens : int
        What each row writes, in answers of at most ``budget`` tokens one after another.
    """
    vocabulary = model.vocabulary
    guides: dict[str, Guide] = {"unconstrained": Anything(len(vocabulary))}
    guides |= {name: endless(vocabulary.automaton(name), Bounds(budget)) for name in vocabulary.modalities}
    prompts = {name: prompt_of(model) for name in guides}
    prompts |= {name: begun(model, name) for name in vocabulary.modalities}
    runs = dict.fromkeys(guides, 0)

    def one(name: str) -> None:
        runs[name] += 1
        written = write(model, [guides[name]] * rows, [prompts[name]] * rows, [Bounds(tokens)] * rows, seed=runs[name])
        assert written == rows * tokens

    return in_turns({name: lambda name=name: one(name) for name in guides}, repeats)  # type: ignore[misc]


def requested(
    model: Any, output: str, requests: Sequence[str], rows: int, repeats: int
) -> dict[str, tuple[Seconds, int]]:
    """Return the times of whole requests with the guide of a modality and without any, and the tokens they wrote.

    A request is ``model.generate``, from words to checked entities. Each run draws by other numbers, and what was
    remembered of states stays.
    """
    runs, tokens = {"guided": 0, "unguided": 0}, {"guided": 0, "unguided": 0}

    def one(name: str) -> None:
        runs[name] += 1
        for request in requests:
            found = model.generate(
                request,
                output,
                num_samples=rows,
                seed=runs[name],
                drafts=1,
                guided=name == "guided",
                max_new_tokens=128,
            )
            tokens[name] += sum(len(answer.token_ids) - answer.given for answer in found)

    times = in_turns({name: lambda name=name: one(name) for name in runs}, repeats)  # type: ignore[misc]
    return {name: (times[name], tokens[name] // runs[name]) for name in runs}


def guided(
    model: Any, output: str, request: str, rows: int, budget: int, repeats: int
) -> dict[str, tuple[Seconds, int]]:
    """Return the times of free answers in a modality under its guide and under none but its tokens, and their tokens.

    What is remembered of states stays from run to run, each of which draws other numbers; so only the first is cold.
    """
    ids = model.vocabulary.segment_ids(output)
    plain = np.union1d(ids.plain_ids, [*ids.tokens.values()]).astype(np.int64)
    alone = TableAutomaton(
        output, ids.start_id, ids.end_id, plain, np.zeros(len(plain), dtype=np.int64), one_or_more(counted=False)
    )
    guides = {"guided": model.vocabulary.automaton(output), "its tokens alone": alone}
    prompts = [prompt_of(model, request)] * rows
    runs, tokens = dict.fromkeys(guides, 0), dict.fromkeys(guides, 0)

    def one(name: str) -> None:
        runs[name] += 1
        bounds = [Bounds(budget)] * rows
        tokens[name] += write(model, [guides[name]] * rows, prompts, bounds, seed=runs[name])

    times = in_turns({name: lambda name=name: one(name) for name in guides}, repeats)  # type: ignore[misc]
    return {name: (times[name], tokens[name] // runs[name]) for name in guides}


def many_guides(model: Any, rows: int, tokens: int, repeats: int) -> dict[str, Seconds]:
    """Return the times of batches whose rows have as many different constraints, and of one with one constraint."""
    vocabulary = model.vocabulary
    automaton = vocabulary.automaton("protein_structure")
    sequence = vocabulary.automaton("protein_sequence")
    ids = list(vocabulary.segment_ids("protein_structure").tokens.values())
    residues = list(vocabulary.segment_ids("protein_sequence").tokens.values())
    length = Bounds(tokens, tokens - 1)
    lengths = [Bounds(tokens - row % (tokens // 2), tokens - 1 - row % (tokens // 2)) for row in range(rows)]
    fixed = [FixedToken(automaton, row % (tokens - 1), ids[row % len(ids)]) for row in range(rows)]
    mixed = [
        FixedToken(automaton, row, ids[row % len(ids)]) if row % 2 else FixedToken(sequence, row % 9, residues[row % 9])
        for row in range(rows)
    ]
    prompts = [prompt_of(model)] * rows
    batches: dict[str, tuple[list[Any], list[Bounds]]] = {
        "one constraint": ([automaton] * rows, [length] * rows),
        "different lengths": ([automaton] * rows, lengths),
        "a fixed code in each": (fixed, [length] * rows),
        "a fixed code or residue in each": (mixed, [length] * rows),
    }
    return in_turns(
        {
            name: lambda guides=guides, bounds=bounds: write(model, guides, prompts, bounds)  # type: ignore[misc]
            for name, (guides, bounds) in batches.items()
        },
        repeats,
    )


def against_generate(model: Any, rows: int, tokens: int, repeats: int, spread: int) -> dict[str, Seconds]:
    """Return the times of our loop and of ``generate()``: the same weights, prompts and number of tokens.

    Parameters
    ----------
    spread : int
        Prompts are shortened by 0 to this many tokens, one after the other.
    """
    network = model.engine._network
    stock = network.stock()
    prompt = prompt_of(model)
    prompts = [prompt[row % (spread + 1) :] for row in range(rows)]
    width = len(prompt)
    place = stock.device
    ids = torch.tensor([(0,) * (width - len(each)) + each for each in prompts], device=place)
    mask = torch.tensor([[0] * (width - len(each)) + [1] * len(each) for each in prompts], device=place)
    anything = Anything(len(model.vocabulary))

    def ours(answering: Any = network) -> None:
        jobs = jobs_of([anything] * rows, prompts, [Bounds(tokens)] * rows)
        assert sum(len(row.ids) for row in decode_jobs(answering, jobs, rows)) == rows * tokens

    def theirs() -> None:
        with torch.inference_mode():
            found = stock.generate(
                ids, attention_mask=mask, do_sample=True, top_k=0, max_new_tokens=tokens, min_new_tokens=tokens,
                eos_token_id=None, pad_token_id=0,
            )  # fmt: skip
        assert found.shape == (rows, width + tokens)

    runs: dict[str, Callable[[], object]] = {"ours": ours, "generate()": theirs}
    if place.type != "cpu":
        runs["ours, their network"] = lambda: ours(stock)
    return in_turns(runs, repeats)
