"""The files of a source: patterns relative to the data folder, and what they match."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from biomatrix.errors import ConfigurationError


def matching_files(source: str, patterns: Iterable[str], root: Path) -> tuple[str, ...]:
    """Return the files that patterns match, each once, relative to the data folder.

    Parameters
    ----------
    source : str
        The source's name, for messages.
    patterns : iterable of str
        Paths or patterns relative to ``root``.
    root : Path
        The data folder.

    Raises
    ------
    ConfigurationError
        If a pattern matches no file.
    """
    files: list[str] = []
    for pattern in patterns:
        try:
            matches = sorted(path for path in root.glob(pattern) if path.is_file())
        except (NotImplementedError, ValueError) as error:
            raise ConfigurationError(f"{pattern!r} is not a pattern relative to the data folder: {error}") from error
        if not matches:
            raise ConfigurationError(f"source {source}: no file matches {pattern!r}", file=str(root))
        files += [path.relative_to(root).as_posix() for path in matches]
    return tuple(dict.fromkeys(files))
