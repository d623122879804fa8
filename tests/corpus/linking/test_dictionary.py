"""Names of a table in texts: the longest whole ones, symbols in their own case, ambiguous ones counted."""

from __future__ import annotations

import random
import sys
from collections import Counter

import pytest

from biomatrix.corpus.linking.dictionary import DictionaryLinker
from biomatrix.corpus.linking.entity_tables import EntityTables
from biomatrix.corpus.linking.linker import Linking, Text
from biomatrix.errors import ConfigurationError


@pytest.fixture
def linker(named: EntityTables) -> DictionaryLinker:
    return DictionaryLinker(named)


def found(linker: DictionaryLinker, text: str) -> list[str]:
    (result,) = linker.link([Text("t", text)])
    assert isinstance(result, Linking)
    return [text[one.start : one.end] for one in result.mentions]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Ethanol and ETHANOL-induced.", ["Ethanol", "ETHANOL"]),
        ("Ethyl\nalcohol, aspirin; (urea)", ["Ethyl\nalcohol", "aspirin", "urea"]),
        ("alcohol of wine", ["alcohol of wine"]),
        ("acetylsalicylic\u00a0acid", ["acetylsalicylic\u00a0acid"]),
        ("2-ethanol, methyl-ethanol, ethanolamine, ethanol(II), ethanol-1-ol", []),
        ("Aspirins and Madeup kinases", ["Aspirins", "Madeup kinases"]),
        ("MUK1 but not muk1 or Muk1; RecQ9 not RECQ9", ["MUK1", "RecQ9"]),
        ("Urea and urea", ["Urea", "urea"]),
    ],
)
def test_whole_names_are_found(linker: DictionaryLinker, text: str, names: list[str]) -> None:
    assert found(linker, text) == names


def test_ways_to_write_one_entity_have_one_key_and_what_leads_nowhere_is_counted(linker: DictionaryLinker) -> None:
    (one,) = linker.link([Text("t", "ethanol, alcohol of wine, twin, broken ring, Madeup kinase")])
    assert isinstance(one, Linking)
    assert len({mention.key for mention in one.mentions}) == 2
    assert one.mentions[-1].kind == "protein"
    assert one.unlinked["the name stands for several entities"] == 1
    assert sum(count for reason, count in one.unlinked.items() if reason.startswith("the entity cannot be read")) == 1


def test_planted_names_are_all_found_in_any_text(linker: DictionaryLinker) -> None:
    rng = random.Random(3)
    names = ["ethanol", "aspirin", "acetylsalicylic acid", "Madeup kinase", "AMPX", "urea"]
    for _ in range(100):
        planted = rng.choices(names, k=rng.randrange(1, 8))
        text = " ".join(word for name in planted for word in (name, rng.choice(["was", "with", "inhibits,", "(see)"])))
        assert Counter(found(linker, text)) == Counter(planted)


def test_stopped_names_are_left_and_no_name_at_all_is_refused(named: EntityTables) -> None:
    assert found(DictionaryLinker(named, ["Ethanol"]), "ethanol, urea") == ["urea"]
    named.by_name = {"cat": ()}
    with pytest.raises(ConfigurationError, match="no name"):
        DictionaryLinker(named)


def test_without_the_package_it_says_what_to_install(named: EntityTables, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ahocorasick", None)
    with pytest.raises(ConfigurationError, match=r"biomatrix\[linking\]"):
        DictionaryLinker(named)
