"""The engine over vLLM: many requests at once on GPUs, under the same guides as in this process.

vLLM is an extra, ``biomatrix[vllm]``, best in an environment of its own. Written against the documented interface of
vLLM 0.20 to 0.33.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from biomatrix.errors import ConfigurationError
from biomatrix.generation.adapters.vllm_base import MISSING
from biomatrix.generation.adapters.vllm_rows import processor_name
from biomatrix.generation.answering import AnsweringEngine
from biomatrix.generation.loading import by_modality, model_folder
from biomatrix.generation.model_hash import folder_embedding, folder_hash
from biomatrix.generation.vllm_writer import VllmWriter
from biomatrix.vocabulary.vocabulary import Vocabulary

if TYPE_CHECKING:
    from torch import Tensor

_SECOND_RUNNER = "vllm.v1.worker.gpu.sample.logits_processor.interface"


class VllmEngine(AnsweringEngine):
    """A model that vLLM runs.

    The prompts are token ids, and each sample has a seed of its own, so that an answer does not depend on what it is
    asked with, as far as vLLM's own numerics do not (its batches are not bit for bit alike on every GPU).
    Log-probabilities are those vLLM reports: with ``logprobs_mode="processed_logprobs"``, as
    :meth:`from_pretrained` sets, among the allowed ids, and at the temperature and within the nucleus of the request.
    Scores are among all rows of the embedding, those without a token too.

    Parameters
    ----------
    llm : vllm.LLM
        Loaded with ``logits_processors=[processor_name(runner)]``.
    vocabulary : Vocabulary
        Of the same model.
    embeddings : callable, optional
        As for :class:`~biomatrix.generation.vllm_writer.VllmWriter`: prompts with vectors need it.
    model_hash : str
        What tells its weights from others, as :func:`biomatrix.generation.model_hash.folder_hash` gives it; empty where
        that is not known.

    Raises
    ------
    ConfigurationError
        vLLM is not installed.
    """

    def __init__(
        self,
        llm: Any,
        vocabulary: Vocabulary,
        model_hash: str = "",
        embeddings: Callable[[], Tensor] | None = None,
    ) -> None:
        self.model_hash = model_hash
        context = int(llm.llm_engine.model_config.max_model_len)
        super().__init__(VllmWriter(llm, vocabulary, embeddings), vocabulary, context)

    @classmethod
    def from_pretrained(
        cls, name_or_path: str | Path, *, runner: str | None = None, tokenizers: Any = None, **arguments: Any
    ) -> Self:
        """Open a model folder, a shipped model or a hub id in vLLM.

        Parameters
        ----------
        name_or_path : str or Path
        runner : {"v1", "v2"}, optional
            The model runner for which the constraints are loaded; the one that vLLM would use when not given.
        tokenizers : mapping, optional
            By modality, the structure tokenizers of a checkpoint that does not name its own.
        **arguments
            Of ``vllm.LLM``, such as ``tensor_parallel_size=4`` or ``dtype="float32"``; ``enable_prompt_embeds=True``
            for vectors in prompts.

        Raises
        ------
        ConfigurationError
            vLLM is not installed.
        WeightsError
            There is no such model.
        """
        try:
            from vllm import LLM
        except ModuleNotFoundError as error:
            raise ConfigurationError(MISSING) from error
        folder = model_folder(name_or_path)
        vocabulary = Vocabulary.from_pretrained(folder, structure_tokenizers=tokenizers)
        settings = {"logprobs_mode": "processed_logprobs", **arguments}
        processors = [*settings.pop("logits_processors", ()), processor_name(runner or model_runner())]
        llm = LLM(model=str(folder), logits_processors=processors, **settings)
        return cls(llm, vocabulary, folder_hash(folder), partial(folder_embedding, folder))


def open_vllm(model: str | Path, **settings: Any) -> VllmEngine:
    """Open a model in vLLM.

    Parameters
    ----------
    model : str or Path
        A shipped name, a folder or a hub id.
    **settings
        ``MODALITY_tokenizer=``, and the others of :meth:`VllmEngine.from_pretrained`.
    """
    own = {name: settings.pop(name) for name in list(settings) if not name.endswith("_tokenizer")}
    return VllmEngine.from_pretrained(model, tokenizers=by_modality(settings), **own)


def model_runner() -> str:
    """Return the model runner that the installed vLLM uses: "v2" where there is one and the environment allows it."""
    if os.environ.get("VLLM_USE_V2_MODEL_RUNNER") == "0":
        return "v1"
    try:
        return "v2" if find_spec(_SECOND_RUNNER) is not None else "v1"
    except ModuleNotFoundError:
        return "v1"
