"""Which encoders there are, and how one is opened by a line of text."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from biomatrix.entities.encoder import Encoder
from biomatrix.entities.kind_registry import kinds, load_attribute
from biomatrix.entities.near_matches import choices
from biomatrix.errors import ConfigurationError
from biomatrix.soft.encoders.parts import InParts

NETWORKS: Final[Mapping[str, str]] = {
    "auto": "biomatrix.soft.encoders.auto:AutoEncoder",
    "decoder": "biomatrix.soft.encoders.decoder:DecoderStates",
    "gene_rank": "biomatrix.soft.encoders.cells.gene_rank:GeneRankEncoder",
    "scgpt": "biomatrix.soft.encoders.cells.scgpt:ScGptEncoder",
}
"""Encoders with a network: name to ``module:Class``. Those without one are in their kinds' registrations."""
_OPTIONS: Final = re.compile(r",(?=[a-z_]+=)")
"""What parts options; a folder's name may hold a comma."""
_FOLDERS: Final = ("queries",)
"""Options that name a folder."""
_WORDS: Final = {"true": True, "false": False}


@dataclass(frozen=True)
class KnownEncoder:
    """One encoder that can be opened by name.

    Parameters
    ----------
    name : str
    home : str
        ``module:Class``.
    shipped : bool
        Whether the name alone stands for its weights.
    """

    name: str
    home: str
    shipped: bool = False

    @property
    def argument(self) -> str:
        """What follows the name after a colon: ``FOLDER``, or "" where nothing does."""
        return "FOLDER" if not self.shipped and _takes_folder(_maker(load_attribute(self.home))) else ""

    @property
    def about(self) -> str:
        """What it makes, in a line; its module is imported for it."""
        return (inspect.getdoc(load_attribute(self.home)) or "").partition("\n")[0]

    @property
    def form(self) -> str:
        """How it is written, such as ``auto:FOLDER``."""
        argument = self.argument
        return f"{self.name}:{argument}" if argument else self.name


def known_encoders() -> tuple[KnownEncoder, ...]:
    """Return every encoder that :func:`open_encoder` knows by name: those of the kinds, then those with a network."""
    from biomatrix.generation.loading import shipped_models

    own = [KnownEncoder(name, home) for one in kinds() for name, home in one.encoders.items()]
    shipped = [KnownEncoder(name, NETWORKS["decoder"], shipped=True) for name in shipped_models()]
    return (*own, *shipped, *(KnownEncoder(name, home) for name, home in NETWORKS.items()))


def open_encoder(spec: str, *, beside: Path | None = None, **options: Any) -> Encoder:
    """Open an encoder.

    Parameters
    ----------
    spec : str
        ``NAME``, or ``NAME:FOLDER`` where it has weights, then options as ``,option=value``: ``morgan``,
        ``morgan,radius=3``, ``expression_pca:FOLDER``, ``nano,kind=molecule``, ``auto:FOLDER,kind=protein,k=4``.
        ``parts=4`` deals the numbers of an encoder that makes one vector out to four.
    beside : Path, optional
        A folder in which folders of the text are looked for first.
    **options
        More of them, which win over those of the text; ``kind`` is checked where the encoder has one of its own.

    Raises
    ------
    ConfigurationError
        No encoder of that name, a folder too many or too few, or an option that it does not take; what its folder
        holds is refused as a WeightsError.

    Examples
    --------
    >>> open_encoder("morgan,bits=512,parts=2").k
    2
    """
    name, argument, written = split_spec(spec)
    given = {**dict(_option(one) for one in written), **options}
    table = {one.name: one for one in known_encoders()}
    if name not in table:
        raise ConfigurationError(f"no encoder named {name!r}; {choices(name, table)}")
    known = table[name]
    if bool(known.argument) != bool(argument):
        raise ConfigurationError(
            f"{name} takes no folder; it is written {known.form}" if argument else f"{name} is written {known.form}"
        )
    if beside is not None:
        argument = _in_folder(argument, beside)
        given.update({key: _in_folder(given[key], beside) for key in _FOLDERS if isinstance(given.get(key), str)})
    parts = given.pop("parts", 1)
    encoder = _made(known, argument, given)
    _check_type(name, "parts", parts, int)
    if parts != 1:
        encoder = InParts(encoder, parts)
        given["parts"] = parts
    told = "".join(f",{key}={_written(value)}" for key, value in sorted(given.items()) if value is not None)
    encoder.spec = f"{name}:{argument}{told}" if argument else f"{name}{told}"
    return encoder


def split_spec(spec: str) -> tuple[str, str, list[str]]:
    """Return the name of an encoder, its folder or "", and its options, as its text spells them.

    Examples
    --------
    >>> split_spec("auto:esm2,kind=protein,k=4")
    ('auto', 'esm2', ['kind=protein', 'k=4'])
    """
    head, *options = _OPTIONS.split(str(spec).strip())
    name, _, folder = head.partition(":")
    return name, folder, options


def folders_of(spec: str) -> dict[str, str]:
    """Return the folders that the text of an encoder names: by option, "" for that of its weights.

    Examples
    --------
    >>> folders_of("auto:esm2,kind=protein,queries=learned")
    {'': 'esm2', 'queries': 'learned'}
    """
    _, folder, options = split_spec(spec)
    named = {key: value for key, _, value in (one.partition("=") for one in options) if key in _FOLDERS}
    return {**({"": folder} if folder else {}), **named}


def _made(known: KnownEncoder, argument: str, given: Mapping[str, Any]) -> Encoder:
    """Return the encoder of a row of the table, its options checked by the signature of what makes it."""
    make = _maker(load_attribute(known.home))
    places = [argument or known.name] if _takes_folder(make) else []
    parameters = inspect.signature(make).parameters.values()
    taken = {one.name: one.annotation for one in parameters if one.kind is inspect.Parameter.KEYWORD_ONLY}
    wanted = dict(given)
    kind = None if "kind" in taken else wanted.pop("kind", None)
    unknown = next((key for key in wanted if key not in taken), None)
    if unknown is not None:
        listed = ", ".join(sorted({*taken, "kind", "parts"}))
        raise ConfigurationError(f"{known.name} takes no option {unknown!r}; it takes {listed}")
    for key, value in wanted.items():
        _check_type(known.name, key, value, taken[key])
    encoder = make(*places, **wanted)
    if kind not in (None, encoder.kind):
        raise ConfigurationError(f"{known.name} encodes a {encoder.kind}, not a {kind}")
    return encoder


def _check_type(name: str, key: str, value: object, annotation: object) -> None:
    """Refuse a value of another type than the option's, of those that a text can be mistaken in."""
    for kind_of_value in (bool, int):
        if annotation in (kind_of_value, kind_of_value.__name__) and type(value) is not kind_of_value:
            wanted = "true or false" if kind_of_value is bool else "a whole number"
            raise ConfigurationError(f"{name}: {key}={value!r}; give {wanted}")


def _maker(home: Any) -> Callable[..., Encoder]:
    """Return what makes an encoder: its class, or what opens a folder of it."""
    maker: Callable[..., Encoder] = getattr(home, "from_pretrained", home)
    return maker


def _takes_folder(make: Callable[..., Encoder]) -> bool:
    return any(one.kind is not inspect.Parameter.KEYWORD_ONLY for one in inspect.signature(make).parameters.values())


def _in_folder(path: str, folder: Path) -> str:
    """Return a path inside a folder where it leads to something there, else as it is written."""
    inside = folder / path
    return str(inside) if path and not Path(path).is_absolute() and inside.exists() else path


def _option(text: str) -> tuple[str, bool | int | float | str]:
    """Return the name and the value of an option as its text spells them."""
    name, _, value = text.partition("=")
    if value.lower() in _WORDS:
        return name, _WORDS[value.lower()]
    for number in (int, float):
        try:
            return name, number(value)
        except ValueError:
            continue
    return name, value


def _written(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
