"""Sources to records to documents to token shards, reproducible byte for byte."""

from __future__ import annotations

from typing import TYPE_CHECKING

from biomatrix.lazy import lazy_names

_HOME = {
    "CorpusRecipe": "biomatrix.corpus.recipe",
    "TokenShards": "biomatrix.corpus.shards",
    "build_corpus": "biomatrix.corpus.build",
    "build_nano_vocabulary": "biomatrix.corpus.build",
    "held_out_folders": "biomatrix.corpus.shards",
    "is_held_out": "biomatrix.corpus.holdout",
}

__all__ = [
    "CorpusRecipe",
    "TokenShards",
    "build_corpus",
    "build_nano_vocabulary",
    "held_out_folders",
    "is_held_out",
]

if TYPE_CHECKING:
    from biomatrix.corpus.build import build_corpus, build_nano_vocabulary
    from biomatrix.corpus.holdout import is_held_out
    from biomatrix.corpus.recipe import CorpusRecipe
    from biomatrix.corpus.shards import TokenShards, held_out_folders

__getattr__ = lazy_names(__name__, _HOME)
