"""A language model with its vocabulary: generate, in batches or one prompt at a time, and score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import torch

from biomatrix.entities.base_entity import Entity
from biomatrix.errors import BioMatrixError, ConfigurationError, LimitError, WeightsError
from biomatrix.generation.answers import Answer, read_answer
from biomatrix.generation.decoding import MAX_ROWS, Job, decode_jobs
from biomatrix.generation.guides import SegmentGuide, TextGuide
from biomatrix.generation.sampling import Sampling
from biomatrix.vocabulary.chat import Turn
from biomatrix.vocabulary.tables import Item
from biomatrix.vocabulary.vocabulary import Vocabulary

if TYPE_CHECKING:
    from transformers import PreTrainedModel

Prompt: TypeAlias = str | Entity | Sequence[Item]
"""Text and entities in order; an entity may be paired with the modality to write it in."""

DEFAULT_NEW_TOKENS = 512
_SCORED_TOGETHER = 256


@dataclass(frozen=True)
class Score:
    """How likely a continuation is.

    Parameters
    ----------
    logprob : float
        Log-likelihood in nats of all its tokens, among all tokens of the vocabulary.
    token_logprobs : tuple of float
        Of each token.
    token_ids : tuple of int
        The tokens.
    """

    logprob: float
    token_logprobs: tuple[float, ...]
    token_ids: tuple[int, ...]

    @property
    def perplexity(self) -> float:
        """The exponential of the mean negative log-likelihood a token."""
        return float(np.exp(-self.logprob / max(len(self.token_ids), 1)))


class Model:
    """A causal language model and the vocabulary it reads and writes.

    Parameters
    ----------
    network : PreTrainedModel
        From stock ``AutoModelForCausalLM``.
    vocabulary : Vocabulary
        Whose ids the network's rows are.
    name : str
        For messages.

    Raises
    ------
    WeightsError
        If the network has fewer embedding rows than the vocabulary has ids.
    """

    def __init__(self, network: PreTrainedModel, vocabulary: Vocabulary, name: str = "") -> None:
        self.network: Any = network.eval()  # type: ignore[no-untyped-call]
        self.vocabulary = vocabulary
        self.name = name or str(getattr(network.config, "name_or_path", "")) or type(network).__name__
        if self.num_embeddings < len(vocabulary):
            raise WeightsError(
                f"{self.num_embeddings:,} embedding rows are too few for a vocabulary of {len(vocabulary):,}; "
                "the weights and the tokenizer are from two models",
                file=self.name,
            )

    def __repr__(self) -> str:
        return f"Model({self.name!r}, {self.num_parameters / 1e6:.1f}M parameters, {self.vocabulary!r})"

    @property
    def num_parameters(self) -> int:
        """Parameters of the network, tied ones counted once."""
        return sum(int(parameter.numel()) for parameter in self.network.parameters())

    @property
    def num_embeddings(self) -> int:
        """Rows of the embedding, those of no token included."""
        return int(self.network.get_input_embeddings().weight.shape[0])

    @property
    def context_length(self) -> int:
        """The most tokens of prompt and answer together."""
        return int(self.network.config.max_position_embeddings)

    def generate(
        self,
        prompt: Prompt,
        output: str | None = None,
        length: int | None = None,
        num_samples: int = 1,
        temperature: float = 1.0,
        top_p: float = 1.0,
        seed: int = 0,
        greedy: bool = False,
        max_new_tokens: int | None = None,
        system: str | None = None,
        raw: bool = False,
    ) -> list[Answer]:
        """Answer one prompt.

        Parameters
        ----------
        prompt : str, Molecule, Protein, or sequence of them and of (entity, modality)
            What is asked, as the user's turn of a conversation. Text stays text whatever it looks like.
        output : str, optional
            The modality to answer in: the answer is one complete segment of it, valid by its grammar. Text, with
            segments where the model writes them, when not given.
        length : int, optional
            The exact number of residues, atoms or symbols (what the modality counts).
        num_samples : int
            Answers wanted; they differ unless greedy.
        temperature, top_p : float
            Of nucleus sampling; no other cut is made. A temperature of 0 is greedy.
        seed : int
            Answers are a function of seed, prompt and sample number, not of what else is in the batch.
        greedy : bool
            Take the likeliest token each time.
        max_new_tokens : int, optional
            The longest answer; 512, or what an exact length needs, when not given.
        system : str, optional
            A system turn before the user's.
        raw : bool
            Continue the prompt as a document, without a conversation around it.

        Returns
        -------
        list of Answer
            ``num_samples`` of them.

        Raises
        ------
        LimitError
            If prompt and answer exceed the model's context.
        ConfigurationError, VocabularyError
            If the request cannot be met; what the model writes never raises.

        Examples
        --------
        ``model.generate(["Fold ", protein, "."], output="protein_structure", length=len(protein))``
        """
        return self.generate_batch(
            [prompt],
            output=output,
            lengths=[length],
            num_samples=num_samples,
            temperature=temperature,
            top_p=top_p,
            seed=seed,
            greedy=greedy,
            max_new_tokens=max_new_tokens,
            system=system,
            raw=raw,
        )[0]

    def generate_batch(
        self,
        prompts: Sequence[Prompt],
        output: str | None = None,
        lengths: Sequence[int | None] | None = None,
        num_samples: int = 1,
        temperature: float = 1.0,
        top_p: float = 1.0,
        seed: int = 0,
        greedy: bool = False,
        max_new_tokens: int | None = None,
        system: str | None = None,
        raw: bool = False,
        max_rows: int = MAX_ROWS,
    ) -> list[list[Answer]]:
        """Answer many prompts together; each as :meth:`generate` alone would.

        Parameters
        ----------
        prompts : sequence
            Each as for :meth:`generate`.
        lengths : sequence of int or None, optional
            An exact length for each prompt.
        max_rows : int
            Samples that are written together; changes speed and memory only.

        Returns
        -------
        list of list of Answer
            ``num_samples`` answers for each prompt.
        """
        if num_samples < 1:
            raise ConfigurationError(f"num_samples is at least 1, not {num_samples}")
        wanted = [None] * len(prompts) if lengths is None else list(lengths)
        if len(wanted) != len(prompts):
            raise ConfigurationError(f"{len(wanted)} lengths for {len(prompts)} prompts")
        sampling = Sampling(temperature, top_p, greedy, seed)
        encoded = [tuple(self.prompt_ids(prompt, system=system, raw=raw)) for prompt in prompts]
        opening: tuple[int, ...] = () if output is None else (self.vocabulary.start_id(output),)
        different = 1 if sampling.is_greedy else num_samples
        guide, jobs = self._jobs(encoded, opening, output, wanted, different, max_new_tokens)
        written = decode_jobs(self.network, guide, jobs, sampling, max_rows)
        answers = [
            read_answer(self.vocabulary, (*opening, *w.ids), output=output, logprob=w.logprob, complete=w.complete)
            for w in written
        ]
        groups = [answers[i : i + different] for i in range(0, len(answers), different)]
        return [group * (num_samples // different) for group in groups]

    def score(self, prompt: Prompt, continuation: Prompt, system: str | None = None, raw: bool = False) -> Score:
        """Return how likely the model finds a continuation of a prompt.

        Parameters
        ----------
        prompt : str, Molecule, Protein, or sequence
            As for :meth:`generate`.
        continuation : str, Molecule, Protein, or sequence
            The answer; an entity is written in its own modality, whole.

        Returns
        -------
        Score
            In nats; rows that are no token take no probability.
        """
        before = self.prompt_ids(prompt, system=system, raw=raw)
        after = self.vocabulary.encode(continuation)
        if not after:
            raise ConfigurationError("the continuation is empty; nothing to score")
        self._check_room(len(before), len(after), "continuation")
        ids = torch.tensor([[*before, *after]], device=self.network.device)
        mask = torch.from_numpy(self.vocabulary.mask(self.num_embeddings)).to(self.network.device)
        with torch.inference_mode():
            hidden = self.network.base_model(input_ids=ids[:, :-1], use_cache=False).last_hidden_state
            hidden = hidden[0, len(before) - 1 :]
            labels = ids[0, len(before) :]
            parts = zip(torch.split(hidden, _SCORED_TOGETHER), torch.split(labels, _SCORED_TOGETHER), strict=True)
            head = self.network.get_output_embeddings()
            logprobs = [_token_logprobs(head(part), mask, wanted) for part, wanted in parts]
        tokens = torch.cat(logprobs).cpu().tolist()
        return Score(float(sum(tokens)), tuple(tokens), tuple(after))

    def prompt_ids(self, prompt: Prompt, *, system: str | None = None, raw: bool = False) -> list[int]:
        """Return the ids a prompt becomes; an empty document begins with the end-of-document token."""
        items: list[Item] = [prompt] if isinstance(prompt, str | Entity) else list(prompt)
        if any(isinstance(item, list) for item in items):
            raise ConfigurationError("a prompt is text and entities in one list; use generate_batch for several")
        if raw:
            if system is not None:
                raise ConfigurationError("a raw prompt has no system turn; put its text into the prompt")
            ids = self.vocabulary.encode(items)
            return ids or self._document_start
        if not any(item for item in items if not isinstance(item, str) or item.strip()):
            raise ConfigurationError("the prompt is empty; ask something, or use raw=True to let the model begin")
        turns = [Turn("user", items)] if system is None else [Turn("system", [system]), Turn("user", items)]
        return self.vocabulary.encode_chat(turns)

    @property
    def _document_start(self) -> list[int]:
        if not self.stop_ids:
            raise ConfigurationError("the prompt is empty and the tokenizer names no end token to begin from")
        return [self.stop_ids[-1]]

    @cached_property
    def stop_ids(self) -> tuple[int, ...]:
        """The ids that end an answer in text."""
        return tuple(self.vocabulary.ending_ids)

    @cached_property
    def text_guide(self) -> TextGuide:
        """The guide of answers in text."""
        rows = self.num_embeddings
        tokens = self.vocabulary.mask(rows)
        tokens[self.vocabulary.new_ids] = False
        special = [i for i, token in self.vocabulary.backend.get_added_tokens_decoder().items() if token.special]
        tokens[special] = False
        constraints = {name: self.vocabulary.constraint(name, rows) for name in self.vocabulary.modalities}
        return TextGuide(constraints, tokens, self.stop_ids)

    def _jobs(
        self,
        prompts: Sequence[tuple[int, ...]],
        opening: tuple[int, ...],
        output: str | None,
        lengths: Sequence[int | None],
        num_samples: int,
        max_new_tokens: int | None,
    ) -> tuple[SegmentGuide | TextGuide, list[Job]]:
        """Return the guide and one job a sample, every request checked before anything is written."""
        guide: SegmentGuide | TextGuide
        if output is None:
            if any(length is not None for length in lengths):
                raise ConfigurationError("length needs an output modality; text has no exact length")
            guide = self.text_guide
        else:
            longest = max((length for length in lengths if length is not None), default=None)
            if longest is not None and longest > self.context_length:
                raise LimitError(f"length {longest:,} exceeds the model's context of {self.context_length:,} tokens")
            guide = SegmentGuide(self.vocabulary.constraint(output, self.num_embeddings), longest)
        jobs = []
        for number, (prompt, length) in enumerate(zip(prompts, lengths, strict=True)):
            ids = (*prompt, *opening)
            try:
                budget = self._budget(len(ids), length, max_new_tokens)
                state = guide.start(length, budget) if isinstance(guide, SegmentGuide) else guide.start(budget)
            except BioMatrixError as error:
                raise (error.at(record=number + 1) if len(prompts) > 1 else error) from None
            jobs += [Job(ids, sample, state, budget) for sample in range(num_samples)]
        return guide, jobs

    def _budget(self, prompt_tokens: int, length: int | None, max_new_tokens: int | None) -> int:
        """Return the most tokens an answer may have."""
        if max_new_tokens is not None:
            if max_new_tokens < 1:
                raise ConfigurationError(f"max_new_tokens is at least 1, not {max_new_tokens}")
            self._check_room(prompt_tokens, max_new_tokens, "max_new_tokens")
            return max_new_tokens
        self._check_room(prompt_tokens, 1 if length is None else length + 1, "answer")
        room = self.context_length - prompt_tokens
        return min(room, DEFAULT_NEW_TOKENS if length is None else max(DEFAULT_NEW_TOKENS, 4 * length + 1))

    def _check_room(self, prompt_tokens: int, tokens: int, what: str) -> None:
        if prompt_tokens + tokens > self.context_length:
            raise LimitError(
                f"the prompt has {prompt_tokens:,} tokens and the {what} {tokens:,}, but the model reads at most "
                f"{self.context_length:,} together; shorten the prompt, write its entities in another modality, "
                "or ask for less"
            )


def _token_logprobs(logits: torch.Tensor, mask: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Return the log-probability of each label among the rows that are tokens, ``float64 [n]``."""
    logprobs = torch.log_softmax(logits.double().masked_fill(~mask, -torch.inf), dim=-1)
    return logprobs.gather(1, labels[:, None])[:, 0]
