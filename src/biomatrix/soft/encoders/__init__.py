"""Encoders: entities of one kind to vectors of one width, frozen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from biomatrix.lazy import lazy_names

__all__ = ["AutoEncoder", "DecoderStates", "InParts", "NetworkEncoder", "known_encoders", "open_encoder"]

__getattr__ = lazy_names(
    __name__,
    {
        "AutoEncoder": "biomatrix.soft.encoders.auto",
        "DecoderStates": "biomatrix.soft.encoders.decoder",
        "InParts": "biomatrix.soft.encoders.parts",
        "NetworkEncoder": "biomatrix.soft.encoders.batching",
        "known_encoders": "biomatrix.soft.encoders.table",
        "open_encoder": "biomatrix.soft.encoders.table",
    },
)

if TYPE_CHECKING:
    from biomatrix.soft.encoders.auto import AutoEncoder
    from biomatrix.soft.encoders.batching import NetworkEncoder
    from biomatrix.soft.encoders.decoder import DecoderStates
    from biomatrix.soft.encoders.parts import InParts
    from biomatrix.soft.encoders.table import known_encoders, open_encoder
