"""The engine over a network in this process."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any, Final

import torch

from biomatrix.errors import BioMatrixError, ConfigurationError, WeightsError
from biomatrix.generation.answers import Answer, read_answer
from biomatrix.generation.checked import checked_whole
from biomatrix.generation.completion import KnownEntities
from biomatrix.generation.decoding import MAX_ROWS, decode_jobs, stream_jobs
from biomatrix.generation.events import Event, Finished
from biomatrix.generation.heads import LastPosition, Network
from biomatrix.generation.planning import Plan, Planner, prompt_ids
from biomatrix.generation.qwen3.network import Qwen3
from biomatrix.generation.requests import Prompt, Request
from biomatrix.generation.scoring import Score
from biomatrix.generation.streaming import EventReader
from biomatrix.generation.text_automaton import TextAutomaton
from biomatrix.vocabulary.segments import Segment
from biomatrix.vocabulary.vocabulary import Vocabulary

_MOST_ROWS: Final = 1 << 20
_SCORE_ROWS: Final = 256
"""Positions whose logits are in memory at once."""


class TransformersEngine:
    """A causal language model of Transformers, and the decoding loop over it.

    A plain decoder answers in its place until someone asks for :attr:`network`; the answers are the same.

    Parameters
    ----------
    network : PreTrainedModel or Qwen3
        From stock ``AutoModelForCausalLM``, or the plain decoder.
    vocabulary : Vocabulary
        Its ids are the rows of the network's embedding.
    name : str
        For messages.

    Raises
    ------
    WeightsError
        The network has fewer embedding rows than the vocabulary has ids.
    """

    def __init__(self, network: Network, vocabulary: Vocabulary, name: str = "") -> None:
        self._network: Any = network if isinstance(network, Qwen3) else network.eval()  # type: ignore[no-untyped-call]
        self.vocabulary = vocabulary
        rows = self.num_embeddings
        if rows < len(vocabulary):
            raise WeightsError(
                f"{rows:,} embedding rows are too few for a vocabulary of {len(vocabulary):,}; "
                "the weights and the tokenizer belong to different models",
                file=name or None,
            )

    @property
    def network(self) -> Any:
        """The Transformers network; it answers from now on, so that what is done to it counts."""
        if isinstance(self._network, Qwen3):
            self._network = self._network.stock()
        return self._network

    @property
    def num_parameters(self) -> int:
        """Parameters of the network, tied ones counted once."""
        return sum(int(parameter.numel()) for parameter in self._network.parameters())

    @property
    def num_embeddings(self) -> int:
        """Rows of the embedding, padding rows included."""
        return len(LastPosition(self._network).input_rows)

    @property
    def context_length(self) -> int:
        """The most tokens of prompt and answer together."""
        return int(self._network.config.max_position_embeddings)

    def generate(self, requests: Sequence[Request], *, max_rows: int | None = None) -> list[list[Answer]]:
        """Return ``num_samples`` answers for each request; see :class:`biomatrix.generation.engine.Engine`."""
        plans = self._plans(requests)
        jobs = [job for plan in plans for job in plan.jobs]
        rows = MAX_ROWS if max_rows is None else checked_whole(max_rows, "max_rows", 1, _MOST_ROWS)
        written = decode_jobs(self._network, jobs, rows)
        openings = [plan.opening for plan in plans for _ in plan.jobs]
        whole = [(*opening, *row.ids) for opening, row in zip(openings, written, strict=True)]
        spelled = self.vocabulary.segments_each(whole, skip_special=True)
        outputs = iter(zip(written, spelled, strict=True))
        answers = []
        for plan in plans:
            entities = KnownEntities.from_request(self.vocabulary, plan.request)
            group = [
                self._answer(plan, entities, row.ids, row.logprobs, row.complete, segments)
                for row, segments in (next(outputs) for _ in plan.jobs)
            ]
            answers.append(group * (plan.request.num_samples // len(group)))
        return answers

    def stream(self, request: Request) -> Iterator[Event]:
        """Yield the answers of a request while they are written; see :mod:`biomatrix.generation.events`."""
        plan = self._planner.plan(request)
        return self._events(plan)

    def _events(self, plan: Plan) -> Iterator[Event]:
        entities = KnownEntities.from_request(self.vocabulary, plan.request)
        readers = [EventReader(self.vocabulary, entities.complete, job.sample) for job in plan.jobs]
        logprobs: list[list[float]] = [[] for _ in readers]
        for reader in readers:
            for id_ in plan.opening:
                yield from reader.read(id_)
        for token in stream_jobs(self._network, plan.jobs):
            reader = readers[token.job]
            logprobs[token.job].append(token.logprob)
            yield from reader.read(token.id)
            if token.last:
                yield from reader.flush()
                ids = reader.ids[len(plan.opening) :]
                answer = self._answer(plan, entities, ids, logprobs[token.job], token.complete)
                for sample in range(token.job, plan.request.num_samples, len(readers)):
                    yield Finished(answer, sample)

    def score(self, request: Request, continuation: Prompt) -> Score:
        """Return how likely a continuation is, in nats; embedding rows without a token take no probability."""
        before = prompt_ids(self.vocabulary, request)
        after = self.vocabulary.encode(continuation)
        if not after:
            raise ConfigurationError("the continuation is empty; nothing to score")
        self._planner.check_room(len(before), len(after), "continuation")
        positions = LastPosition(self._network)
        device = self._network.device
        ids = torch.tensor([[*before, *after]], device=device)
        mask = torch.from_numpy(self.vocabulary.mask(self.num_embeddings)).to(device)
        with torch.inference_mode():
            hidden = positions.hidden_states(ids[:, :-1])[0, len(before) - 1 :]
            labels = ids[0, len(before) :]
            parts = zip(torch.split(hidden, _SCORE_ROWS), torch.split(labels, _SCORE_ROWS), strict=True)
            logprobs = [_token_logprobs(positions.all_logits(part), mask, targets) for part, targets in parts]
        tokens = torch.cat(logprobs).cpu().tolist()
        return Score(float(sum(tokens)), tuple(tokens), tuple(after))

    @cached_property
    def _planner(self) -> Planner:
        return Planner(self.vocabulary, TextAutomaton.from_vocabulary(self.vocabulary), self.context_length)

    def _plans(self, requests: Sequence[Request]) -> list[Plan]:
        plans = []
        for number, request in enumerate(requests, start=1):
            try:
                plans.append(self._planner.plan(request))
            except BioMatrixError as error:
                raise (error.at(record=number) if len(requests) > 1 else error) from None
        return plans

    def _answer(
        self,
        plan: Plan,
        entities: KnownEntities,
        ids: Sequence[int],
        logprobs: Sequence[float],
        complete: bool,
        segments: Sequence[Segment] | None = None,
    ) -> Answer:
        return read_answer(
            self.vocabulary,
            (*plan.opening, *ids),
            output=plan.request.output,
            logprobs=(*(0.0 for _ in plan.opening), *logprobs),
            complete=complete,
            segments=segments,
            finish=entities.complete,
            notes=entities.losses,
        )


def _token_logprobs(logits: torch.Tensor, mask: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Return the log-probability of each label among the rows that are tokens, ``float64 [n]``."""
    logprobs = torch.log_softmax(logits.double().masked_fill(~mask, -torch.inf), dim=-1)
    return logprobs.gather(1, labels[:, None])[:, 0]
