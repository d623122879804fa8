"""Geneformer-shaped encoders: a stock BERT that reads a cell as its genes in descending order."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from torch import Tensor

from biomatrix.entities.files.writing import named_refusals, write_whole
from biomatrix.errors import ConfigurationError, WeightsError
from biomatrix.soft.encoders.cells.bert_folder import open_bert
from biomatrix.soft.encoders.cells.cell_network import CellBatch, CellNetworkEncoder, WrittenCell, masked_mean
from biomatrix.soft.encoders.cells.gene_dictionary import CellTokens, CellVocabulary, GeneDictionary

if TYPE_CHECKING:
    from transformers import BertModel

    from biomatrix.entities.cell.entity import Cell

GENES: Final = "genes.parquet"
SETTINGS: Final = "encoder.json"
SHORTEST: Final = 3
"""Positions that hold at least a gene between two special tokens."""


class GeneRankEncoder(CellNetworkEncoder):
    """A BERT over ranked genes: the mean of its last hidden states over the genes of a cell, special tokens left out.

    Never ``pooler_output``: a network trained to fill masks has no pooler, and one made up is noise.

    Parameters
    ----------
    network : BertModel
    vocabulary : GeneDictionary or CellTokens
        As many ids as the network has.
    length : int, optional
        The most positions of a cell, special tokens included: genes past them, the least expressed, are left out. All
        positions of the network where not given: 2,048 of Geneformer V1, 4,096 of V2.
    device : str

    Raises
    ------
    ConfigurationError
        More positions than the network has, or a vocabulary of another size.
    """

    code_version = 1
    k = 1
    pooling = "masked mean"
    max_length: int

    def __init__(
        self, network: BertModel, vocabulary: CellVocabulary, length: int | None = None, device: str = "cpu"
    ) -> None:
        super().__init__(network, device)
        config = network.config
        positions = config.max_position_embeddings
        if length is not None and not SHORTEST <= length <= positions:
            raise ConfigurationError(
                f"a network of {positions:,} positions reads {SHORTEST} to {positions:,} of a cell, not {length:,}"
            )
        if vocabulary.size != config.vocab_size:
            raise ConfigurationError(
                f"the network reads {config.vocab_size:,} ids and the vocabulary has {vocabulary.size:,}; give the one "
                "that it was trained with"
            )
        self.vocabulary = vocabulary
        self.max_length = positions if length is None else length
        self.d = config.hidden_size

    @classmethod
    def from_pretrained(
        cls,
        folder: str | Path,
        vocabulary: CellVocabulary | None = None,
        length: int | None = None,
        device: str = "cpu",
    ) -> GeneRankEncoder:
        """Open a folder with ``config.json`` and safetensors, as published or as :meth:`save_pretrained` writes it.

        Parameters
        ----------
        folder : str or Path
        vocabulary : GeneDictionary or CellTokens, optional
            What the folder's ``encoder.json`` or ``genes.parquet`` says where not given; without these, the dictionary
            of Geneformer V1 where the network has as many ids.
        length : int, optional
            As in the class.
        device : str

        Raises
        ------
        WeightsError
            It is no such folder; see :func:`open_bert`.
        ConfigurationError
            Nothing says which ids the genes have, or settings do not fit the network.
        """
        folder = Path(folder)
        network = open_bert(folder)
        told = _settings_of(folder)
        if vocabulary is None:
            vocabulary = _vocabulary_of(folder, told, network.config.vocab_size)
        try:
            return cls(network, vocabulary, told.get("length") if length is None else length, device)
        except ConfigurationError as error:
            raise error.at(file=str(folder)) from None

    def save_pretrained(self, folder: str | Path) -> None:
        """Write a folder that :meth:`from_pretrained` opens: the BERT, its genes, the settings."""
        folder = Path(folder)
        network: Any = self.network
        told: dict[str, Any] = {"encoder": "gene_rank", "length": self.max_length}
        with named_refusals(folder):
            folder.mkdir(parents=True, exist_ok=True)
            network.save_pretrained(folder)
        if isinstance(self.vocabulary, GeneDictionary):
            self.vocabulary.save(folder / GENES)
        else:
            told["vocabulary"] = dict(self.vocabulary.settings())
        write_whole(folder / SETTINGS, json.dumps(told, indent=2).encode())

    def settings(self) -> Mapping[str, Any]:
        config: Any = self.network.config
        shape = ("num_hidden_layers", "num_attention_heads", "hidden_act", "layer_norm_eps")
        return {
            "length": self.max_length,
            "pooling": self.pooling,
            "vocabulary": self.vocabulary.settings(),
            **{name: getattr(config, name) for name in shape},
        }

    @property
    def pad(self) -> int:
        return self.vocabulary.pad

    def write(self, cell: Cell) -> WrittenCell:
        """Return the cell's genes by rank, those past ``max_length`` left out.

        Raises
        ------
        UnsupportedError
            No gene of the cell has an id, or its values say nothing about counts.
        """
        return self.vocabulary.write(cell, self.max_length)

    def pooled(self, batch: CellBatch) -> Tensor:
        found = self.network(input_ids=batch.ids, attention_mask=batch.is_read.long())
        return masked_mean(found.last_hidden_state, batch.is_gene)


def _settings_of(folder: Path) -> dict[str, Any]:
    """Return what ``encoder.json`` says, nothing where there is none."""
    path = folder / SETTINGS
    if not path.is_file():
        return {}
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise WeightsError(f"cannot be read: {error}", file=str(path)) from error
    if not isinstance(told, dict) or told.get("encoder") != "gene_rank":
        raise WeightsError("does not describe an encoder of ranked genes", file=str(path))
    length = told.get("length")
    if length is not None and (isinstance(length, bool) or not isinstance(length, int)):
        raise WeightsError(f"says a length of {length!r}, which is a whole number", file=str(path))
    return told


def _vocabulary_of(folder: Path, told: Mapping[str, Any], size: int) -> CellVocabulary:
    """Return the vocabulary that a folder declares."""
    from biomatrix.entities.cell.modalities.expression import CellExpression

    declared = told.get("vocabulary")
    if declared is not None:
        try:
            made = CellTokens(CellExpression(**declared[CellExpression.name]))
        except (TypeError, KeyError, ConfigurationError) as error:
            raise WeightsError(f"declares no {CellExpression.name}: {error}", file=str(folder / SETTINGS)) from error
        if dict(made.settings()) != declared:
            raise WeightsError(
                "was made with other tokens of cells than this version of the package has; install the version that "
                "made it",
                file=str(folder / SETTINGS),
            )
        return made
    if (folder / GENES).is_file():
        return GeneDictionary.read(folder / GENES)
    shipped = GeneDictionary.geneformer_v1()
    if shipped.size != size:
        raise ConfigurationError(
            f"nothing says which genes its {size:,} ids are; put their dictionary there as {GENES} (biomatrix soft "
            "convert geneformer)",
            file=str(folder),
        )
    return shipped
