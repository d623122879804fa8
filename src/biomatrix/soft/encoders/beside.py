"""An encoder beside the projector that was made for it, so that its folder names nothing outside."""

from __future__ import annotations

from pathlib import Path

from biomatrix.entities.encoder import Encoder
from biomatrix.entities.files.folders import make_folder
from biomatrix.entities.files.writing import named_refusals
from biomatrix.soft.encoders.table import folders_of, split_spec
from biomatrix.soft.projector_record import ENCODER_FOLDER


def keep_beside(encoder: Encoder, folder: Path) -> str:
    """Keep an encoder in the folder of a projector, and return how it is opened from there.

    One that was fitted is saved; of a published network, which knows no saving, a link to its folder is made, and so
    for learned queries.

    Raises
    ------
    ConfigurationError
        Nothing can be written there.
    """
    name, _, options = split_spec(encoder.spec)
    places = folders_of(encoder.spec)
    if not places:
        return encoder.spec
    save = getattr(getattr(encoder, "encoder", encoder), "save_pretrained", None)
    kept = {option: option or ENCODER_FOLDER for option in places}
    make_folder(folder)
    for option, place in places.items():
        if not option and save is not None:
            if not _is(folder / ENCODER_FOLDER, place, folder):
                save(folder / ENCODER_FOLDER)
        else:
            _link(folder / kept[option], place)
    told = (f"{key}={kept.get(key, value)}" for key, _, value in (one.partition("=") for one in options))
    return ",".join([f"{name}:{kept['']}" if "" in kept else name, *told])


def _is(kept: Path, place: str, folder: Path) -> bool:
    """Return whether a text names the folder that is kept already, from the projector or from here."""
    return kept.is_dir() and kept.resolve() in {(folder / place).resolve(), Path(place).resolve()}


def _link(kept: Path, place: str) -> None:
    with named_refusals(kept):
        if kept.is_dir() and not kept.is_symlink():
            return
        target = Path(place).resolve()
        if kept.is_symlink():
            if kept.resolve() == target:
                return
            kept.unlink()
        kept.symlink_to(target, target_is_directory=True)
