"""Every registered kind keeps what its registration promises; others join and leave without a trace."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from biomatrix.entities import Entity, Kind, compare, kind, kind_names, kind_of, kinds, modality_names, register_kind
from biomatrix.entities.kind_registry import ENVIRONMENT, load_attribute, unregister_kind
from biomatrix.entities.registration import Example
from biomatrix.errors import BioMatrixError, ConfigurationError, ParseError

EXAMPLES = [example for one in kinds() for example in one.examples()]
by_example = pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.stem)


@by_example
def test_records_keep_an_entity_exactly(example: Example) -> None:
    of = kind_of(example.entity)
    data = of.to_bytes(example.entity)
    back = of.from_bytes(data, example.entity.name)
    assert of.to_bytes(back) == data
    assert (back.name, back.notes) == (example.entity.name, example.entity.notes)
    assert of.identity(back) == of.identity(example.entity)
    points, again = of.points(example.entity), of.points(back)
    if points is not None and again is not None:
        np.testing.assert_array_equal(points, again)


@by_example
def test_an_entity_equals_itself_and_passes_its_checks(example: Example) -> None:
    answers = list(compare(example.entity, example.entity))
    assert answers
    assert all(answer.passed is not False for answer in answers)
    checks = kind_of(example.entity).check(example.entity)
    failed = {check.name for check in checks if check.passed is False}
    assert len(checks) > 5
    assert failed <= {"bond angles", "strain released at once"}  # one crystal pose is strained


@by_example
def test_superposition_undoes_a_motion(example: Example) -> None:
    of = kind_of(example.entity)
    points = of.points(example.entity)
    assert points is not None
    turn = np.linalg.qr(np.random.default_rng(0).standard_normal((3, 3)))[0]
    turn *= np.sign(np.linalg.det(turn))
    moved = of.with_points(example.entity, (points @ turn.T + 7.0).astype(np.float32))
    back = of.points(of.superpose(moved, example.entity))
    np.testing.assert_allclose(back, points, atol=1e-3)


@by_example
def test_labels_restore_what_tokens_do_not_carry(example: Example) -> None:
    of = kind_of(example.entity)
    labelled = of.with_labels(example.entity, of.labels(example.entity), example.entity.name)
    assert of.labels(labelled) == of.labels(example.entity)


@pytest.mark.parametrize("of", kinds(), ids=lambda of: of.name)
def test_a_registration_is_whole(of: Kind) -> None:
    assert issubclass(of.entity, Entity)
    assert of.plural != of.name
    assert of.views or not of.modalities
    for home in (*of.modalities.values(), *of.architectures.values()):
        assert load_attribute(home)
    assert set(of.modalities) <= set(modality_names(of.name))
    for view in of.views:
        assert set(view.modalities) <= set(of.modalities)
        assert bool(view.parts) == (view.layout == "composed")
    if of.viewer is not None:
        assert of.viewer[0] in {known.name for known in of.formats}
    keys = {of.identity(example.entity) for example in of.examples()}
    assert not of.held_out_keys or keys == of.held_out_keys


@pytest.mark.parametrize("of", kinds(), ids=lambda of: of.name)
@pytest.mark.parametrize("text", ["", "\x00", "((((", "🧬", "(" * 300])
def test_words_that_spell_nothing_are_a_named_error(of: Kind, text: str) -> None:
    with pytest.raises(BioMatrixError):
        of.parse(text)


def test_entities_of_two_kinds_cannot_be_compared() -> None:
    first, second = (kind(name).examples()[0].entity for name in kind_names()[:2])
    with pytest.raises(ConfigurationError, match="cannot be compared"):
        compare(first, second)


class Word(Entity):
    kind = "word"
    name = ""
    notes = ()

    def __init__(self, text: str) -> None:
        self.text = text

    @property
    def has_structure(self) -> bool:
        return False

    def to_file(self, path: str | Path) -> None:
        Path(path).write_text(self.text, encoding="utf-8")


class WordKind(Kind):
    name = "word"
    plural = "words"
    typed_as = "a word"

    @property
    def entity(self) -> type[Word]:
        return Word

    def parse(self, text: str, name: str = "", *, limits: object = None) -> Word:
        if not text.isalpha():
            raise ParseError(f"not a word: {text!r}")
        return Word(text)

    def text(self, entity: Word) -> str:
        return entity.text

    def to_bytes(self, entity: Word) -> bytes:
        return entity.text.encode()

    def from_bytes(self, data: bytes, name: str = "") -> Word:
        return Word(data.decode())

    def identity(self, entity: Word) -> str:
        return entity.text


WORD = WordKind()


@pytest.fixture
def word() -> Iterator[Kind]:
    yield register_kind(WORD)
    unregister_kind("word")


def test_a_kind_joins_and_leaves(word: Kind) -> None:
    assert kind("word") is word
    assert register_kind(WORD) is word  # again changes nothing
    assert [answer.passed for answer in compare(Word("a"), Word("a"))] == [True]
    assert word.points(Word("a")) is None
    assert word.picture(Word("a")) is None
    unregister_kind("word")
    with pytest.raises(ConfigurationError, match="no kind of entity named 'word'"):
        kind("word")


def test_names_that_are_taken_are_refused(word: Kind) -> None:
    with pytest.raises(ConfigurationError, match="already registered"):
        register_kind(WordKind())
    other = type("Other", (WordKind,), {"name": "other", "modalities": {"protein_sequence": "x:Y"}})
    with pytest.raises(ConfigurationError, match="already belongs to the kind 'protein'"):
        register_kind(other())


@pytest.mark.parametrize(
    ("given", "said"), [(WordKind, "not the class WordKind; pass an instance"), ("word", "not str"), (None, "NoneType")]
)
def test_what_is_no_kind_is_refused(given: Any, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        register_kind(given)
    assert kind_names() == ("molecule", "protein", "cell", "dna", "rna")


def test_a_name_taken_by_the_environment_afterwards_is_refused(
    word: Kind, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    lines = "from biomatrix.entities.protein.kind import ProteinKind\n"
    lines += "class Word(ProteinKind):\n    name, modalities = 'word', {}\nWORD = Word()\n"
    (tmp_path / "other_word.py").write_text(lines, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv(ENVIRONMENT, "other_word:WORD")
    with pytest.raises(ConfigurationError, match="'word' is already registered"):
        kinds()
    monkeypatch.setenv(ENVIRONMENT, f"{__name__}:WORD")  # the same object twice is one kind
    assert kind("word") is word


def test_kinds_join_by_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    lines = "from biomatrix.entities.protein.kind import ProteinKind\n"
    lines += "class Copy(ProteinKind):\n    name, modalities = 'copy', {}\nCOPY = Copy()\nWRONG = 3\n"
    (tmp_path / "outside_kind.py").write_text(lines, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv(ENVIRONMENT, "outside_kind:COPY")
    assert kind_names() == ("molecule", "protein", "cell", "dna", "rna", "copy")
    for wrong, said in (("outside_kind:WRONG", "not a Kind"), ("nowhere:AT_ALL", "nothing that can be imported")):
        monkeypatch.setenv(ENVIRONMENT, wrong)
        with pytest.raises(ConfigurationError, match=said):
            kinds()
