"""What is refused of an HDF5 file before its content is read: ways out of it, and sizes it only declares."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from biomatrix.entities.limits import DEFAULT_LIMITS
from biomatrix.errors import LimitError, ParseError


def refuse_hostile_hdf5(path: Path) -> None:
    """Raise where an HDF5 file links to another, stores data outside itself, or declares more than it may.

    Raises
    ------
    ParseError
        It is no HDF5 file, or leads out of itself.
    LimitError
        Its data unpacked are past the limits.
    """
    import h5py

    try:
        DEFAULT_LIMITS.check("file_bytes", path.stat().st_size, str(path))
        with h5py.File(path, "r") as file:
            total = _walk(file, str(path))
    except (OSError, RuntimeError, KeyError, ValueError) as error:
        raise ParseError(f"no readable HDF5 file: {str(error)[:200]}", file=str(path)) from error
    DEFAULT_LIMITS.check("decompressed_bytes", total, f"the size that {path} declares")


def _walk(group: Any, file: str) -> int:
    """Return the declared bytes of all data below a group."""
    import h5py

    total, waiting, seen = 0, [group], {group.id.__hash__()}
    while waiting:
        here = waiting.pop()
        for name in here:
            link = here.get(name, getlink=True)
            if not isinstance(link, h5py.HardLink):
                raise ParseError(
                    f"{here.name}/{name} is a link, not data; write the file anew without links", file=file
                )
            one = here[name]
            if isinstance(one, h5py.Group):
                if one.id.__hash__() not in seen:
                    seen.add(one.id.__hash__())
                    waiting.append(one)
                continue
            if not isinstance(one, h5py.Dataset):
                continue
            if one.external or one.is_virtual:
                raise ParseError(f"{one.name} keeps its data in another file; write the file anew", file=file)
            total += int(one.size or 0) * one.dtype.itemsize
            stored = max(int(one.id.get_storage_size()), 1)
            if one.nbytes > 2**28 and one.nbytes > 2000 * stored:
                raise LimitError(f"{one.name} declares {one.nbytes:,} bytes and holds {stored:,}", file=file)
    return total
