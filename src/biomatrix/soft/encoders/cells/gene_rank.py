"""Geneformer-shaped encoders: a stock BERT that reads a cell as its genes in descending order."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from torch import Tensor

from biomatrix.entities.files.folders import folder_written_aside
from biomatrix.entities.files.json_files import read_object
from biomatrix.errors import ConfigurationError, WeightsError
from biomatrix.soft.encoders.cells.bert_folder import open_bert
from biomatrix.soft.encoders.cells.cell_network import CellBatch, CellNetworkEncoder, WrittenCell
from biomatrix.soft.encoders.cells.gene_dictionary import CellTokens, CellVocabulary, GeneDictionary
from biomatrix.soft.encoders.pooling import Pooling

if TYPE_CHECKING:
    from transformers import BertModel

    from biomatrix.entities.cell.entity import Cell

NAME: Final = "gene_rank"
GENES: Final = "genes.parquet"
SETTINGS: Final = "encoder.json"
SHORTEST: Final = 3
"""Positions that hold at least a gene between two special tokens."""
_SHAPE: Final = ("num_hidden_layers", "num_attention_heads", "hidden_act", "layer_norm_eps")
"""What of a BERT's configuration its tensors do not show and its hidden states depend on."""


class GeneRankEncoder(CellNetworkEncoder):
    """A Geneformer-shaped BERT: the mean of its last hidden states over a cell's ranked genes.

    Special tokens are left out of the mean, and ``pooler_output`` is never used: a network trained to fill masks has no
    pooler, and one made up is noise.

    Parameters
    ----------
    network : BertModel
    vocabulary : GeneDictionary or CellTokens
        As many ids as the network has.
    length : int, optional
        The most positions of a cell, special tokens included: genes past them, the least expressed, are left out. All
        positions of the network where not given: 2,048 of Geneformer V1, 4,096 of V2.
    k : int
        Vectors of a cell: means of so many runs of its genes, the most expressed first.
    device : str, optional
        A GPU where there is one, else the CPU, when not given.

    Raises
    ------
    ConfigurationError
        More positions than the network has, or a vocabulary of another size.
    """

    max_length: int

    def __init__(
        self,
        network: BertModel,
        vocabulary: CellVocabulary,
        *,
        length: int | None = None,
        k: int = 1,
        device: str | None = None,
    ) -> None:
        super().__init__(network, device)
        self._config: Any = network.config
        positions = self._config.max_position_embeddings
        self.max_length = positions if length is None else length
        if isinstance(length, bool) or not isinstance(self.max_length, int):
            raise ConfigurationError(f"length is a whole number of positions, not {length!r}")
        if not SHORTEST <= self.max_length <= positions:
            raise ConfigurationError(
                f"a network of {positions:,} positions reads {SHORTEST} to {positions:,} of a cell, not {length:,}"
            )
        if vocabulary.size != self._config.vocab_size:
            raise ConfigurationError(
                f"the network reads {self._config.vocab_size:,} ids and the vocabulary has {vocabulary.size:,}; give "
                "the one that it was trained with"
            )
        self.vocabulary = vocabulary
        self._pooling = Pooling(k=k)
        self.k, self.pooling = k, str(self._pooling)
        self.d = self._config.hidden_size

    @classmethod
    def from_pretrained(
        cls,
        folder: str | Path,
        *,
        vocabulary: CellVocabulary | str | Path | None = None,
        length: int | None = None,
        k: int | None = None,
        device: str | None = None,
    ) -> Self:
        """Open a folder with ``config.json`` and safetensors, as published or as :meth:`save_pretrained` writes it.

        Parameters
        ----------
        folder : str or Path
        vocabulary : GeneDictionary, CellTokens or path, optional
            Or the Parquet file of a dictionary. What the folder's ``encoder.json`` or ``genes.parquet`` says where not
            given; without these, the dictionary of Geneformer V1 where the network has as many ids.
        length, k, device
            As in the class; what the folder was saved with where not given.

        Raises
        ------
        WeightsError
            It is no such folder; see :func:`open_bert`.
        ConfigurationError
            Nothing says which ids the genes have, or settings do not fit the network.
        """
        place = Path(folder)
        network = open_bert(place)
        told = _settings_of(place)
        if isinstance(vocabulary, str | Path):
            vocabulary = GeneDictionary.read(vocabulary)
        if vocabulary is None:
            vocabulary = _vocabulary_of(place, told, network.config.vocab_size)
        length = told.get("length") if length is None else length
        try:
            return cls(network, vocabulary, length=length, k=told.get("k", 1) if k is None else k, device=device)
        except ConfigurationError as error:
            raise error.at(file=str(place)) from None

    def save_pretrained(self, folder: str | Path) -> None:
        """Write a folder that :meth:`from_pretrained` opens: the BERT, its genes, the settings; whole or not there."""
        network: Any = self.network
        told: dict[str, Any] = {
            "encoder": NAME,
            "code_version": self.code_version,
            "length": self.max_length,
            "k": self.k,
            "hash": self.hash,
        }
        with folder_written_aside(folder) as aside:
            network.save_pretrained(aside)
            if isinstance(self.vocabulary, GeneDictionary):
                self.vocabulary.save(aside / GENES)
            else:
                told["vocabulary"] = dict(self.vocabulary.settings())
            (aside / SETTINGS).write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")

    def settings(self) -> Mapping[str, Any]:
        shape = {name: getattr(self._config, name) for name in _SHAPE}
        return {"length": self.max_length, "vocabulary": self.vocabulary.settings(), **shape}

    @property
    def pad(self) -> int:
        return self.vocabulary.pad

    def write(self, cell: Cell) -> WrittenCell:
        """Return the cell's genes by rank, those past ``max_length`` left out.

        Raises
        ------
        UnsupportedError
            No gene of the cell has an id, fewer genes than vectors, or values that say nothing about counts.
        """
        written = self.vocabulary.write(cell, self.max_length)
        self._pooling.check_positions(int(written.counts.sum()))
        return written

    def pooled(self, batch: CellBatch) -> Tensor:
        found = self.network(input_ids=batch.ids, attention_mask=batch.is_read.long())
        return self._pooling(found.last_hidden_state, batch.counts)


def _settings_of(folder: Path) -> dict[str, Any]:
    """Return what ``encoder.json`` says, nothing where there is none."""
    path = folder / SETTINGS
    if not path.is_file():
        return {}
    told = read_object(path, WeightsError)
    version = GeneRankEncoder.code_version
    if told.get("encoder") != NAME or told.get("code_version") != version:
        raise WeightsError(
            f"says encoder {told.get('encoder')!r}, code version {told.get('code_version')!r}; {NAME} of version "
            f"{version} is read here",
            file=str(path),
        )
    return told


def _vocabulary_of(folder: Path, told: Mapping[str, Any], size: int) -> CellVocabulary:
    """Return the vocabulary that a folder declares."""
    declared = told.get("vocabulary")
    if declared is not None:
        return CellTokens.declared(declared, folder / SETTINGS)
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
