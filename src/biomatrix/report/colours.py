"""One colour per modality: the one its kind declares, else one derived from its name, which never changes."""

from __future__ import annotations

import hashlib
import re
from typing import Final

from biomatrix.entities import kinds, modality_names

_CSS_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_CSS_COLOUR: Final = re.compile(r"#[0-9A-Fa-f]{3,8}|hsl\(\d{1,3} \d{1,3}% \d{1,3}%\)|[a-z]+")


def colours_of(modality: str) -> tuple[str, str]:
    """Return the CSS colours of a modality's tokens on light and on dark paper.

    Examples
    --------
    >>> colours_of("protein_structure")
    ('#1e5aa8', '#7fb2f2')
    >>> colours_of("of a kind not known here")
    ('hsl(235 60% 33%)', 'hsl(235 70% 74%)')
    """
    for one in kinds():
        if modality in one.colours:
            return one.colours[modality]
    hue = int.from_bytes(hashlib.blake2b(modality.encode(), digest_size=4).digest()) % 360
    return f"hsl({hue} 60% 33%)", f"hsl({hue} 70% 74%)"


def colour_rules() -> str:
    """Return the CSS that colours the token streams of every modality by its name.

    A modality whose name is no CSS class or whose colour is not valid gets no rule and has the colour of text.
    """
    light, dark = [], []
    for name in modality_names():
        shades = colours_of(name)
        if _CSS_NAME.fullmatch(name) and all(_CSS_COLOUR.fullmatch(shade) for shade in shades):
            light.append(f".{name} {{ --colour: {shades[0]}; }}")
            dark.append(f".{name} {{ --colour: {shades[1]}; }}")
    return "\n".join([*light, "@media (prefers-color-scheme: dark) {", *dark, "}"])
