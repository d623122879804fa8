"""Finding the entities that texts name: by a dictionary, by a BERN2 server, by files of annotations."""

from __future__ import annotations

from biomatrix.corpus.linking.linker import Linker, Linking, Mention, Text

__all__ = ["Linker", "Linking", "Mention", "Text"]
