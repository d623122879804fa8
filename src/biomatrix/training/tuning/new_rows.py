"""Training the embedding rows of added tokens alone; no bit of anything else moves.

The body is frozen. The tables are trained as a whole, with gradients set to 0 wherever a row is no added token's, and
without weight decay: AdamW's moments of such a row stay 0, and so does what it subtracts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.distributed.tensor import DTensor, distribute_tensor

from biomatrix.errors import ConfigurationError
from biomatrix.training.tuning.mode import Tuning

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from biomatrix.vocabulary import Vocabulary


class NewRows(Tuning):
    """The rows of ``vocabulary.new_ids`` are trained, in the input table and, where untied, in the output table.

    Parameters
    ----------
    model : PreTrainedModel
        Everything else in it is frozen.
    vocabulary : Vocabulary
        Says which ids are added tokens.
    beside : sequence of nn.Module
        Trained too; see :class:`Tuning`.

    Raises
    ------
    ConfigurationError
        The vocabulary has no added tokens.
    """

    decays = False

    def __init__(self, model: PreTrainedModel, vocabulary: Vocabulary, beside: Sequence[nn.Module] = ()) -> None:
        super().__init__(model, beside)
        self._freeze_decoder()
        self._rows = TrainedRows(model, vocabulary)

    def clear_frozen_gradients(self) -> None:
        """Set to 0 the gradients of all rows that belong to no added token."""
        self._rows.clear_frozen_gradients()


class TrainedRows:
    """The rows of added tokens, trained inside tables whose other rows stay as they are.

    Parameters
    ----------
    model : PreTrainedModel
        Its tables are set to be trained.
    vocabulary : Vocabulary
        Says which ids are added tokens.

    Raises
    ------
    ConfigurationError
        The vocabulary has no added tokens.
    """

    def __init__(self, model: PreTrainedModel, vocabulary: Vocabulary) -> None:
        self.model = model
        ids = torch.as_tensor(vocabulary.new_ids)
        if not len(ids):
            raise ConfigurationError("the vocabulary has no added tokens, whose rows tuning is to train")
        for weight in self.tables():
            weight.requires_grad_(True)
        self._frozen_V1 = torch.ones(len(self.tables()[0]), 1, dtype=torch.bool)
        self._frozen_V1[ids] = False
        self._masks: dict[Any, Tensor] = {}

    def clear_frozen_gradients(self) -> None:
        """Set to 0 the gradients of all rows that belong to no added token."""
        for weight in self.tables():
            if weight.grad is not None:
                grad = weight.grad
                local = grad.to_local() if isinstance(grad, DTensor) else grad
                local.masked_fill_(self._mask_for(grad), 0.0)

    def tables(self) -> list[Tensor]:
        """Return the input table and, where untied, the output's, as they are now: sharding swaps them."""
        model: Any = self.model
        tables = [model.get_input_embeddings().weight, model.get_output_embeddings().weight]
        return tables[:1] if tables[0] is tables[1] else tables

    def _mask_for(self, grad: Tensor) -> Tensor:
        """Return the frozen rows of the part of a table that is on this process."""
        key = (grad.device, grad.placements) if isinstance(grad, DTensor) else grad.device
        if key not in self._masks:
            mask = self._frozen_V1.to(grad.device)
            if isinstance(grad, DTensor):
                mask = distribute_tensor(mask, grad.device_mesh, grad.placements).to_local()
            self._masks[key] = mask
        return self._masks[key]
