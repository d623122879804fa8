"""The report's parts: escaped, self-contained, complete."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from biomatrix.entities import Molecule, modality_names
from biomatrix.entities.molecule.picture import draw
from biomatrix.report import Page
from biomatrix.report.colours import colour_rules, colours_of
from biomatrix.report.tokens import token_stream
from biomatrix.report.viewer import Model3D, embed_models

HOSTILE = '</script><script>alert("x")</script>'


def test_page_needs_no_network(tmp_path: Path) -> None:
    page = Page("Title", "Lead")
    page.heading("Part")
    page.table(("a", "b"), [(1, 2)])
    page.write(tmp_path / "page.html")
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert not re.findall(r'(?:src|href)="(?!#)[^"]+"', text)
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]


def test_text_from_outside_stays_text() -> None:
    page = Page(HOSTILE, HOSTILE)
    page.heading(HOSTILE)
    page.paragraph(HOSTILE)
    page.table((HOSTILE,), [(HOSTILE,)])
    page.element(token_stream([HOSTILE], "molecule_smiles", HOSTILE, HOSTILE))
    page.element(embed_models([Model3D(HOSTILE, "sdf", "sticks", "#fff", HOSTILE)], HOSTILE))
    assert '<script>alert("x")</script>' not in page.to_html()


def test_viewer_data_survive_embedding() -> None:
    element = embed_models([Model3D(f"a{HOSTILE}b", "pdb", "backbone")], "caption")
    data = re.search(r'<script type="application/json">(.*?)</script>', element, re.S)
    assert data is not None
    assert json.loads(data[1])[0]["text"] == f"a{HOSTILE}b"


def test_long_streams_say_what_they_leave_out() -> None:
    stream = token_stream([f"<S {k}>" for k in range(500)], "protein_structure", shown=100)
    assert stream.count("<span>") == 100
    assert "400 more" in stream


def test_drawing_is_an_inline_svg() -> None:
    svg = draw(Molecule.from_smiles("CC(=O)Oc1ccccc1C(=O)O"))
    assert svg.startswith("<svg")
    assert svg.rstrip().endswith("</svg>")


def test_every_modality_has_a_colour_of_its_own() -> None:
    page = Page("Title", "Lead").to_html()
    shades = {name: colours_of(name) for name in modality_names()}
    assert len(set(shades.values())) == len(shades)
    for name, (light, dark) in shades.items():
        assert f".{name} {{ --colour: {light}; }}" in page
        assert f".{name} {{ --colour: {dark}; }}" in page


def test_a_name_from_outside_writes_no_style_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    hostile = "x { } body { display: none; }"
    monkeypatch.setattr("biomatrix.report.colours.modality_names", lambda: (hostile, "fine"))
    assert "display" not in colour_rules()
    assert ".fine { --colour: hsl(" in colour_rules()


def test_cells_that_hold_a_sentence_are_marked() -> None:
    page = Page("t", "l")
    page.table(("a", "b"), [("1.155 [0.712, 1.511]", "below floor (majority, nearest), <b>")])
    assert '<td>1.155 [0.712, 1.511]</td><td class="sentence">below floor (majority, nearest), &lt;b&gt;</td>' in (
        page.to_html()
    )
