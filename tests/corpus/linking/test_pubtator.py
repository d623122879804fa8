"""PubTator files: as texts, and as annotations whose places are checked."""

from __future__ import annotations

from pathlib import Path

import pytest

from biomatrix.corpus.linking.entity_tables import EntityTables
from biomatrix.corpus.linking.linker import Linking, Text
from biomatrix.corpus.linking.pubtator import PubTatorLinker
from biomatrix.corpus.source_recipe import SourceRecipe
from biomatrix.corpus.sources import open_source
from biomatrix.corpus.sources.pubtator_file import read_document
from biomatrix.errors import ConfigurationError, ParseError

FILE = """11|t|Aspirin and flu
11|a|We gave aspirin, ethanol/urea.
11\t0\t7\tAspirin\tChemical\tD001241\t
11\t12\t15\tflu\tDisease\tD7\t
11\t24\t31\taspirin\tChemical\tMESH:D001241
11\t33\t45\tethanol/urea\tChemical\tD000431|D1
11\t33\t40\tethanol\tChemical\t-1
11\t2\t9\tAspirin\tChemical\tD001241
11\tx\t9\tAspirin\tChemical\tD001241
12\t0\t7\tAspirin\tChemical\tD001241
11\tbroken
11\tCID\tD001241\tD7

12|t|Only a title

13|a|No annotations.
13|a|Twice.
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "notes.pubtator.txt"
    path.write_text(FILE)
    return path


def test_texts_and_their_refusals(file: Path, tmp_path: Path) -> None:
    source = open_source(SourceRecipe(name="notes", reader="pubtator", files=[file.name]), tmp_path)
    rows = list(source.rows())
    assert [name for name, _ in rows] == ["11", "12", "13"]
    assert source.record(*rows[0]).fields == {"text": "Aspirin and flu We gave aspirin, ethanol/urea."}
    assert source.record(*rows[1]).kind == "text"
    with pytest.raises(ParseError, match="two lines"):
        source.record(*rows[2])
    shards = list(source.shards(1))
    assert [list(source.read(shard)) for shard in shards] == [[row] for row in rows]
    with pytest.raises(ConfigurationError, match="columns"):
        open_source(SourceRecipe(name="n", reader="pubtator", files=[file.name], fields={"a": "b"}), tmp_path)


def test_annotations_whose_places_are_wrong_are_faults() -> None:
    document = read_document(tuple(FILE.split("\n\n")[0].split("\n")))
    assert [one.type for one in document.annotations] == ["Chemical", "Disease", "Chemical", "Chemical", "Chemical"]
    assert len(document.faults) == 4
    assert any("stands 'pirin a'" in fault for fault in document.faults)


def test_mentions_are_linked_by_the_id_of_their_text(file: Path, identified: EntityTables) -> None:
    linker = PubTatorLinker([file], identified)
    text = "Aspirin and flu We gave aspirin, ethanol/urea."
    results = linker.link([Text("11", text), Text("11", "Another text"), Text("99", text), Text("13", "x")])
    first, other, unknown, broken = results
    assert isinstance(first, Linking)
    assert [(one.start, one.end) for one in first.mentions] == [(0, 7), (24, 31)]
    assert first.unlinked["a mention of several entities at once"] == 1
    assert first.unlinked["no identifier"] == 1
    assert isinstance(other, Linking)
    assert other.unlinked["the text is not the one that was annotated"] == 4
    assert isinstance(unknown, Linking)
    assert unknown.unlinked == {"no annotations of the text": 1}
    assert isinstance(broken, ParseError)
