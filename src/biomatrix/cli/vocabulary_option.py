"""The option that names a vocabulary: a folder, or a model that ships."""

from __future__ import annotations

from pathlib import Path


def vocabulary_folder(given: Path) -> Path:
    """Return the folder of a vocabulary, which the name of a model that ships stands for where no such folder is."""
    if given.exists():
        return given
    from biomatrix.generation.loading import SHIPPED, shipped_models

    return SHIPPED / given if str(given) in shipped_models() else given
