"""``biomatrix.json``: what a vocabulary's folder records beyond the ordinary tokenizer files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from biomatrix.entities.files.json_files import read_object
from biomatrix.errors import ParseError

FILE_NAME = "biomatrix.json"
FORMAT = 1


@dataclass(frozen=True)
class TokenizerRecord:
    """The structure tokenizer that a modality's tokens belong to.

    Parameters
    ----------
    name : str or None
        Its name; None where the folder does not say (a published checkpoint).
    fingerprint : str or None
        The short SHA-256 of its weights; None where unknown.
    num_codes : int
        The size of its codebook, or the smallest size the tokens need where it is not recorded.
    """

    name: str | None
    fingerprint: str | None
    num_codes: int

    def __str__(self) -> str:
        name = self.name or "an unnamed structure tokenizer"
        mark = f", fingerprint {self.fingerprint}" if self.fingerprint else ""
        return f"{name} ({self.num_codes:,} codes{mark})"


@dataclass(frozen=True)
class Manifest:
    """The content of ``biomatrix.json``.

    Parameters
    ----------
    base_size : int
        Entries of the tokenizer before it was extended.
    base_rows : int
        Embedding rows of the base model, padding included; ``base_size`` where there is no padding.
    tokens : dict of str to int
        By modality, the number of tokens it adds, control pair included.
    structure_tokenizers : dict of str to TokenizerRecord
        By modality.
    settings : dict of str to dict
        By modality that has any, the settings that its tokens depend on, such as the edges of levels.
    """

    base_size: int
    base_rows: int
    tokens: Mapping[str, int]
    structure_tokenizers: Mapping[str, TokenizerRecord] = field(default_factory=dict)
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def to_json(self) -> str:
        """Return the file's content."""
        content = {"format": FORMAT, **asdict(self)}
        if not self.settings:
            del content["settings"]
        return json.dumps(content, indent=2, sort_keys=True) + "\n"

    @classmethod
    def read(cls, folder: Path) -> Manifest | None:
        """Read the folder's manifest, None where it has none; ParseError where it is broken or of another format."""
        path = folder / FILE_NAME
        if not path.exists():
            return None
        content = read_object(path, ParseError)
        try:
            if content["format"] != FORMAT:
                raise ParseError(
                    f"format {content['format']}, but this version reads format {FORMAT}; update biomatrix",
                    file=str(path),
                )
            records = content["structure_tokenizers"]
            return cls(
                int(content["base_size"]),
                int(content["base_rows"]),
                {str(name): int(count) for name, count in content["tokens"].items()},
                {str(name): TokenizerRecord(**record) for name, record in records.items()},
                {str(name): dict(settings) for name, settings in content.get("settings", {}).items()},
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ParseError(f"not a vocabulary description: {error!r}", file=str(path)) from error
