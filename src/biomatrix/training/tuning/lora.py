"""LoRA through peft: small matrices beside frozen ones, kept as an ordinary adapter, merged into an ordinary model.

A checkpoint of such a run holds the adapter alone, as peft writes it (``adapter_config.json`` and
``adapter_model.safetensors``), with the optimiser's tensors and the run's state; what is trained beside it, modules or
the rows of added tokens, has a file of its own. A finished run is exported both ways.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import torch
from safetensors.torch import save_file
from torch import nn

from biomatrix.entities.files.paths import is_folder
from biomatrix.errors import ConfigurationError
from biomatrix.training.tuning.mode import BESIDE_FILE, Tuning
from biomatrix.training.tuning.new_rows import TrainedRows

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from biomatrix.training.config import TuningSection
    from biomatrix.vocabulary import Vocabulary

ADAPTER_FILE: Final = "adapter_model.safetensors"
_NAME: Final = "default"
_BASE: Final = ".base_layer."


class LoRA(Tuning):
    """Pairs of matrices A ``[rank, in]`` and B ``[out, rank]``: B A alpha / rank is added to a frozen weight.

    Parameters
    ----------
    model : PreTrainedModel
        Its target layers are replaced in place by layers with an adapter; all of its own weights are frozen.
    settings : TuningSection
        Rank, alpha, targets and dropout.
    checkpoint : str, optional
        The model that the adapter belongs to, noted in it.
    seed : int
        A starts at random and B at 0, so the model starts as it was.
    beside : sequence of nn.Module
        Trained too; see :class:`Tuning`.
    rows : Vocabulary, optional
        Where given, the rows of its added tokens are trained too.

    Raises
    ------
    ConfigurationError
        peft is not installed, the model has no such targets, or there are no added tokens.
    """

    weights_file = ADAPTER_FILE
    trained_only = True

    def __init__(
        self,
        model: PreTrainedModel,
        settings: TuningSection,
        checkpoint: str | None,
        seed: int,
        beside: Sequence[nn.Module] = (),
        rows: Vocabulary | None = None,
    ) -> None:
        super().__init__(model, beside)
        self.scale = settings.alpha / settings.rank
        peft = _peft()
        self.config: Any = peft.LoraConfig(
            r=settings.rank,
            lora_alpha=settings.alpha,
            target_modules=list(settings.targets),
            lora_dropout=settings.dropout,
            bias="none",
            task_type="CAUSAL_LM",
            base_model_name_or_path=_place(checkpoint),
        )
        _check_targets(model, settings.targets, self.beside)
        torch.manual_seed(seed)
        self._freeze_decoder()
        peft.inject_adapter_in_model(self.config, model, _NAME)
        self._train_beside()  # injection leaves the adapter alone to be trained
        self._rows = None if rows is None else TrainedRows(model, rows)
        # AdamW would shrink the frozen rows of an output table that stands alone; a tied one counts as an embedding.
        self.decays = self._rows is None or len(self._rows.tables()) == 1

    @property
    def weights_files(self) -> tuple[str, ...]:
        return (ADAPTER_FILE, BESIDE_FILE) if self._places or self._rows else (ADAPTER_FILE,)

    def clear_frozen_gradients(self) -> None:
        """Set to 0 the gradients of the rows of tokens that were there before."""
        if self._rows is not None:
            self._rows.clear_frozen_gradients()

    def stored_name(self, name: str) -> str:
        """Return peft's name of an adapter's tensor; that of the decoder for what is trained beside it."""
        if not _is_ours(name):
            return super().stored_name(name)
        return f"base_model.{name.replace(f'.{_NAME}.', '.')}"

    def write(self, folder: Path, vocabulary: Vocabulary, tensors: dict[str, Any]) -> None:
        """Write the adapter as peft does, and the tokenizer beside it."""
        adapter = {
            self.stored_name(name): t.detach().cpu().contiguous() for name, t in tensors.items() if _is_ours(name)
        }
        self.config.inference_mode = True
        self.config.save_pretrained(folder)
        vocabulary.save_pretrained(folder)
        save_file(adapter, folder / ADAPTER_FILE, metadata={"format": "pt"})
        (folder / ADAPTER_FILE).chmod(0o644)  # safetensors makes the file private; models are for all to read
        self._write_beside(folder, {name: t for name, t in tensors.items() if not _is_ours(name)})

    def plain_weights(self, tensors: dict[str, Any]) -> dict[str, Any]:
        """Return the weights with the adapters added to them, in float32."""
        plain: dict[str, Any] = {}
        for name, tensor in tensors.items():
            if _is_ours(name) or self.is_beside(name):
                continue
            if name.endswith(f"{_BASE}weight"):
                layer = name.removesuffix(f"{_BASE}weight")
                a, b = (tensors[f"{layer}.lora_{part}.{_NAME}.weight"].float() for part in "AB")
                tensor = tensor.float() + self.scale * (b @ a)
            plain[name.replace(_BASE, ".")] = tensor
        return plain


def _is_ours(name: str) -> bool:
    return ".lora_" in name


def _place(checkpoint: str | None) -> str | None:
    """Return where peft will look for the model that an adapter belongs to: a folder's whole path, or a hub id."""
    return str(Path(checkpoint).resolve()) if checkpoint and is_folder(checkpoint) else checkpoint


def _check_targets(model: PreTrainedModel, targets: tuple[str, ...], beside: Sequence[nn.Module]) -> None:
    """Raise ConfigurationError where a target names no linear layer inside the decoder's blocks."""
    head = model.get_output_embeddings()  # type: ignore[no-untyped-call]
    others = {head, *(part for module in beside for part in module.modules())}
    linear = {
        name.rpartition(".")[2]
        for name, layer in model.named_modules()
        if isinstance(layer, nn.Linear) and layer not in others
    }
    unknown = [name for name in targets if name not in linear]
    if unknown:
        raise ConfigurationError(
            f"tuning.targets names {unknown[0]!r}, which is no linear layer of the decoder; it has "
            f"{', '.join(sorted(linear))}"
        )


def _peft() -> Any:
    try:
        import peft
    except ImportError as error:
        raise ConfigurationError(
            'tuning.mode = "lora" needs peft, which is not installed: pip install "biomatrix[tuning]"'
        ) from error
    return peft
