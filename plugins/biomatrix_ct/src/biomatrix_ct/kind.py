"""The registration of CT images as a kind of entity."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar, Final

import numpy as np

from biomatrix.entities import DEFAULT_LIMITS, Check, Entity, Kind, Limits, Reject
from biomatrix.entities.files.opening import label_of
from biomatrix.entities.registration import FileFormat
from biomatrix.errors import BioMatrixError, ParseError, UnsupportedError
from biomatrix_ct.files import EXTENSIONS, format_in, read_image, write_image
from biomatrix_ct.image import Image

_LONGEST_HEADER: Final = 1 << 20


class CtKind(Kind):
    """Computed tomograms in Hounsfield units; no tokens write them."""

    name: ClassVar[str] = "ct"
    plural: ClassVar[str] = "CT images"
    typed_as: ClassVar[str] = "the name of a file"
    formats: ClassVar[tuple[FileFormat, ...]] = tuple(
        FileFormat(name, extensions, many=False, writes=name != "dicom", structure=False)
        for name, extensions in EXTENSIONS.items()
    )
    reading_options: ClassVar[str | None] = "biomatrix_ct.scale:CtReadingOptions"
    by_default: ClassVar[bool] = False

    @property
    def entity(self) -> type[Entity]:
        """The class of its entities."""
        return Image

    def parse(self, text: str, name: str = "", *, limits: Limits = DEFAULT_LIMITS) -> Entity:
        """Raise: pixels are not typed."""
        raise ParseError("a CT image is not typed; name a .dcm, .nii, .nii.gz or .png file", record=name or None)

    def text(self, entity: Image) -> str:
        """Return its size, spacing and range."""
        size = " x ".join(str(one) for one in entity.values.shape)
        spacing = " x ".join(f"{one:.3g}" for one in entity.spacing)
        return f"CT, {size}, {spacing} mm, {entity.values.min():g} to {entity.values.max():g} HU"

    def to_bytes(self, entity: Image) -> bytes:
        """Return a line of JSON, then the values as little-endian float32."""
        place = None if entity.affine is None else entity.affine.tolist()
        header = {"shape": entity.values.shape, "spacing": entity.spacing, "notes": entity.notes, "affine": place}
        return json.dumps(header).encode() + b"\n" + entity.values.astype("<f4").tobytes()

    def from_bytes(self, data: bytes, name: str = "") -> Entity:
        """Return the image of :meth:`to_bytes`."""
        end = data.find(b"\n", 0, _LONGEST_HEADER)
        try:
            header = json.loads(data[:end])
            values = np.frombuffer(data, dtype="<f4", offset=end + 1).reshape(header["shape"])
            return Image(values, tuple(header["spacing"]), name, tuple(header["notes"]), header.get("affine"))
        except (ValueError, KeyError, TypeError) as error:
            raise ParseError(f"no bytes of a CT image: {error}", record=name or None) from error

    def identity(self, entity: Image) -> str:
        """Return the hash of values and spacing."""
        content = repr((entity.values.shape, entity.spacing)).encode() + entity.values.tobytes()
        return hashlib.sha256(content).hexdigest()

    def read(
        self, path: str | Path, file_format: str, *, limits: Limits = DEFAULT_LIMITS, **settings: Any
    ) -> Iterator[Entity | Reject]:
        """Yield the image of a file, or why it is none."""
        try:
            yield read_image(path, file_format, limits=limits, **settings)
        except BioMatrixError as error:
            yield Reject.from_error(error, label_of(path))

    def read_one(
        self,
        path: str | Path,
        file_format: str,
        record: int | str | None = None,
        *,
        limits: Limits = DEFAULT_LIMITS,
        **settings: Any,
    ) -> Entity:
        """Return the image of a file, its only record."""
        image = read_image(path, file_format, limits=limits, **settings)
        if record not in (None, 1, image.name):
            raise ParseError(f"there is no record {record}: a file of CT holds one image", file=label_of(path))
        return image

    def write(self, entities: Sequence[Image], path: str | Path, file_format: str, **settings: Any) -> None:
        """Write one image."""
        if len(entities) != 1:
            raise UnsupportedError(f"a file of CT holds one image, not {len(entities)}", file=str(path))
        write_image(entities[0], path, file_format)

    def recognises(self, head: bytes) -> str | None:
        """Return the format that the first bytes of a file show."""
        return format_in(head)

    def recognises_folder(self, path: Path) -> str | None:
        """Return ``dicom`` for a folder that holds .dcm files."""
        return "dicom" if next(path.glob("*.[dD][cC][mM]"), None) is not None else None

    def check(self, entity: Image) -> list[Check]:
        """Return the noise that the image shows in water."""
        from biomatrix_ct.noise import estimate_noise

        return [Check("noise in water", None, estimate_noise(entity.values).in_water, "HU")]

    def compare(self, original: Image, decoded: Image) -> list[Check]:
        """Return whether two images hold the same, and by how many HU they differ at most."""
        same = self.identity(original) == self.identity(decoded)
        if original.values.shape != decoded.values.shape:
            return [Check("same CT image", False, detail="their sizes differ")]
        largest = float(np.abs(original.values - decoded.values).max())
        return [Check("same CT image", same), Check("largest difference", None, largest, "HU")]

    def picture(self, entity: Image, weights: Sequence[float] | None = None, label: str = "") -> str | None:
        """Return the middle slice as an ``<svg>`` element."""
        from biomatrix_ct.montage import png_bytes

        height, width = entity.values.shape[-2:]
        data = base64.b64encode(png_bytes(entity)).decode()
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" role="img">'
            f'<image width="{width}" height="{height}" href="data:image/png;base64,{data}"/></svg>'
        )


CT: Final = CtKind()
