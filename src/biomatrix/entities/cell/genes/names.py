"""The forms that names of genes take in files: identifiers, names with more in them, dates, other species."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_ID: Final = re.compile(r"(ENSGR?\d{10,11})(\.\d+)?(_PAR_Y)?", re.IGNORECASE)
_ID_INSIDE: Final = re.compile(r"(?:(.*[^A-Za-z0-9])|^)(ENSG\d{11})(?:\.\d+)?(?:[^A-Za-z0-9](.*))?$")
_HUMAN_PREFIX: Final = re.compile(r"(?:GRCh3[78]|hg19|hg38)_+", re.IGNORECASE)
_OTHER_PREFIX: Final = re.compile(r"(?:GRCm3[89]|mm9|mm10|mm39|rn[67])_+", re.IGNORECASE)
_OTHER_ID: Final = re.compile(r"ENS[A-Z]{3}G\d{11}(?:\.\d+)?", re.IGNORECASE)
_TITLE: Final = re.compile(r"[A-Z][a-z0-9]*[a-z][a-z0-9]*(?:[-.][A-Za-z0-9]+)*")
_ORF: Final = re.compile(r"C(?:\d+|X|Y)orf\d+", re.IGNORECASE)
_MONTHS: Final = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_MONTH: Final = "|".join(_MONTHS)
_DAY_MONTH: Final = re.compile(rf"(\d{{1,2}})[-/ .]({_MONTH})[A-Z]*(?:[-/ .]\d{{2,4}})?", re.IGNORECASE)
_MONTH_DAY: Final = re.compile(rf"({_MONTH})[A-Z]*[-/ .](\d{{1,2}})", re.IGNORECASE)
_ISO: Final = re.compile(r"\d{4}-(\d{2})-(\d{2})(?:[T ]00:00(?::00)?)?")
_SHORT: Final = re.compile(r"(\d{1,2})[-/](\d{1,2})(?:[-/]\d{2,4})?")
_NUMBER: Final = re.compile(r"\d+(?:\.0+)?")


@dataclass(frozen=True)
class EnsemblId:
    """An Ensembl id of a human gene as it stands in a name.

    Parameters
    ----------
    gene : str
        Without version, in capitals.
    versioned : bool
        A version followed.
    on_y : bool
        The copy on chrY of a gene that pairs with chrX, as older annotations mark it.
    """

    gene: str
    versioned: bool = False
    on_y: bool = False


def ensembl_id_of(name: str) -> EnsemblId | None:
    """Return the human Ensembl id that a name is, None where it is none.

    Examples
    --------
    >>> ensembl_id_of("ENSG00000167286.10")
    EnsemblId(gene='ENSG00000167286', versioned=True, on_y=False)
    """
    if (found := _ID.fullmatch(name)) is None:
        return None
    gene = found[1].upper()
    on_y = found[3] is not None or gene.startswith("ENSGR")
    return EnsemblId(gene.replace("ENSGR", "ENSG0"), found[2] is not None, on_y)


def parts_of(name: str) -> tuple[str, str] | None:
    """Return (symbol, Ensembl id) of a name that holds both, None where it does not.

    Examples
    --------
    >>> parts_of("TXNIP_ENSG00000117289")
    ('TXNIP', 'ENSG00000117289')
    """
    if "ENSG" not in name or (found := _ID_INSIDE.fullmatch(name)) is None:
        return None
    symbol = ((found[1] or "")[:-1] or found[3] or "").strip()
    return (symbol, found[2]) if symbol else None


def without_genome(name: str) -> str:
    """Return a name without the human genome that files of two species put before it."""
    return _HUMAN_PREFIX.sub("", name, count=1) if name[:2] in ("GR", "hg", "gr", "HG") else name


def of_other_species(name: str) -> bool:
    """Return whether a name says that it is a gene of another species: its id, or the genome before it."""
    return _OTHER_ID.fullmatch(name) is not None or _OTHER_PREFIX.match(name) is not None


def in_title_case(name: str) -> bool:
    """Return whether a name is written as those of mice and rats are: ``Cd3d``, not ``CD3D`` or ``C1orf56``."""
    return _TITLE.fullmatch(name) is not None and _ORF.match(name) is None and len(name) > 1


def spreadsheet_date(name: str) -> str | None:
    """Return the date that a spreadsheet made of a symbol, as day and month; None where it is none.

    Examples
    --------
    >>> [spreadsheet_date(name) for name in ("7-Sep", "Mar-03", "2021-03-05", "3/11", "CD3D")]
    ['7-SEP', '3-MAR', '5-MAR', '11-MAR', None]
    """
    if (found := _DAY_MONTH.fullmatch(name)) is not None:
        return f"{int(found[1])}-{found[2].upper()}"
    if (found := _MONTH_DAY.fullmatch(name)) is not None:
        return f"{int(found[2])}-{found[1].upper()}"
    if (found := _ISO.fullmatch(name) or _SHORT.fullmatch(name)) is not None:
        month, day = int(found[1]), int(found[2])
        return f"{day}-{_MONTHS[month - 1]}" if 1 <= month <= 12 else None
    return None


def is_number(name: str) -> bool:
    """Return whether a name is a plain number: a row's, an Entrez id, a date kept as days."""
    return _NUMBER.fullmatch(name) is not None
