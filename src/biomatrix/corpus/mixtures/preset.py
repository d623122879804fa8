"""Published token tables, as shares that a mixture can ask for."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Final, TypeAlias

from pydantic import Field

from biomatrix.entities.files.toml_files import read_toml
from biomatrix.entities.near_matches import choices
from biomatrix.entities.settings import Section, checked
from biomatrix.errors import ConfigurationError

PUBLISHED: Final = "biomatrix"
"""The preset that is the published corpus."""
Row: TypeAlias = tuple[str, str]
"""A category and a part of it, as cards name them."""
_PRESETS: Final = files(__package__) / "presets"


class Preset(Section):
    """A token table.

    Parameters
    ----------
    origin : str
        Where it is stated.
    tokens : dict of str to dict of str to float
        Tokens by category and part.
    records : dict of str to int
        By source, the records that were taken of it, where stated.
    """

    origin: str
    tokens: dict[str, dict[str, float]]
    records: dict[str, int] = Field(default_factory=dict)

    @property
    def rows(self) -> dict[Row, float]:
        """Tokens by row, in order."""
        return {(name, part): count for name, parts in self.tokens.items() for part, count in parts.items()}


@cache
def preset(name: str = PUBLISHED) -> Preset:
    """Return a preset; ConfigurationError where there is none of that name."""
    names = sorted(path.name.removesuffix(".toml") for path in _PRESETS.iterdir() if path.name.endswith(".toml"))
    if name not in names:
        raise ConfigurationError(f"no preset {name!r} of a mixture; {choices(name, names)}")
    path = Path(str(_PRESETS / f"{name}.toml"))
    return checked(read_toml(path), Preset, path)
