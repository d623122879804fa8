"""Likelihoods of nucleic acids behind one interface, by whatever model gives them, and what is asked of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from biomatrix.lazy import lazy_names

if TYPE_CHECKING:
    from biomatrix.evaluation.nucleic.causal import CausalModel, DecoderModel
    from biomatrix.evaluation.nucleic.http_model import HttpModel
    from biomatrix.evaluation.nucleic.likelihood import BothStrands, LogLikelihood, SequenceModel
    from biomatrix.evaluation.nucleic.masked import MaskedModel
    from biomatrix.evaluation.nucleic.opening import convert_pickle, open_enformer, open_masked_model
    from biomatrix.evaluation.nucleic.score_file import ScoreFile, write_questions
    from biomatrix.evaluation.nucleic.variant_effects import effect_scores, variant_deltas
    from biomatrix.evaluation.nucleic.windows import Variant, VariantWindow, variant_windows

_ROOM = "biomatrix.evaluation.nucleic"

__getattr__ = lazy_names(
    __name__,
    {
        "BothStrands": f"{_ROOM}.likelihood",
        "CausalModel": f"{_ROOM}.causal",
        "DecoderModel": f"{_ROOM}.causal",
        "HttpModel": f"{_ROOM}.http_model",
        "LogLikelihood": f"{_ROOM}.likelihood",
        "MaskedModel": f"{_ROOM}.masked",
        "ScoreFile": f"{_ROOM}.score_file",
        "SequenceModel": f"{_ROOM}.likelihood",
        "Variant": f"{_ROOM}.windows",
        "VariantWindow": f"{_ROOM}.windows",
        "effect_scores": f"{_ROOM}.variant_effects",
        "convert_pickle": f"{_ROOM}.opening",
        "open_enformer": f"{_ROOM}.opening",
        "open_masked_model": f"{_ROOM}.opening",
        "variant_deltas": f"{_ROOM}.variant_effects",
        "variant_windows": f"{_ROOM}.windows",
        "write_questions": f"{_ROOM}.score_file",
    },
)

__all__ = [
    "BothStrands",
    "CausalModel",
    "DecoderModel",
    "HttpModel",
    "LogLikelihood",
    "MaskedModel",
    "ScoreFile",
    "SequenceModel",
    "Variant",
    "VariantWindow",
    "convert_pickle",
    "effect_scores",
    "open_enformer",
    "open_masked_model",
    "variant_deltas",
    "variant_windows",
    "write_questions",
]
