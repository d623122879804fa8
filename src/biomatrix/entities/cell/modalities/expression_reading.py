"""From tokens of expression back to genes and levels, with every fault named at its token."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from biomatrix.entities.base_modality import checked_tokens
from biomatrix.entities.check import Check
from biomatrix.errors import DecodeError

TOKEN: Final[re.Pattern[str]] = re.compile(r"<(?:G ENSG\d{11}|X \d{1,2}|D \d{1,2})>")
_PARTS: Final[re.Pattern[str]] = re.compile(r"<([GXD]) (ENSG\d{11}|\d{1,2})>")


@dataclass
class Written:
    """What tokens say, whatever their layout.

    Parameters
    ----------
    genes : list of str
        Ensembl ids in order.
    levels : list of int
        Of each gene; empty where no level is written.
    depth : int, optional
        The level of the read depth.
    faults : list of (int, str)
        What is wrong, with the index of the token, in order.
    """

    genes: list[str] = field(default_factory=list)
    levels: list[int] = field(default_factory=list)
    depth: int | None = None
    faults: list[tuple[int, str]] = field(default_factory=list)
    unknown: int = 0
    repeats: int = 0
    rises: int = 0

    def checks(self) -> list[Check]:
        """Return the checks of tokens that no grammar led: each a number of tokens that should be none."""
        told = {"known genes": (self.unknown, "unknown tokens"), "no gene twice": (self.repeats, "repeats")}
        if self.levels:
            told["levels fall"] = self.rises, "rises"
        return [Check(name, not count, float(count), unit, threshold=0.0) for name, (count, unit) in told.items()]


def read_tokens(tokens: Sequence[str], known: Mapping[str, int], levels: int, depths: int) -> Written:
    """Read tokens of any layout; what is at fault is counted and left out.

    Parameters
    ----------
    tokens : sequence of str
    known : mapping of str to int
        The genes that have a token, by Ensembl id.
    levels, depths : int
        How many levels of expression and of read depth there are.

    Raises
    ------
    DecodeError
        Tokens are no strings.
    """
    found = Written()
    seen: set[str] = set()
    level: int | None = None
    owed = False
    listed = checked_tokens(tokens)
    parts = [_PARTS.fullmatch(token) for token in listed]
    kinds = [match[1] if match else "" for match in parts]
    paired = next((kind for kind in kinds if kind in ("G", "X")), "") == "G" and "X" in kinds
    for index, (token, match) in enumerate(zip(listed, parts, strict=True)):
        if match is None or (match[1] == "G" and match[2] not in known):
            found.unknown += 1
            found.faults.append((index, f"{token[:40]!r} is no token of expression" if match is None
                                 else f"{match[2]} is no gene that has a token"))  # fmt: skip
        elif match[1] == "G":
            if match[2] in seen:
                found.repeats += 1
                found.faults.append((index, f"{match[2]} is written twice"))
            elif paired and owed:
                found.faults.append((index, "the gene before it has no level"))
            else:
                seen.add(match[2])
                found.genes.append(match[2])
                if not paired and level is not None:
                    found.levels.append(level)
            owed = paired
        elif match[1] == "X":
            number = int(match[2])
            fault = _level_fault(number, level, levels, owed=owed, paired=paired)
            if fault:
                found.rises += level is not None and number > level
                found.faults.append((index, fault))
            if paired and owed and len(found.levels) < len(found.genes):
                found.levels.append(min(number, levels - 1))
            level, owed = number, not paired
        elif index or int(match[2]) >= depths:
            found.faults.append((index, f"{token} is no read depth that stands first"))
        else:
            found.depth = int(match[2])
    return found


def _level_fault(number: int, before: int | None, levels: int, *, owed: bool, paired: bool) -> str:
    """Return what is wrong with a level; "" where nothing is."""
    if number >= levels:
        return f"there is no level {number}; the last is {levels - 1}"
    if paired and not owed:
        return f"level {number} follows no gene"
    if before is not None and (number > before or (number == before and not paired)):
        return f"level {number} stands behind level {before}; levels fall"
    return "" if paired or not owed else "the level before it has no gene"


def refuse_faults(found: Written, length: int) -> None:
    """Raise DecodeError at the first fault, or where no gene is written or the last one lacks its level."""
    if found.faults:
        raise DecodeError(found.faults[0][1], position=found.faults[0][0])
    if not found.genes:
        raise DecodeError("no gene is written", position=length)
    if found.levels and len(found.levels) < len(found.genes):
        raise DecodeError("a gene has no level", position=length - 1)
