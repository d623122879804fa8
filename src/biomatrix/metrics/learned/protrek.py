"""How alike a protein sequence and a text are, by the encoders of ProTrek.

``westlake-repl/ProTrek`` ``model/ProTrek/``: the first token of an ESM-2 and of a BERT, each through a linear layer,
and the cosine of the two; as PDFBench uses it, sequences are cut to 2,048 residues and texts to 512 tokens. The
structure encoder is not read.

The folder is the released one: a folder each with configuration and tokenizer of the protein and the text encoder
(``esm2_t33_650M_UR50D`` and ``BiomedNLP-PubMedBERT-base-uncased-abstract-fulltext`` for the 650M model) and one
``.pt`` file of weights, or the same tensors in ``.safetensors``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np

from biomatrix.errors import ConfigurationError, WeightsError
from biomatrix.metrics.learned.weights import from_pretrained, load_strictly, read_tensors

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import nn

LONGEST_SEQUENCE: Final = 2048
LONGEST_TEXT: Final = 512
_PREFIXES: Final = {"esm": ("1.", "model.1.", "protein_encoder."), "bert": ("2.", "model.2.", "text_encoder.")}
"""How the tensors of either encoder begin: their place in the released list of modules, or their names."""
_UNUSED: Final = ("contact_head.", "embeddings.position_ids", "embeddings.position_embeddings.", "pooler.")
_BATCH: Final = 8


class ProTrek:
    """Both encoders, loaded.

    Parameters
    ----------
    encoders : mapping of str to (network, linear layer, tokenizer)
        ``esm`` and ``bert``.
    """

    def __init__(self, encoders: Mapping[str, tuple[nn.Module, nn.Module, Any]]) -> None:
        self._encoders = encoders

    @classmethod
    def load(cls, source: str | Path, device: str = "cpu") -> Self:
        """Return it from the folder of a released model, or the hub id of one that was downloaded before."""
        folder = _folder(source)
        path = _weights(folder)
        content = read_tensors(path, "ProTrek")
        tensors = content.get("model", content)
        kinds = _configurations(folder)
        return cls({kind: _encoder(kind, kinds[kind], tensors, path, device) for kind in _PREFIXES})

    def sequence_embeddings(self, sequences: Sequence[str]) -> NDArray[np.float64]:
        """Return unit vectors, ``float64 [n, d]``; NaN for an empty sequence."""
        return self._embed("esm", [sequence[:LONGEST_SEQUENCE] for sequence in sequences], LONGEST_SEQUENCE + 2)

    def text_embeddings(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Return unit vectors, ``float64 [n, d]``; NaN for an empty text."""
        return self._embed("bert", texts, LONGEST_TEXT)

    def cosines(self, sequences: Sequence[str], texts: Sequence[str]) -> NDArray[np.float64]:
        """Return the cosine of each sequence and its text, ``float64 [n]``; NaN where either is empty."""
        return np.asarray((self.sequence_embeddings(sequences) * self.text_embeddings(texts)).sum(axis=1))

    def _embed(self, kind: str, texts: Sequence[str], longest: int) -> NDArray[np.float64]:
        import torch

        network, out, tokenizer = self._encoders[kind]
        device = next(network.parameters()).device
        rows = np.full((len(texts), int(getattr(out, "out_features", 0))), np.nan)
        filled = [i for i, text in enumerate(texts) if text.strip()]
        with torch.inference_mode():
            for chosen in _batches(filled):
                batch = [texts[i] for i in chosen]
                inputs = tokenizer(batch, return_tensors="pt", padding=True, truncation=True, max_length=longest)
                first = network(**inputs.to(device)).last_hidden_state[:, 0]
                rows[chosen] = torch.nn.functional.normalize(out(first), dim=-1).double().cpu().numpy()
        return rows


def _batches(indices: list[int]) -> Iterator[list[int]]:
    for start in range(0, len(indices), _BATCH):
        yield indices[start : start + _BATCH]


def _folder(source: str | Path) -> Path:
    if Path(source).is_dir():
        return Path(source)
    from huggingface_hub import snapshot_download

    return Path(from_pretrained(snapshot_download, source, "ProTrek"))


def _weights(folder: Path) -> Path:
    found = sorted(folder.glob("*.safetensors")) or sorted(folder.glob("*.pt"))
    if len(found) != 1:
        raise ConfigurationError(f"ProTrek: {folder} holds {len(found)} files of weights; give a folder with one")
    return found[0]


def _configurations(folder: Path) -> dict[str, Path]:
    """Return the folders of the encoders' configurations, by their kind; the structure encoder's is passed over."""
    from transformers import AutoConfig

    kinds: dict[str, Path] = {}
    for path in sorted(folder.glob("*/config.json")):
        if "foldseek" not in path.parent.name:
            kinds.setdefault(AutoConfig.from_pretrained(path.parent).model_type, path.parent)
    missing = [kind for kind in _PREFIXES if kind not in kinds]
    if missing:
        raise ConfigurationError(f"ProTrek: {folder} lacks the configuration of its {' and '.join(missing)} encoder")
    return kinds


def _encoder(
    kind: str, folder: Path, tensors: Mapping[str, Any], path: Path, device: str
) -> tuple[nn.Module, nn.Module, Any]:
    from torch import nn
    from transformers import AutoConfig, AutoModel, AutoTokenizer

    own = _own(kind, tensors, path)
    inner = "model.esm." if kind == "esm" else "model."
    settings = AutoConfig.from_pretrained(folder)
    network = AutoModel.from_config(settings, add_pooling_layer=False).eval()  # type: ignore[no-untyped-call]
    needed = {name.removeprefix(inner): tensor for name, tensor in own.items() if name.startswith(inner)}
    unused = tuple(name for name in _UNUSED if name != "embeddings.position_embeddings." or kind == "esm")
    # A rotary encoder has no position embeddings; where the network keeps a table it never reads, its own stays.
    kept = {name: tensor for name, tensor in network.state_dict().items() if name.startswith(unused)}
    load_strictly(network, {**{n: t for n, t in needed.items() if not n.startswith(unused)}, **kept}, path)
    out = nn.Linear(settings.hidden_size, int(own["out.weight"].shape[0]))
    load_strictly(out, {"weight": own["out.weight"], "bias": own["out.bias"]}, path)
    return network.to(device), out.eval().to(device), AutoTokenizer.from_pretrained(folder)


def _own(kind: str, tensors: Mapping[str, Any], path: Path) -> dict[str, Any]:
    for prefix in _PREFIXES[kind]:
        own = {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
        if {"out.weight", "out.bias"} <= own.keys():
            return own
    raise WeightsError(f"no {kind} encoder among the weights of ProTrek", file=str(path))
