"""Questions about proteins as ProtTeX writes them: a chat prompt in which residues and local structure are characters.

A file is a JSON list of ``{"accession", "prompt", "ground_truth"}``. Residues are 20 characters of the CJK block, read
back here; the characters of local structure are codes of ProtTeX's own tokenizer, which nobody else can decode, so the
backbone is read from a structure file of the same accession. Settings: ``files``, the file of each split;
``structures``, the folder of structure files, named by accession or as AlphaFold DB names them.

Rows whose answer is the protein itself (design) are no questions about it and are left out with their reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from biomatrix.entities import Protein
from biomatrix.entities.rejects import Reject
from biomatrix.errors import ConfigurationError, ParseError
from biomatrix.tasks.benchmarks.examples import Example, FieldValue
from biomatrix.tasks.benchmarks.loading import official_file
from biomatrix.tasks.benchmarks.official_files.json_rows import json_rows
from biomatrix.tasks.benchmarks.rows.pair_examples import text
from biomatrix.tasks.benchmarks.rows.split_files import of_split
from biomatrix.tasks.benchmarks.rows.table_examples import row_examples

_FIRST: Final = 0x56D8
_LETTERS: Final = "AF..C....D.NEQG.HL.I..K....M.PRSTV..W.Y".replace(".", " ")
"""The letter of each character from the first on; a blank where the character is no residue."""
_RESIDUES: Final = {chr(_FIRST + index): letter for index, letter in enumerate(_LETTERS) if letter != " "}
_SEQUENCE: Final = re.compile(r"<protein_sequence>(.*?)</protein_sequence>", re.DOTALL)
_STRUCTURE: Final = re.compile(r"<protein_structure>(.*?)</protein_structure>", re.DOTALL)
_TURN: Final = re.compile(r"<\|start_header_id\|>user<\|end_header_id\|>|<\|eot_id\|>.*", re.DOTALL)
_FILES: Final = ("{}.pdb", "{}.cif", "AF-{}-F1-model_v4.pdb", "AF-{}-F1-model_v4.cif")
_NOT_GIVEN: Final = "(structure not given)"


def examples(folder: Path, split: str, settings: Mapping[str, Any]) -> Iterator[Example | Reject]:
    """Yield the rows of a split."""
    path = official_file(folder, of_split(settings["files"], split))
    return row_examples(json_rows(path), path, lambda number, row: [_example(number + 1, row, folder, settings)])


def _example(number: int, row: Mapping[str, Any], folder: Path, settings: Mapping[str, Any]) -> Example:
    prompt, answer, accession = text(row, "prompt"), text(row, "ground_truth"), text(row, "accession")
    if not re.fullmatch(r"[A-Z0-9]{4,15}", accession):
        raise ParseError(f"no accession of UniProt: {accession[:40]!r}")
    sequence = residues_of(prompt)
    if sequence in answer:
        raise ParseError("the answer is the sequence that the question shows: design, not understanding")
    protein = _with_structure(Protein.from_sequence(sequence, accession), accession, folder, settings)
    fields: dict[str, FieldValue] = {
        "question": question_of(prompt),
        "protein_sequence": protein,
        "protein_structure": protein if protein.has_structure else _NOT_GIVEN,
    }
    return Example(f"{accession}-{number}", fields, (answer,), facts={"residues": len(sequence)})


def residues_of(prompt: str) -> str:
    """Return the sequence that a prompt holds; ParseError where there is none, or a character is no residue."""
    found = _SEQUENCE.search(prompt)
    if found is None or not found[1].strip():
        raise ParseError("the prompt holds no sequence")
    coded = found[1].strip()
    strange = next((letter for letter in coded if letter not in _RESIDUES), None)
    if strange is not None:
        raise ParseError(f"the character {strange!r} of the sequence is no residue")
    return "".join(_RESIDUES[letter] for letter in coded)


def question_of(prompt: str) -> str:
    """Return what a prompt asks, without the protein and the marks of the chat."""
    plain = _STRUCTURE.sub(" ", _SEQUENCE.sub(" ", _TURN.sub(" ", prompt)))
    question = " ".join(plain.split())
    if not question:
        raise ParseError("the prompt asks nothing")
    return question


def _with_structure(protein: Protein, accession: str, folder: Path, settings: Mapping[str, Any]) -> Protein:
    """Return the protein with the backbone of its structure file.

    Raises
    ------
    ParseError
        There is no file, or its sequence is another one, and the settings do not say that structures are absent.
    """
    if settings.get("structures_absent", False):
        return protein
    place = folder / settings["structures"]
    for pattern in _FILES:
        try:
            found = Protein.from_file(official_file(place, pattern.format(accession)))
        except ConfigurationError:
            continue
        if found.sequence != protein.sequence:
            raise ParseError(f"the structure of {accession} has another sequence than the question")
        return replace(protein, backbone=found.backbone)
    raise ParseError(f"no structure of {accession} in {settings['structures']}")
