"""What a PDB entry or a model in mmCIF or BinaryCIF says about itself beside its atoms.

Items: https://mmcif.wwpdb.org/dictionaries/mmcif_pdbx_v50.dic/Index/ and, of models, mmcif_ma.dic.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from biomatrix.entities.files.text import text_of
from biomatrix.errors import ParseError

Items = Callable[[str], list[str]]
"""The values of an item by its full name, such as ``_exptl.method``; "" where unknown, an empty list for none."""
_RESOLUTIONS: Final = ("_refine.ls_d_res_high", "_em_3d_reconstruction.resolution")
_ORGANISMS: Final = (
    ("_entity_src_gen", "pdbx_gene_src_scientific_name"),
    ("_entity_src_nat", "pdbx_organism_scientific"),
    ("_pdbx_entity_src_syn", "organism_scientific"),
    ("_ma_target_ref_db_details", "organism_scientific"),
)
"""Where the organism of an entity stands, by category and item."""


@dataclass(frozen=True)
class EntryFacts:
    """Facts of one entry; "" and empty mappings where it does not state them.

    Parameters
    ----------
    identifier, title, method : str
    resolution : float or None
        Angstrom.
    released : str
        The day of the first release, YYYY-MM-DD.
    confidence : float or None
        The mean pLDDT of a model, 0 to 100.
    accession : str
        Of the sequence that was modelled.
    chain_names, chain_organisms : dict of str to str
        By label identifier of a chain, what the chain is and where it comes from.
    """

    identifier: str = ""
    title: str = ""
    method: str = ""
    resolution: float | None = None
    released: str = ""
    confidence: float | None = None
    accession: str = ""
    chain_names: dict[str, str] = field(default_factory=dict)
    chain_organisms: dict[str, str] = field(default_factory=dict)


def entry_facts(content: bytes, file_format: str) -> EntryFacts:
    """Return the facts of the first block of a "cif" or "bcif" file from its unpacked bytes.

    Raises
    ------
    ParseError
        It cannot be read.
    """
    items = _binary_items(content) if file_format == "bcif" else _text_items(content)

    def first(*names: str) -> str:
        return next((value for name in names for value in items(name) if value), "")

    entities = dict(zip(items("_struct_asym.id"), items("_struct_asym.entity_id"), strict=False))
    names = dict(zip(items("_entity.id"), items("_entity.pdbx_description"), strict=False))
    organisms = _organisms(items)
    return EntryFacts(
        first("_entry.id"),
        " ".join(first("_struct.title").split()),
        ", ".join(dict.fromkeys(filter(None, items("_exptl.method")))).capitalize().replace("nmr", "NMR"),
        _number(first(*_RESOLUTIONS)),
        first("_pdbx_audit_revision_history.revision_date"),
        _number(first("_ma_qa_metric_global.metric_value")),
        first("_ma_target_ref_db_details.db_accession"),
        {chain: names.get(entity, "") for chain, entity in entities.items()},
        {chain: organisms.get(entity, "") for chain, entity in entities.items()},
    )


def _organisms(items: Items) -> dict[str, str]:
    found: dict[str, str] = {}
    for category, item in _ORGANISMS:
        ids = items(f"{category}.entity_id") or items(f"{category}.target_entity_id")
        for entity, organism in zip(ids, items(f"{category}.{item}"), strict=False):
            if organism:
                found.setdefault(entity, organism)
    return found


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _text_items(content: bytes) -> Items:
    from gemmi import cif

    try:
        document = cif.read_string(text_of(content).text)
        block = document[0]
    except (ValueError, RuntimeError, IndexError) as error:
        raise ParseError(f"not valid CIF: {' '.join(str(error).split())[:200]}") from error

    def items(name: str) -> list[str]:
        return ["" if cif.is_null(value) else cif.as_string(value) for value in block.find_values(name)]

    return items


def _binary_items(content: bytes) -> Items:
    from biotite.structure.io.pdbx import BinaryCIFFile

    try:
        document = BinaryCIFFile.read(io.BytesIO(content))
        block = document[next(iter(document))]
    except Exception as error:
        raise ParseError(f"not valid BinaryCIF: {type(error).__name__} {error}"[:200]) from error

    def items(name: str) -> list[str]:
        category, _, item = name[1:].partition(".")
        try:
            if category not in block or item not in block[category]:
                return []
            values = block[category][item].as_array(str, masked_value="").tolist()
        except Exception as error:
            raise ParseError(f"the item {name} is broken: {type(error).__name__}") from error
        return ["" if value in (".", "?") else str(value) for value in values]

    return items
