"""Real entities that come with the dependencies, so that a fresh machine needs no download.

The PoseBusters package carries four protein-ligand complexes of the PDB; Biotite carries the wwPDB Chemical Component
Dictionary. Both sets are CC0.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from biomatrix.errors import ConfigurationError

COMPLEXES = ("1s3v", "1ia1", "1uou", "1of6")


def complex_folder(pdb_id: str) -> Path:
    """Return the folder of one bundled complex."""
    package = find_spec("posebusters")
    if package is None or not package.submodule_search_locations:
        raise ConfigurationError("the posebusters package is not installed; run: pip install posebusters")
    folder = Path(package.submodule_search_locations[0]) / "datasets" / "pdb" / pdb_id
    if not folder.is_dir():
        raise ConfigurationError(f"no bundled complex {pdb_id!r}; there are: {', '.join(COMPLEXES)}")
    return folder
