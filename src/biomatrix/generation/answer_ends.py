"""How an answer ends and is seeded where another program writes it: stop tokens, and a seed of each sample's own."""

from __future__ import annotations

import hashlib

import numpy as np

from biomatrix.generation.jobs import Job
from biomatrix.vocabulary.vocabulary import Vocabulary


def stop_ids(vocabulary: Vocabulary, job: Job) -> list[int]:
    """Return the ids that end what a job writes: the end of its last output first, then those that end a turn."""
    outputs = () if job.request is None else job.request.outputs
    return list(dict.fromkeys([*(vocabulary.end_id(name) for name in outputs[-1:]), *vocabulary.ending_ids]))


def seed_of(job: Job, bits: int) -> int:
    """Return the seed of one draft of a sample, below ``2**bits``: a function of seed, prompt, sample and draft.

    Samples that follow one another have seeds that do: so vLLM seeds the choices of one request, and others may.
    """
    words = [job.sampling.seed, job.draft, *job.prompt]
    digest = hashlib.sha256(np.asarray(words, dtype=np.int64).tobytes()).digest()
    return ((int.from_bytes(digest[:8], "little") >> (64 - bits)) + job.sample) % (1 << bits)
