"""From a source to its files on this machine: downloaded, from the hub, or taken from a local copy; always checked."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from biomatrix.downloads.http_download import remote_size
from biomatrix.downloads.placing import ANOTHER, copy, fetch, is_right, part_of, place, removed_on_failure
from biomatrix.downloads.wanted_file import path_in
from biomatrix.entities.files.in_use import held_alone
from biomatrix.entities.files.writing import named_refusals
from biomatrix.errors import ConfigurationError
from biomatrix.tasks.benchmarks.benchmark import Source, SourceFile
from biomatrix.tasks.benchmarks.downloads.archives import archive_of, unpack
from biomatrix.tasks.benchmarks.downloads.data_cache import folder_in, source_folder
from biomatrix.tasks.benchmarks.loading import official_file


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
    with held_alone(target, ANOTHER):
        for file in source.files:
            path = path_in(target, file)
            if not is_right(path, target, file):
                with named_refusals(path):
                    path.parent.mkdir(parents=True, exist_ok=True)
                    _put(source, file, path, target, origin)
    return target


def sizes(source: Source) -> dict[str, int | None]:
    """Return the bytes of each file that is to be downloaded, as its server states them; None where it does not."""
    return {file.path: remote_size(file.url) if file.url else None for file in source.files}


def _put(source: Source, file: SourceFile, path: Path, folder: Path, origin: Path | None) -> None:
    part = part_of(path)
    held = None if origin is None else _copy_of(folder_in(origin, source.name), file)
    archive = archive_of(source)
    if file is archive and origin is not None and held is None:
        return  # its files may lie beside it, or in its stead
    if origin is None and file.url:
        fetch(file, part)
    with removed_on_failure(part):
        if held is not None:
            copy(held, part)
        elif archive is not None and file is not archive and path_in(folder, archive).is_file():
            unpack(path_in(folder, archive), file.path, part)
        elif origin is not None:
            official_file(folder_in(origin, source.name), file.path)  # says what is missing
        elif source.hub and not file.url:
            copy(_from_hub(source, file), part)
        elif not file.url:
            raise ConfigurationError(
                f"{source.name}: {file.path} has no address to be downloaded from; get it from {source.url}, and name "
                "the folder with --from"
            )
        place(part, path, folder, file)


def _copy_of(folder: Path, file: SourceFile) -> Path | None:
    """Return a file of a local copy; None where it is not there."""
    try:
        return official_file(folder, file.path)
    except ConfigurationError:
        return None


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
