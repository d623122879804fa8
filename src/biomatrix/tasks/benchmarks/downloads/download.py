"""From a source to its files on this machine: downloaded, from the hub, or taken from a local copy; always checked."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from biomatrix.entities.files.hashing import file_sha256
from biomatrix.entities.files.in_use import held_alone
from biomatrix.entities.files.lfs_pointers import LFS_ADVICE, file_is_lfs_pointer
from biomatrix.entities.files.opening import open_bytes
from biomatrix.entities.files.writing import named_refusals
from biomatrix.errors import ConfigurationError
from biomatrix.progress import Progress
from biomatrix.tasks.benchmarks.benchmark import Source, SourceFile
from biomatrix.tasks.benchmarks.downloads import checksums
from biomatrix.tasks.benchmarks.downloads.archives import archive_of, unpack
from biomatrix.tasks.benchmarks.downloads.data_cache import folder_in, path_in, source_folder
from biomatrix.tasks.benchmarks.downloads.http_download import download, remote_size
from biomatrix.tasks.benchmarks.loading import official_file

_PART: Final = ".part"
_ANOTHER: Final = "another process is getting these files; wait for it"


def get(source: Source, origin: Path | None = None, folder: Path | None = None) -> Path:
    """Put the files of a source into its folder and return that; files that are there and right stay.

    Parameters
    ----------
    source : Source
    origin : Path, optional
        A folder with a local copy, or with one in a folder named like the source; files may be packed with gzip.
        Nothing is downloaded then.
    folder : Path, optional
        Where to; the folder of the source in the cache when not given.

    Raises
    ------
    ConfigurationError
        A file cannot be had, its checksum is wrong, or another process gets it. No file of that name is left then.
    ParseError, LimitError
        An archive is broken, or larger than is taken.
    """
    target = source_folder(source) if folder is None else folder
    with held_alone(target, _ANOTHER):
        for file in source.files:
            path = path_in(target, file)
            if not (path.is_file() and checksums.expected(target, file) == file_sha256(path)):
                with named_refusals(path):
                    path.parent.mkdir(parents=True, exist_ok=True)
                    _put(source, file, path, target, origin)
    return target


def sizes(source: Source) -> dict[str, int | None]:
    """Return the bytes of each file that is to be downloaded, as its server states them; None where it does not."""
    return {file.path: remote_size(file.url) if file.url else None for file in source.files}


def _put(source: Source, file: SourceFile, path: Path, folder: Path, origin: Path | None) -> None:
    part = path.with_name(path.name + _PART)
    copy = None if origin is None else _copy_of(folder_in(origin, source.name), file)
    archive = archive_of(source)
    if file is archive and origin is not None and copy is None:
        return  # its files may lie beside it, or in its stead
    if origin is None and file.url:
        progress = Progress(file.path, remote_size(file.url), "bytes", every=5.0)
        progress.advance(part.stat().st_size if part.is_file() else 0, cached=True)
        download(file.url, part, progress.advance)
    with _removed_on_failure(part):
        if copy is not None:
            _copy(copy, part)
        elif archive is not None and file is not archive and path_in(folder, archive).is_file():
            unpack(path_in(folder, archive), file.path, part)
        elif origin is not None:
            official_file(folder_in(origin, source.name), file.path)  # says what is missing
        elif source.hub and not file.url:
            _copy(_from_hub(source, file), part)
        elif not file.url:
            raise ConfigurationError(
                f"{source.name}: {file.path} has no address to be downloaded from; get it from {source.url}, and name "
                "the folder with --from"
            )
        digest = checksums.check(part, folder, file)
        if file_is_lfs_pointer(part):
            raise ConfigurationError(LFS_ADVICE, file=file.path)
    os.replace(part, path)
    checksums.record(folder, file, digest)


@contextmanager
def _removed_on_failure(part: Path) -> Iterator[None]:
    try:
        yield
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _copy_of(folder: Path, file: SourceFile) -> Path | None:
    """Return a file of a local copy; None where it is not there."""
    try:
        return official_file(folder, file.path)
    except ConfigurationError:
        return None


def _copy(found: Path, part: Path) -> None:
    """Copy a file, unpacked where its name says that it is packed and that of the part does not."""
    packed = found.suffix == ".gz" and not part.name.endswith(f".gz{_PART}")
    if not packed:
        shutil.copyfile(found, part)
        return
    with open_bytes(found) as stream, part.open("wb") as target:
        shutil.copyfileobj(stream, target, 1 << 20)


def _from_hub(source: Source, file: SourceFile) -> Path:
    """Return a file of the hub in its own cache; where it is not there yet, the hub is asked whether it can be reached.

    The hub's client knocks for half a minute before it gives up.
    """
    from huggingface_hub import hf_hub_download, hf_hub_url
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    revision = source.revision or None
    try:
        with suppress(LocalEntryNotFoundError):
            return Path(
                hf_hub_download(source.hub, file.path, repo_type="dataset", revision=revision, local_files_only=True)
            )
        remote_size(hf_hub_url(source.hub, file.path, repo_type="dataset", revision=revision))
        return Path(hf_hub_download(source.hub, file.path, repo_type="dataset", revision=revision))
    except (HfHubHTTPError, HFValidationError, OSError) as error:
        reason = " ".join(str(error).split())[:200]
        raise ConfigurationError(f"the hub did not give {file.path} of {source.hub}: {reason}") from error
