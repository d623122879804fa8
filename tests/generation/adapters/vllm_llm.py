"""``vllm.LLM`` over a network of Transformers: its arguments, its outputs and its loop, one step for all requests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import torch

from biomatrix.generation.loading import open_engine

from .vllm_standin import BatchUpdate, Running, loaded


@dataclass
class SamplingParams:
    """The parameters that exist; others are refused, as vLLM refuses them."""

    temperature: float = 1.0
    top_p: float = 1.0
    seed: int | None = None
    max_tokens: int | None = 16
    stop_token_ids: list[int] | None = None
    logprobs: int | None = None
    prompt_logprobs: int | None = None
    detokenize: bool = True
    extra_args: dict[str, Any] | None = None


@dataclass
class Request:
    name: str
    running: Running
    settings: SamplingParams
    draws: torch.Generator
    logprobs: list[dict[int, Any]] = field(default_factory=list)
    prompt_logprobs: list[dict[int, Any] | None] | None = None
    embeds: torch.Tensor | None = None

    def output(self) -> Any:
        one = SimpleNamespace(token_ids=list(self.running.written), logprobs=list(self.logprobs))
        return SimpleNamespace(
            request_id=self.name, outputs=[one], finished=self.running.over, prompt_logprobs=self.prompt_logprobs
        )


class Engine:
    """``llm.llm_engine``."""

    def __init__(self, model: str, logits_processors: Sequence[str], *, enable_prompt_embeds: bool) -> None:
        opened = open_engine(model)
        self.network = opened.network
        self.model_config = SimpleNamespace(
            max_model_len=opened.context_length,
            model=model,
            tokenizer=model,
            enable_prompt_embeds=enable_prompt_embeds,
            dtype=torch.float32,
        )
        config = SimpleNamespace(model_config=self.model_config)
        self.processors = [loaded(name)(config, torch.device("cpu"), False) for name in logits_processors]
        self.requests: list[Request] = []
        self.aborted: list[str] = []

    def add_request(self, request_id: str, prompt: dict[str, Any], params: SamplingParams) -> None:
        for processor in self.processors:
            processor.validate_params(params)
        stops = frozenset([*(params.stop_token_ids or ()), 1897, 1899])
        ids = list(prompt.get("prompt_token_ids", ()))
        embeds = prompt.get("prompt_embeds")
        if embeds is not None and not self.model_config.enable_prompt_embeds:
            raise ValueError("You must set `--enable-prompt-embeds` to input `prompt_embeds`.")
        running = Running(ids, params, stops, params.max_tokens or 16)  # type: ignore[arg-type]
        seed = torch.seed() if params.seed is None else params.seed
        new = Request(request_id, running, params, torch.Generator().manual_seed(seed), embeds=embeds)
        self.requests.append(new)
        row = len(self.requests) - 1
        update = BatchUpdate(row + 1, [], [(row, params, running.prompt, running.written)], [])
        for processor in self.processors:
            processor.update_state(update)

    def abort_request(self, request_ids: list[str]) -> None:
        self.aborted += request_ids
        self._remove([row for row, one in enumerate(self.requests) if one.name in request_ids])

    @torch.inference_mode()
    def step(self) -> list[Any]:
        raw = [self._logits(one) for one in self.requests]
        for one, logits in zip(self.requests, raw, strict=True):
            if one.settings.prompt_logprobs is not None and one.prompt_logprobs is None:
                logprobs = logits.float().log_softmax(dim=-1)
                told = [{id_: number(logprobs[at, id_])} for at, id_ in enumerate(one.running.prompt[1:])]
                one.prompt_logprobs = [None, *told]
        last = torch.stack([logits[-1].float() for logits in raw])
        for processor in self.processors:
            last = processor.apply(last)
        for one, logits in zip(self.requests, last, strict=True):
            self._write(one, logits)
        outputs = [one.output() for one in self.requests]
        self._remove([row for row, one in enumerate(self.requests) if one.running.over])
        return outputs

    def _logits(self, one: Request) -> torch.Tensor:
        ids = torch.tensor([[*one.running.prompt, *one.running.written]], dtype=torch.int64)
        if one.embeds is None:
            logits: torch.Tensor = self.network(ids).logits[0]
            return logits
        embedded = torch.cat([one.embeds[None], self.network.get_input_embeddings()(ids)], dim=1)
        of_embeddings: torch.Tensor = self.network(inputs_embeds=embedded).logits[0]
        return of_embeddings

    def _write(self, one: Request, logits: torch.Tensor) -> None:
        temperature = one.settings.temperature
        logprobs = (logits / (temperature or 1.0)).log_softmax(dim=-1)
        drawn = torch.multinomial(logprobs.exp(), 1, generator=one.draws) if temperature else logits.argmax()
        one.running.written.append(int(drawn))
        if one.settings.logprobs is not None:
            one.logprobs.append({int(drawn): number(logprobs[int(drawn)])})

    def _remove(self, rows: list[int]) -> None:
        """Let rows leave, and move those behind them forward, one place at a time."""
        from .vllm_standin import MoveDirectionality

        for gone in sorted(rows, reverse=True):
            del self.requests[gone]
            moved = [(row + 1, row, MoveDirectionality.UNIDIRECTIONAL) for row in range(gone, len(self.requests))]
            for processor in self.processors:
                processor.update_state(BatchUpdate(len(self.requests), [gone], [], moved))


class LLM:
    def __init__(self, model: str, logits_processors: Sequence[str] = (), **arguments: Any) -> None:
        self.arguments = arguments
        embeds = bool(arguments.get("enable_prompt_embeds"))
        self.llm_engine = Engine(model, logits_processors, enable_prompt_embeds=embeds)

    def generate(self, prompts: Sequence[Any], sampling_params: Sequence[Any], *, use_tqdm: bool = True) -> list[Any]:
        for number_, (prompt, params) in enumerate(zip(prompts, sampling_params, strict=True)):
            self.llm_engine.add_request(str(number_), prompt, params)
        done: dict[str, Any] = {}
        while self.llm_engine.requests:
            done |= {output.request_id: output for output in self.llm_engine.step() if output.finished}
        return [done[str(n)] for n in range(len(prompts))]


def number(logprob: torch.Tensor) -> Any:
    return SimpleNamespace(logprob=float(logprob))
