"""The registry: five modalities, cached by name and settings, open to others."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import ClassVar

import pytest

from biomatrix.entities import (
    Check,
    Entity,
    Modality,
    Protein,
    ProteinStructureTokenizer,
    modalities,
    modality,
    modality_names,
    modality_registry,
    register_modality,
)
from biomatrix.errors import ConfigurationError

NAMES = ("molecule_smiles", "molecule_selfies", "molecule_structure", "protein_sequence", "protein_structure")


def test_the_five_are_there_in_order_and_cached() -> None:
    assert modality_names()[:5] == NAMES
    assert tuple(each.name for each in modalities()[:5]) == NAMES
    for name in NAMES:
        assert modality(name) is modality(name)
    assert modality("protein_structure", tokenizer="geometric-4096") is not modality("protein_structure")
    assert modality("protein_structure", tokenizer="geometric-4096") is modality(
        "protein_structure", tokenizer="geometric-4096"
    )


def test_a_folder_that_was_replaced_is_opened_anew(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    found = []
    for name in ("geometric-256", "geometric-4096"):
        ProteinStructureTokenizer.from_pretrained(name).save_pretrained(folder)
        for given in (folder, str(folder)):
            found.append(modality("protein_structure", tokenizer=given).tokenizer.num_codes)
    assert found == [256, 256, 4096, 4096]
    tokenizer = ProteinStructureTokenizer.from_pretrained("geometric-256")
    assert modality("protein_structure", tokenizer=tokenizer) is modality("protein_structure", tokenizer=tokenizer)


def test_control_tokens_and_patterns_belong_to_one_modality_each() -> None:
    controls = [token for each in modalities() for token in (each.start_token, each.end_token)]
    assert len(set(controls)) == len(controls)
    for each in modalities():
        for token in each.vocabulary():
            owners = [other.name for other in modalities() if other.token_pattern.fullmatch(token)]
            assert owners == [each.name], token
    assert not any(each.token_pattern.fullmatch(token) for each in modalities() for token in controls)


def test_published_spellings_are_recognised() -> None:
    spelled = {
        "molecule_selfies": ["[C]", "[=C]", "[Branch1]", "[Ring1]", "[N+1]", "[/C@@H1]"],
        "molecule_structure": ["[C 0]", "[H 3]", "[#C 6]", "[Ring1 -1]", "[N+1 146]"],
        "protein_sequence": ["<A M>", "<A X>"],
        "protein_structure": ["<S 0>", "<S 4095>", "<S -1>"],
    }
    for name, tokens in spelled.items():
        for token in tokens:
            assert [each.name for each in modalities() if each.token_pattern.fullmatch(token)] == [name]


def test_a_name_or_setting_nobody_knows_is_a_named_error() -> None:
    with pytest.raises(ConfigurationError, match="molecule_smiles"):
        modality("molecule_wiswesser")
    with pytest.raises(ConfigurationError, match="does not take"):
        modality("protein_sequence", tokenizer="default")


@pytest.fixture
def _restored_registry() -> Iterator[None]:
    yield
    modality_registry._REGISTERED.clear()
    modality_registry._INSTANCES.clear()


class Reversed(Modality):
    """A protein written backwards, as an outside package might."""

    name: ClassVar[str] = "protein_reversed"
    kind: ClassVar[str] = "protein"
    start_token: ClassVar[str] = "<|prot_rev_start|>"
    end_token: ClassVar[str] = "<|prot_rev_end|>"
    start_description: ClassVar[str] = "Begins a reversed protein"
    end_description: ClassVar[str] = "Ends a reversed protein"
    file_format: ClassVar[str] = "fasta"
    token_pattern: ClassVar[re.Pattern[str]] = re.compile(r"<R [A-Z]>")

    def encode(self, entity: Entity) -> list[str]:
        assert isinstance(entity, Protein)
        return [f"<R {letter}>" for letter in reversed(entity.sequence)]

    def decode(self, tokens: Sequence[str]) -> Entity:
        return Protein("".join(token[3] for token in reversed(tokens)))

    def vocabulary(self) -> Mapping[str, str]:
        return {"<R A>": "Alanine"}

    def length(self, tokens: Sequence[str]) -> int:
        return len(tokens)

    def check(self, entity: Entity) -> list[Check]:
        return []


@pytest.mark.usefixtures("_restored_registry")
def test_an_outside_modality_is_one_class_and_one_line() -> None:
    register_modality(Reversed)
    register_modality(Reversed)
    assert modality_names()[-1] == "protein_reversed"
    mine = modality("protein_reversed")
    decoded = mine.decode(mine.encode(Protein("MKV")))
    assert isinstance(decoded, Protein)
    assert decoded.sequence == "MKV"
    assert mine in modalities()


@pytest.mark.usefixtures("_restored_registry")
def test_a_taken_name_or_control_token_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="already registered"):
        register_modality(type("Other", (Reversed,), {"name": "protein_sequence"}))
    with pytest.raises(ConfigurationError, match="prot_aa_start"):
        register_modality(type("Other", (Reversed,), {"start_token": "<|prot_aa_start|>"}))


def test_importing_the_registry_loads_neither_torch_nor_transformers() -> None:
    code = (
        "import sys, biomatrix.entities as m; m.modalities(); "
        "sys.exit(bool({'torch', 'transformers'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
