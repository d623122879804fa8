"""From the vectors of an encoder to the width of a decoder's embeddings.

Legend of shapes: d numbers of an encoder's vector, D of a decoder's embedding, m learned vectors.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from biomatrix.entities.files.tensor_files import StoredTensor, read_header
from biomatrix.errors import ConfigurationError, WeightsError
from biomatrix.soft.projector_record import RECORD_FILE, WEIGHTS_FILE, ProjectorRecord

MOST_LAYERS: Final = 3
Scaling = Literal["all", "each", "none"]
"""What is taken off an encoder's vectors: their mean and one spread of all numbers, or the spread of each number."""


@dataclass(frozen=True, slots=True)
class ProjectorSettings:
    """The form of a projector.

    Parameters
    ----------
    layers : int
        1 to 3; 1 is a linear map, 2 and 3 have hidden layers with ReLU.
    width : int
        Numbers in each hidden layer.
    norm : bool
        A layer norm after each hidden layer.
    dropout : float
        Share of hidden numbers set to 0 in training.
    learned : int
        Vectors that stand beside those of each entity, the same for all of them.

    Raises
    ------
    ConfigurationError
        A number outside its range.
    """

    layers: int = 2
    width: int = 512
    norm: bool = True
    dropout: float = 0.0
    learned: int = 0

    def __post_init__(self) -> None:
        if not 1 <= self.layers <= MOST_LAYERS:
            raise ConfigurationError(f"a projector has 1 to {MOST_LAYERS} layers, not {self.layers}")
        if self.width < 1 or self.learned < 0:
            raise ConfigurationError(f"width {self.width} and {self.learned} learned vectors: 1 and 0 are the least")
        if not 0.0 <= self.dropout < 1.0:
            raise ConfigurationError(f"dropout is 0 or more and less than 1, not {self.dropout}")


class Projector(nn.Module):
    """Maps vectors of an encoder to vectors as long as the embeddings of a decoder.

    What comes out has the norm ``length``, whatever went in, so that no vector drowns the text beside it; the learned
    vectors too.

    Parameters
    ----------
    d, width_out : int
        Numbers of a vector of the encoder, and of an embedding of the decoder (its hidden size, D).
    length : float
        The norm of every vector: :func:`biomatrix.vocabulary.initialisation.typical_norm` of the decoder.
    settings : ProjectorSettings
    record : ProjectorRecord, optional
        What it was made for and of; needed to save it.
    """

    length: Tensor
    mean: Tensor
    spread: Tensor

    def __init__(
        self,
        d: int,
        width_out: int,
        length: float,
        settings: ProjectorSettings | None = None,
        record: ProjectorRecord | None = None,
    ) -> None:
        super().__init__()
        if not length > 0.0 or length == float("inf"):
            raise ConfigurationError(f"the norm of a projector's vectors is positive and finite, not {length}")
        self.d, self.width_out = d, width_out
        self.settings = settings or ProjectorSettings()
        self.record = record
        self.layers = nn.Sequential(*_layers(d, width_out, self.settings))
        self.learned = nn.Parameter(torch.randn(self.settings.learned, width_out))
        self.register_buffer("length", torch.tensor(float(length)))
        self.register_buffer("mean", torch.zeros(d))
        self.register_buffer("spread", torch.ones(d))

    @property
    def hash(self) -> str:
        """A SHA-256, in hexadecimal, of its tensors as they are."""
        digest = hashlib.sha256()
        for name, tensor in sorted(self.state_dict().items()):
            digest.update(name.encode() + tensor.detach().cpu().to(torch.float32).contiguous().numpy().tobytes())
        return digest.hexdigest()

    def standardise(self, vectors: Tensor, scaling: Scaling = "each") -> None:
        """Take the mean and the spread of training vectors, ``float32 [..., d]``, off every vector from now on.

        One spread for all numbers keeps what the encoder made large large: the last of principal components, and the
        rarest of counts, are mostly noise, and divided each by its own they are as loud as the first.
        """
        if scaling == "none":
            return
        flat = vectors.reshape(-1, self.d).to(torch.float32)
        spread = flat.std(dim=0, unbiased=False)
        if scaling == "all":
            spread = spread.square().mean().sqrt().clamp(min=1e-6).expand(self.d)
        self.mean.copy_(flat.mean(dim=0))
        self.spread.copy_(torch.where(spread > 1e-6, spread, torch.ones_like(spread)))

    def forward(self, vectors: Tensor) -> Tensor:
        """Return ``float32 [..., D]`` of ``float32 [..., d]``.

        Raises
        ------
        ConfigurationError
            The last axis is not d.
        """
        if vectors.shape[-1:] != (self.d,):
            raise ConfigurationError(f"this projector takes vectors of {self.d} numbers, not {tuple(vectors.shape)}")
        weight = self.learned
        standard = (vectors.to(weight.device, weight.dtype) - self.mean) / self.spread
        return self._scaled(self.layers(standard))

    def learned_vectors(self) -> Tensor:
        """Return the learned vectors as a prompt holds them, ``float32 [m, D]``."""
        return self._scaled(self.learned)

    def _scaled(self, vectors: Tensor) -> Tensor:
        return normalize(vectors, dim=-1, eps=1e-12) * self.length

    def save_pretrained(self, folder: str | Path) -> None:
        """Write ``projector.safetensors`` and ``projector.json``, each whole or not at all.

        Raises
        ------
        ConfigurationError
            It has no record, or one of other sizes.
        """
        from safetensors.torch import save_file

        from biomatrix.entities.files.folders import files_written_aside

        if self.record is None:
            raise ConfigurationError("a projector is saved with a record of its encoder and decoder: set .record")
        self._check_sizes(self.record)
        tensors = {name: t.detach().to("cpu", torch.float32).contiguous() for name, t in self.state_dict().items()}
        with files_written_aside(folder) as aside:
            save_file(tensors, aside / WEIGHTS_FILE, metadata={"format": "pt"})
            (aside / WEIGHTS_FILE).chmod(0o644)
            self.record.write(aside, asdict(self.settings))

    @classmethod
    def from_pretrained(cls, folder: str | Path) -> Projector:
        """Open a folder that :meth:`save_pretrained` wrote, for inference.

        Raises
        ------
        WeightsError
            A file is missing or damaged, or its tensors are not those that its JSON describes.
        """
        from safetensors.torch import load_file

        place = Path(folder)
        record, told = ProjectorRecord.read(place)
        try:
            settings = ProjectorSettings(**told)
        except ConfigurationError as error:
            raise WeightsError(error.message, file=str(place / RECORD_FILE)) from None
        path = place / WEIGHTS_FILE
        # Sizes are compared before anything of them is made: a description may tell of more than fits any memory.
        with torch.device("meta"):
            projector = cls(record.d, record.width, 1.0, settings, record)
        wanted = {name: StoredTensor("F32", tuple(t.shape)) for name, t in projector.state_dict().items()}
        if read_header(path) != wanted:
            raise WeightsError("its tensors are not those that projector.json describes", file=str(path))
        tensors = load_file(path)
        if not all(bool(tensor.isfinite().all()) for tensor in tensors.values()):
            raise WeightsError("a tensor holds NaN or infinity", file=str(path))
        if not (tensors["length"] > 0 and bool((tensors["spread"] > 0).all())):
            raise WeightsError("the norm of its vectors and the spread that it divides by are above 0", file=str(path))
        projector.to_empty(device="cpu").load_state_dict(tensors)
        return projector.requires_grad_(False).eval()

    def _check_sizes(self, record: ProjectorRecord) -> None:
        if (record.d, record.width) != (self.d, self.width_out):
            raise ConfigurationError(
                f"the record speaks of {record.d} to {record.width} numbers, the projector maps {self.d} to "
                f"{self.width_out}"
            )


def _layers(d: int, width_out: int, settings: ProjectorSettings) -> list[nn.Module]:
    modules: list[nn.Module] = []
    size = d
    for _ in range(settings.layers - 1):
        modules += [nn.Linear(size, settings.width), nn.ReLU()]
        modules += [nn.LayerNorm(settings.width)] if settings.norm else []
        modules += [nn.Dropout(settings.dropout)] if settings.dropout else []
        size = settings.width
    return [*modules, nn.Linear(size, width_out)]
