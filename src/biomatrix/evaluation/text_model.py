"""Any causal language model of Transformers, asked in plain text."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from biomatrix.errors import BioMatrixError, LimitError
from biomatrix.evaluation.answering import Question, Reply
from biomatrix.evaluation.plain_text import question_text
from biomatrix.tasks.benchmarks.benchmark import Benchmark
from biomatrix.tasks.benchmarks.examples import Example

if TYPE_CHECKING:
    import torch

LONGEST_ANSWER: Final = 512
"""Tokens of an answer where the benchmark says nothing."""


class TextModel:
    """A network and the tokenizer beside it, of which nothing is known but that they write text.

    Each question is written on its own, so that no answer depends on the batch; a server is the faster way to ask a
    large model.

    Parameters
    ----------
    folder : Path
        In the layout of Hugging Face.
    name : str
        For tables.
    device, dtype : str, optional
        As for :meth:`biomatrix.generation.Model.from_pretrained`.
    """

    def __init__(self, folder: Path, name: str, *, device: str | None = None, dtype: str | None = None) -> None:
        from transformers import AutoTokenizer

        from biomatrix.generation.devices import torch_device, torch_dtype
        from biomatrix.training.network import check_finite, open_network

        place = torch_device(device)
        precision = torch_dtype(dtype, place)
        opener: Any = AutoTokenizer
        self.name = name
        self._tokenizer = opener.from_pretrained(str(folder), trust_remote_code=False)
        self._network = open_network(folder, precision).to(place).eval()
        check_finite(self._network, folder)
        self._chat = bool(getattr(self._tokenizer, "chat_template", None))

    @property
    def description(self) -> Mapping[str, Any]:
        """The weights by their hash, their precision, and how the model is asked."""
        from biomatrix.generation.model_hash import model_hash

        return {
            "engine": "text",
            "model_hash": model_hash(self._network.named_parameters()),
            "parameters": sum(int(each.numel()) for each in self._network.parameters()),
            "device": self._network.device.type,
            "dtype": str(self._network.dtype).removeprefix("torch."),
            "prompt": "chat template" if self._chat else "plain",
        }

    def prepare(self, benchmark: Benchmark, training: Iterable[Example]) -> None:
        """Learn nothing."""

    def answer(self, questions: Sequence[Question]) -> list[Reply]:
        """Return a reply for each question; one that shows or wants coordinates is replied to with an error."""
        return [self._reply(question) for question in questions]

    def _reply(self, question: Question) -> Reply:
        begun = time.perf_counter()
        try:
            raw, logprob = self._write(question_text(question), question)
        except BioMatrixError as error:
            return Reply("", error=error.message)
        return Reply(raw, seconds=time.perf_counter() - begun, logprob=logprob)

    def _write(self, text: str, question: Question) -> tuple[str, float]:
        """Return an answer, and its log-probability in nats under the model at temperature 1."""
        import torch

        ids = self._prompt_ids(text)
        decoding = question.benchmark.decoding
        budget = self._budget(ids.shape[1], decoding.max_new_tokens or LONGEST_ANSWER)
        drawn = {"do_sample": True, "temperature": decoding.temperature, "top_p": decoding.top_p, "top_k": 0}
        with torch.random.fork_rng(), torch.inference_mode():
            torch.manual_seed(question.seed % (1 << 63))
            written = self._network.generate(
                input_ids=ids,
                attention_mask=torch.ones_like(ids),
                max_new_tokens=budget,
                pad_token_id=self._ending_id,
                return_dict_in_generate=True,
                output_logits=True,
                **(drawn if decoding.temperature > 0 else {"do_sample": False}),
            )
        new = written.sequences[0, ids.shape[1] :]
        logits = torch.stack([step[0].float() for step in written.logits])
        logprobs = torch.log_softmax(logits, dim=-1).gather(1, new[: len(logits), None])
        return self._tokenizer.decode(new, skip_special_tokens=True).strip(), float(logprobs.sum())

    def _prompt_ids(self, text: str) -> torch.Tensor:
        if self._chat:
            turns = [{"role": "user", "content": text}]
            text = self._tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True)
        else:
            text = f"{text}\n"
        found = self._tokenizer(text, return_tensors="pt", add_special_tokens=not self._chat)
        ids: torch.Tensor = found["input_ids"].to(self._network.device)
        return ids

    def _budget(self, prompt: int, wanted: int) -> int:
        context = getattr(self._network.config, "max_position_embeddings", None)
        if context is None:
            return wanted
        if prompt >= context:
            raise LimitError(f"the prompt has {prompt:,} tokens, and the model reads {context:,}")
        return int(min(wanted, context - prompt))

    @property
    def _ending_id(self) -> int:
        ending = self._tokenizer.pad_token_id
        return int(ending if ending is not None else self._tokenizer.eos_token_id or 0)
