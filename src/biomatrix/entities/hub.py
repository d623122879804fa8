"""Where a name leads: weights inside the package, a folder, or a repository of the Hugging Face hub."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from biomatrix.errors import WeightsError

CONFIG_FILE = "config.json"


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

    A bare name never leads out of the package's own folders; a hub cache answers where there is no network.

    Parameters
    ----------
    name_or_path : str or Path
        A Path is never taken for a shipped name nor for a repository.
    what : str
        What is looked for, for messages, such as ``model``.
    shipped : mapping of str to Path, optional
        The folders inside the package, by name.
    patterns : sequence of str
        Files that are fetched from the hub, such as ``*.safetensors``. Never a pickle.
    holds : str or None
        The file that shows that a folder is one of these; None takes any folder.
    hub : bool, optional
        True: the name is a repository. False: nothing is fetched. Not given: ``owner/name`` that is no folder here is a
        repository.
    revision : str, optional
        The branch, tag or commit on the hub.

    Raises
    ------
    WeightsError
        Nothing is there, or the hub does not give it.
    """
    name = str(name_or_path)
    if hub:
        return _fetched(name, patterns, revision, what)
    known = shipped or {}
    if not isinstance(name_or_path, Path) and name in known:
        return known[name]
    folder = Path(name_or_path)
    if name and folder.is_dir() and (holds is None or (folder / holds).is_file()):
        return folder
    if hub is None and not isinstance(name_or_path, Path) and not folder.is_dir() and _is_repository(name):
        return _fetched(name, patterns, revision, what)
    raise WeightsError(_absence(name, what, known, holds, hub is None))


def _is_repository(name: str) -> bool:
    return name.count("/") == 1 and not name.startswith((".", "/", "~"))


def _absence(name: str, what: str, known: Mapping[str, Path], holds: str | None, hub: bool) -> str:
    if name and Path(name).is_dir():
        return f"{name}: the folder holds no {holds}, so no {what}"
    ways = ["no such folder"]
    if known:
        ways.append(f"not a shipped {what} ({', '.join(sorted(known))})")
    if hub:
        ways.append("not a hub id (owner/name)")
    return f"no {what} {name!r}: {', '.join(ways[:-1])}{' and ' if len(ways) > 1 else ''}{ways[-1]}"


def _fetched(repository: str, patterns: Sequence[str], revision: str | None, what: str) -> Path:
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
    """Return what the hub's cache holds of models, by name. Nothing is fetched; a missing cache holds nothing."""
    from huggingface_hub import scan_cache_dir
    from huggingface_hub.errors import CacheNotFound

    try:
        repositories = scan_cache_dir().repos
    except CacheNotFound:
        return []
    found = [
        CachedFolder(repository.repo_id, revision.commit_hash, revision.snapshot_path, revision.size_on_disk)
        for repository in repositories
        if repository.repo_type == "model"
        for revision in repository.revisions
    ]
    return sorted(found, key=lambda one: (one.name, one.revision))
