"""The writer over vLLM in this process; vLLM may use further processes of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import count
from typing import TYPE_CHECKING, Any, ClassVar

from biomatrix.errors import ConfigurationError, UnsupportedError
from biomatrix.generation.adapters.guide_descriptions import describe
from biomatrix.generation.adapters.vllm_base import MISSING
from biomatrix.generation.adapters.vllm_rows import ARGUMENT
from biomatrix.generation.answer_ends import seed_of, stop_ids
from biomatrix.generation.jobs import Job, Token, Written
from biomatrix.generation.vectors import has_vectors
from biomatrix.vocabulary.vocabulary import Vocabulary

if TYPE_CHECKING:
    from torch import Tensor

_SEED_BITS = 63


class VllmWriter:
    """Writes jobs with a ``vllm.LLM`` that has loaded the constraint processor of its model runner.

    Parameters
    ----------
    llm : vllm.LLM
        It schedules its own batches, so ``max_rows`` has no effect.
    vocabulary : Vocabulary
        Of its model.
    embeddings : callable, optional
        Returns the weights of its model's input embedding, ``[V, D]``; called once, for the first prompt with vectors.
        Such prompts go to vLLM as embeddings, for which it is opened with ``enable_prompt_embeds=True``.
    """

    reads_vectors: ClassVar[bool] = True

    def __init__(self, llm: Any, vocabulary: Vocabulary, embeddings: Callable[[], Tensor] | None = None) -> None:
        try:
            import vllm
        except ModuleNotFoundError as error:
            raise ConfigurationError(MISSING) from error
        self._vllm: Any = vllm
        self._llm = llm
        self._vocabulary = vocabulary
        self._numbers = count()
        self._embeddings = embeddings
        self._table: Tensor | None = None

    def write(self, jobs: Sequence[Job], max_rows: int) -> list[Written]:
        """Return what each job wrote, in order."""
        if not jobs:
            return []
        settings = [self._settings(job) for job in jobs]
        prompts = [self._prompt(job.prompt) for job in jobs]
        outputs = self._llm.generate(prompts, settings, use_tqdm=False)
        return [self._written(job, output.outputs[0]) for job, output in zip(jobs, outputs, strict=True)]

    def stream(self, jobs: Sequence[Job]) -> Iterator[Token]:
        """Yield every id of every job as it is chosen; what is still being written ends with the iterator."""
        engine = self._llm.llm_engine
        numbers = {f"biomatrix-{next(self._numbers)}": number for number in range(len(jobs))}
        told = dict.fromkeys(numbers, 0)
        try:
            for name, number in numbers.items():
                prompt = self._prompt(jobs[number].prompt)
                engine.add_request(name, prompt, self._settings(jobs[number]))
            while told:
                for output in engine.step():
                    name = output.request_id
                    if name not in told:
                        continue
                    written = self._written(jobs[numbers[name]], output.outputs[0])
                    yield from self._new(written, numbers[name], told[name], over=output.finished)
                    told[name] = len(written.ids)
                    if output.finished:
                        del told[name]
        finally:
            if told:
                engine.abort_request(list(told))

    def token_logprobs(self, prompt: Sequence[int], continuation: Sequence[int]) -> list[float]:
        """Return the log-probability in nats of each id of a continuation, among all rows of the embedding."""
        ids = [*prompt, *continuation]
        if has_vectors(prompt):
            raise UnsupportedError(
                "vLLM tells no log-probabilities of a prompt of embeddings; score with another engine"
            )
        settings = self._vllm.SamplingParams(max_tokens=1, temperature=0.0, prompt_logprobs=0, detokenize=False)
        (output,) = self._llm.generate([{"prompt_token_ids": ids}], [settings], use_tqdm=False)
        if output.prompt_logprobs is None or len(output.prompt_logprobs) != len(ids):
            raise UnsupportedError("this vLLM returned no log-probabilities of the prompt; score with another engine")
        places = range(len(prompt), len(ids))
        return [float(output.prompt_logprobs[place][ids[place]].logprob) for place in places]

    def _prompt(self, ids: Sequence[int]) -> dict[str, Any]:
        """Return a prompt as vLLM takes it: ids, or ``[T, D]`` embeddings where some are places of vectors.

        Raises
        ------
        ConfigurationError
            vLLM was opened without prompts of embeddings, or the model's table is not known here.
        """
        if not has_vectors(ids):
            return {"prompt_token_ids": list(ids)}
        config = self._llm.llm_engine.model_config
        if not getattr(config, "enable_prompt_embeds", False) or self._embeddings is None:
            raise ConfigurationError(
                "vLLM reads vectors in a prompt where it is opened with enable_prompt_embeds=True, by VllmEngine"
                ".from_pretrained"
            )
        if self._table is None:
            self._table = self._embeddings()
        import torch

        from biomatrix.generation.splicing import spliced

        embedded = spliced(torch.tensor([list(ids)]), self._table.__getitem__)
        assert embedded is not None
        kind = getattr(config, "dtype", None)
        return {"prompt_embeds": embedded[0].to(kind) if isinstance(kind, torch.dtype) else embedded[0]}

    def _settings(self, job: Job) -> Any:
        """Return the sampling parameters of a job, its guide told to the processor."""
        if job.request is None:
            raise ConfigurationError("a job for vLLM names its request, by which the workers make its guide")
        greedy = job.sampling.is_greedy
        return self._vllm.SamplingParams(
            temperature=0.0 if greedy else job.sampling.temperature,
            top_p=1.0 if greedy else job.sampling.top_p,
            seed=None if greedy else seed_of(job, _SEED_BITS),
            max_tokens=job.budget,
            stop_token_ids=stop_ids(self._vocabulary, job),
            logprobs=0,
            detokenize=False,
            extra_args={ARGUMENT: describe(job.request, job.budget)},
        )

    def _written(self, job: Job, output: Any) -> Written:
        ids = tuple(int(id_) for id_ in output.token_ids)
        logprobs = tuple(float(each[id_].logprob) for id_, each in zip(ids, output.logprobs or (), strict=False))
        missing = (float("nan"),) * (len(ids) - len(logprobs))
        complete = bool(ids) and ids[-1] in stop_ids(self._vocabulary, job)
        return Written(ids, (*logprobs, *missing), complete)

    def _new(self, written: Written, number: int, told: int, *, over: bool) -> Iterator[Token]:
        """Yield the ids of a job that were not told yet."""
        for place in range(told, len(written.ids)):
            last = over and place == len(written.ids) - 1
            yield Token(number, written.ids[place], written.logprobs[place], last, last and written.complete)
