"""A picture of a restoration: input, restored image and residual side by side."""

from __future__ import annotations

import io
from typing import Final

import numpy as np
from numpy.typing import NDArray

from biomatrix_ct.image import Image
from biomatrix_ct.restoration import NOTICE, Restored

WINDOWS: Final[dict[str, tuple[float, float]]] = {
    "body": (-160.0, 240.0),
    "lung": (-1350.0, 150.0),
    "bone": (-500.0, 1300.0),
    "all": (-1024.0, 1000.0),
}
"""The lowest and the highest HU that are told apart, by the name that radiology has for the window."""
_GAP: Final = 6
_LINE: Final = 16
_RESIDUAL_SPAN: Final = 3.0
"""Standard deviations of the noise in water, from mid-grey to white."""


def grey(values: NDArray[np.floating], lowest: float, highest: float) -> NDArray[np.uint8]:
    """Return values in HU as grey levels of a window, same shape."""
    scaled = (np.asarray(values, dtype=np.float64) - lowest) / (highest - lowest)
    return np.rint(np.clip(scaled, 0.0, 1.0) * 255).astype(np.uint8)


def png_bytes(image: Image, window: tuple[float, float] = WINDOWS["all"]) -> bytes:
    """Return the middle slice of an image as an 8-bit PNG, for looking at."""
    from PIL import Image as Picture

    stream = io.BytesIO()
    Picture.fromarray(grey(image.slices[len(image.slices) // 2], *window)).save(stream, "PNG")
    return stream.getvalue()


def montage(given: Image, restored: Restored, window: tuple[float, float] = WINDOWS["body"]) -> bytes:
    """Return input, restored image and residual of the middle slice beside one another, as a PNG with captions."""
    from PIL import Image as Picture
    from PIL import ImageDraw

    middle = len(given.slices) // 2
    residual = restored.residual.reshape(given.slices.shape)[middle]
    span = max(_RESIDUAL_SPAN * restored.level.in_water, 1.0)
    panels = {
        f"input ({window[0]:g} to {window[1]:g} HU)": grey(given.slices[middle], *window),
        "restored": grey(restored.image.slices[middle], *window),
        f"residual (-{span:.0f} to {span:.0f} HU)": grey(residual, -span, span),
    }
    height, width = given.slices.shape[1:]
    sheet = Picture.new("L", (3 * width + 2 * _GAP, height + 2 * _LINE), 255)
    draw = ImageDraw.Draw(sheet)
    for number, (caption, panel) in enumerate(panels.items()):
        left = number * (width + _GAP)
        sheet.paste(Picture.fromarray(panel), (left, _LINE))
        draw.text((left + 2, 2), caption, fill=0)
    draw.text((2, height + _LINE + 2), NOTICE, fill=0)
    stream = io.BytesIO()
    sheet.save(stream, "PNG")
    return stream.getvalue()
