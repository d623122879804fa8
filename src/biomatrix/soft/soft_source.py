"""One way in: the encoder of a kind of entity, and the projector to a decoder.

Legend of shapes: k vectors of an entity, d numbers of each, m learned vectors, D numbers of an embedding.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from threading import Lock

import numpy as np
import torch
from numpy.typing import NDArray

from biomatrix.entities.base_entity import Entity
from biomatrix.entities.encoder import Encoder, checked_vectors
from biomatrix.errors import BioMatrixError, ConfigurationError
from biomatrix.soft.encoders.table import folders_of
from biomatrix.soft.projector import Projector
from biomatrix.soft.projector_record import RECORD_FILE, ProjectorRecord


class SoftSource:
    """An encoder and a projector that belong together.

    Parameters
    ----------
    name : str
        By which a prompt may ask for it.
    encoder : Encoder
    projector : Projector
        With its record; put into evaluation mode.

    Raises
    ------
    ConfigurationError
        The projector has no record, or it was made for another encoder: another kind, hash, k or d.
    """

    def __init__(self, name: str, encoder: Encoder, projector: Projector) -> None:
        if projector.record is None:
            raise ConfigurationError(f"the projector {name} has no record of what it was made for")
        _check_encoder(name, encoder, projector.record)
        self.name, self.encoder, self.projector = name, encoder, projector.eval()
        self.record: ProjectorRecord = projector.record
        self.hash = projector.hash
        self._mark = bytes.fromhex(self.hash)
        self._lock = Lock()

    @classmethod
    def from_pretrained(cls, folder: str | Path) -> SoftSource:
        """Open the folder of a projector, and the encoder that it names.

        Raises
        ------
        WeightsError, ConfigurationError
            A file is damaged, or the encoder is not the one that the projector was made for.
        """
        from biomatrix.soft.encoders import open_encoder

        place = Path(folder)
        projector = Projector.from_pretrained(place)
        record = projector.record
        if record is None:
            raise ConfigurationError("a projector without a record", file=str(folder))
        _check_folders(record.encoder, place)
        try:
            return cls(place.resolve().name, open_encoder(record.encoder, beside=place), projector)
        except BioMatrixError as error:
            raise error.at(file=str(folder)) from None

    @property
    def places(self) -> int:
        """Vectors in a prompt for each entity: k and the learned ones."""
        return self.record.k + self.projector.settings.learned

    def encode(self, entity: Entity) -> NDArray[np.float32]:
        """Return the vectors of an entity before projection, ``float32 [k, d]``.

        It is encoded by itself, so that they are the same bit for bit whatever it is asked with.

        Raises
        ------
        BioMatrixError
            The encoder takes no such entity.
        """
        with self._lock:
            (found,) = self.encoder.encode_each([entity], batch_size=1)
        if isinstance(found, BioMatrixError):
            raise found
        return found

    def projected(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return what a prompt holds of the vectors ``[k, d]`` of one entity: ``float32 [k + m, D]``.

        Raises
        ------
        ConfigurationError
            Another shape than the projector's, numbers that are not finite, or a vector of zeros.
        """
        checked = checked_vectors(vectors, self.record.k, self.record.d)
        with torch.inference_mode():
            own = self.projector(torch.tensor(checked))
            out: NDArray[np.float32] = torch.cat([own, self.projector.learned_vectors()]).float().cpu().numpy()
        return out

    def key(self, content: bytes) -> bytes:
        """Return what the vectors stand for of an entity, or of vectors, with this content."""
        return hashlib.sha256(self.record.encoder_hash.encode() + self._mark + content).digest()


def _check_folders(spec: str, place: Path) -> None:
    """Refuse an encoder that lies elsewhere by an absolute path or one upwards: a projector opens what is its own."""
    for folder in folders_of(spec).values():
        if Path(folder).is_absolute() or ".." in Path(folder).parts:
            raise ConfigurationError(
                f"it names the folder {folder} of its encoder, which is outside; put that folder beside the projector "
                f"(or a link to it), and write its name alone as encoder in {RECORD_FILE}",
                file=str(place),
            )


def _check_encoder(name: str, encoder: Encoder, record: ProjectorRecord) -> None:
    pairs = (
        ("kind", record.kind, encoder.kind),
        ("hash", record.encoder_hash, encoder.hash),
        ("k", record.k, encoder.k),
        ("d", record.d, encoder.d),
    )
    for what, wanted, found in pairs:
        if wanted != found:
            raise ConfigurationError(
                f"the projector {name} was made for an encoder of {what} {wanted}, and {record.encoder} has {found}; "
                "open the encoder it was made for, or align a projector to this one"
            )
