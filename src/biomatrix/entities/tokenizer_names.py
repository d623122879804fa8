"""What a person may name as a structure tokenizer, and for which modality it is meant."""

from __future__ import annotations

from collections.abc import Sequence

from biomatrix.entities.files.paths import exists
from biomatrix.entities.kind_registry import kinds
from biomatrix.entities.modality_registry import modality_class, modality_names
from biomatrix.entities.near_matches import choices
from biomatrix.entities.published import is_tensor_file, published_architecture
from biomatrix.entities.tokenizer_folder import find_folder, read_config, shipped_names
from biomatrix.errors import ConfigurationError, WeightsError


def check_tokenizer_name(name: str, wanted: Sequence[str] | None = None) -> None:
    """Refuse a name that no structure tokenizer can have; nothing is opened.

    Parameters
    ----------
    name : str
        A shipped name, a folder or a file.
    wanted : sequence of str, optional
        The kinds of which a tokenizer is needed; any kind where none is.

    Raises
    ------
    ConfigurationError
        No kind has it, and there is nothing of that name on disk.
    WeightsError
        None of the wanted kinds has it.
    """
    if is_tensor_file(name) or exists(name):
        return
    owners = [one.name for one in kinds()] if wanted is None else list(wanted)
    reasons = [reason for reason in (_refusal(kind, name) for kind in owners) if reason is not None]
    if len(reasons) < len(owners) or not reasons:
        return
    if wanted is not None:
        raise reasons[0]
    shipped = [one for kind in owners for one in shipped_names(kind)]
    raise ConfigurationError(f"no structure tokenizer {name!r}, nor a folder of that name; {choices(name, shipped)}")


def modality_for_tokenizer(name: str) -> str:
    """Return the only modality that a structure tokenizer can be for, by its name or its folder.

    Raises
    ------
    ConfigurationError
        No such tokenizer, or several modalities could be written with it.
    """
    check_tokenizer_name(name)
    owners = [one for one in kinds() if _opens(one.name, name)]
    fitting = [
        modality for one in owners for modality in modality_names(one.name) if modality_class(modality).needs_tokenizer
    ]
    if len(fitting) != 1:
        known = [modality for modality in modality_names() if modality_class(modality).needs_tokenizer]
        raise ConfigurationError(
            f"it is not clear for which modality the structure tokenizer {name!r} is: write MODALITY={name}, with one "
            f"of {', '.join(fitting or known)}"
        )
    return fitting[0]


def _refusal(kind: str, name: str) -> WeightsError | None:
    try:
        find_folder(kind, name)
    except WeightsError as error:
        return error
    return None


def _opens(kind: str, name: str) -> bool:
    """Return whether a name is that of a tokenizer of an architecture of the kind."""
    registration = next(one for one in kinds() if one.name == kind)
    try:
        if is_tensor_file(name):
            return published_architecture(name) in registration.published
        return read_config(find_folder(kind, name))["architecture"] in registration.architectures
    except WeightsError:
        return False
