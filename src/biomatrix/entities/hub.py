"""Where a name leads: weights inside the package, a folder, or a repository of the Hugging Face hub."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from biomatrix.entities.files.paths import is_file, is_folder
from biomatrix.errors import WeightsError

CONFIG_FILE = "config.json"
_SHOWN = 120
"""The most letters of a name in a message."""


def locate(
    name_or_path: str | Path,
    *,
    what: str,
    shipped: Mapping[str, Path] | None = None,
    patterns: Sequence[str],
    holds: str | None = CONFIG_FILE,
    hub: bool | None = None,
    revision: str | None = None,
) -> Path:
    """Return the local folder of a shipped name, a path, or a repository of the hub.

    A shipped name wins over a folder; a name without an owner is a repository only with ``hub=True``. Without a
    network the hub's cache answers.

    Parameters
    ----------
    name_or_path : str or Path
        A Path is never taken for a shipped name nor for a repository.
    what : str
        The thing looked for, for messages, such as ``model``.
    shipped : mapping of str to Path, optional
        The folders inside the package, by name.
    patterns : sequence of str
        Files that are fetched from the hub, such as ``*.safetensors``. Never a pickle.
    holds : str or None
        The file that marks a folder as valid; None accepts any folder.
    hub : bool, optional
        True: the name is a repository. False: nothing is fetched. None: ``owner/name`` that is not a local folder is a
        repository.
    revision : str, optional
        The branch, tag or commit on the hub.

    Raises
    ------
    WeightsError
        Nothing of that name exists, or the hub does not provide it.
    """
    name = str(name_or_path)
    if hub:
        return _fetch(name, patterns, revision, what)
    folders = shipped or {}
    if not isinstance(name_or_path, Path) and name in folders:
        return folders[name]
    folder = Path(os.path.expanduser(name))
    if name and is_folder(folder) and (holds is None or (folder / holds).exists()):
        return folder
    if hub is None and not isinstance(name_or_path, Path) and not is_folder(folder) and is_repository(name):
        return _fetch(name, patterns, revision, what)
    raise WeightsError(_absence(name, what, folders, holds, hub is None))


def is_repository(name: str) -> bool:
    """Return whether a name has the form ``owner/name`` of the hub."""
    return name.count("/") == 1 and not name.startswith((".", "/", "~"))


def _absence(name: str, what: str, folders: Mapping[str, Path], holds: str | None, hub: bool) -> str:
    if name and is_folder(os.path.expanduser(name)):
        return f"{name}: the folder holds no {holds}, so no {what}"
    if name and is_file(name):
        return f"{name}: is a file; give the folder of the {what}"
    ways = ["no such folder"]
    if folders:
        ways.append(f"not a shipped {what} ({', '.join(sorted(folders))})")
    if hub:
        ways.append("not a hub id (owner/name)")
    shown = name if len(name) <= _SHOWN else f"{name[:_SHOWN]}..."
    return f"no {what} {shown!r}: {', '.join(ways[:-1])}{' and ' if len(ways) > 1 else ''}{ways[-1]}"


def _fetch(repository: str, patterns: Sequence[str], revision: str | None, what: str) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError

    try:
        return Path(snapshot_download(repository, revision=revision, allow_patterns=list(patterns)))
    except (HfHubHTTPError, HFValidationError, OSError) as error:  # OSError: no network, and not in the cache
        raise WeightsError(
            f"no such folder, and the Hugging Face hub did not give this {what}; check the name and the network "
            f"({' '.join(str(error).split())[:200]})",
            file=repository,
        ) from error


@dataclass(frozen=True)
class CachedFolder:
    """One revision of a repository that the hub's cache on this machine holds.

    Parameters
    ----------
    name : str
        ``owner/name``.
    revision : str
        The commit.
    folder : Path
    size : int
        Bytes on disk.
    """

    name: str
    revision: str
    folder: Path
    size: int


def cached_folders() -> list[CachedFolder]:
    """Return the revisions of models in the hub's cache, by name; none without a cache. Nothing is fetched."""
    from huggingface_hub import scan_cache_dir
    from huggingface_hub.errors import CacheNotFound

    try:
        repositories = scan_cache_dir().repos
    except CacheNotFound:
        return []
    folders = [
        CachedFolder(repository.repo_id, revision.commit_hash, revision.snapshot_path, revision.size_on_disk)
        for repository in repositories
        if repository.repo_type == "model"
        for revision in repository.revisions
    ]
    return sorted(folders, key=lambda one: (one.name, one.revision))
