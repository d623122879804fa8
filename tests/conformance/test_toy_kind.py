"""A kind from outside the package goes the whole way, and nothing in the package knows its name."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from biomatrix.conversion import decode_from_lines, encode_to_lines, unwrap, wrap
from biomatrix.doctor.roundtrips import examine_round_trips
from biomatrix.entities import Kind, compare, modalities, modality, parse_entity, read, write_entities
from biomatrix.errors import BioMatrixError, ConfigurationError, UnsupportedError
from biomatrix.generation import Model, TransformersEngine
from biomatrix.generation.constraint_registry import constraint_names, parse_constraint
from biomatrix.quickstart.inputs import gather_inputs
from biomatrix.quickstart.pages import build_page
from biomatrix.quickstart.roundtrip import round_trips
from biomatrix.report.superposition import facing, lay_over
from biomatrix.training.config import Recipe
from biomatrix.training.loop import Trainer
from biomatrix.training.model import build_model
from biomatrix.vocabulary import Vocabulary

from ..training.documents import recipe_values
from .conftest import ROWS, TOY

MODALITIES = ("pebble_sequence", "pebble_structure")


def test_a_kind_takes_two_files_of_150_lines() -> None:
    files = [TOY / "pebbles.py", TOY / "pebble_modalities.py"]
    assert {*files, TOY / "pebble_constraints.py"} == {*TOY.glob("*.py")}
    assert sum(len(path.read_text().splitlines()) for path in files) <= 150


def test_the_package_does_not_know_it() -> None:
    source = TOY.parents[2] / "src" / "biomatrix"
    assert not [path for path in source.rglob("*.py") if "pebble" in path.read_text(encoding="utf-8")]


# Files


def test_files_are_read_by_extension_and_rejects_have_reasons(pebble: Kind, beach: Path) -> None:
    records = read(beach)
    assert [one.kind for one in records] == ["pebble"] * (1 + len(ROWS))
    assert [one.has_structure for one in records] == [True] + [False] * len(ROWS)
    assert [reject.record for reject in records.rejects] == [6]


def test_letters_say_what_a_fasta_file_holds(pebble: Kind, tmp_path: Path) -> None:
    path = tmp_path / "mixed.fasta"
    path.write_text(">a\nMKTAYIAKQR\n>b\n1234\n>c\n12AC\n")
    records = read(path)
    assert [(one.kind, one.name) for one in records] == [("protein", "a"), ("pebble", "b")]
    assert [reject.record for reject in records.rejects] == ["c"]
    assert read(path, kind="pebble")[0].name == "b"


def test_an_extension_that_another_kind_refuses_is_free(pebble: Kind, tmp_path: Path) -> None:
    write_entities([pebble.examples()[0].entity], tmp_path / "out.xyz")
    assert (tmp_path / "out.xyz").read_text().splitlines()[:2] == ["4", "four"]
    with pytest.raises(UnsupportedError, match="no bonds"):
        read(tmp_path / "out.xyz", kind="molecule")


def test_records_keep_it_exactly(pebble: Kind, beach: Path) -> None:
    for one in read(beach):
        again = pebble.from_bytes(pebble.to_bytes(one), one.name)
        assert pebble.to_bytes(again) == pebble.to_bytes(one)
        assert pebble.identity(again) == pebble.text(one)
        assert pebble.named(one, "x").name == "x"


# Tokens


@pytest.mark.parametrize("name", MODALITIES)
def test_tokens_there_and_back(pebble: Kind, name: str) -> None:
    entity = pebble.examples()[0].entity
    one = modality(name)
    tokens = one.encode(entity)
    assert unwrap(wrap(tokens, one)) == (one, tokens)
    decoded = one.decode(tokens)
    assert compare(entity, decoded).get("same pebble")
    if one.needs_structure:
        np.testing.assert_array_equal(pebble.points(decoded), pebble.points(entity))


def test_lines_there_and_back(pebble: Kind, beach: Path, tmp_path: Path) -> None:
    counts = encode_to_lines(str(beach), tmp_path / "t.jsonl")
    assert (counts.succeeded, counts.rejected) == (len(ROWS) + 2, 1)
    lines = [json.loads(line) for line in (tmp_path / "t.jsonl").read_text().splitlines()]
    assert [line["modality"] for line in lines[:3]] == [*MODALITIES, "pebble_sequence"]
    assert lines[1]["tokenizer"]["name"] == "lattice-6"
    assert decode_from_lines(str(tmp_path / "t.jsonl"), tmp_path / "out.pebble").succeeded == len(lines)
    decoded = read(tmp_path / "out.pebble")
    assert [one.name for one in decoded] == ["four", "four", *(f"row{number}" for number in range(len(ROWS)))]
    assert decode_from_lines(str(tmp_path / "t.jsonl"), tmp_path / "folder").succeeded == len(lines)
    assert len(list((tmp_path / "folder").glob("*.pebble"))) == len(lines)


def test_codes_of_another_tokenizer_are_refused(pebble: Kind, beach: Path, tmp_path: Path) -> None:
    encode_to_lines(str(beach), tmp_path / "t.jsonl", modalities=["pebble_structure"])
    line = json.loads((tmp_path / "t.jsonl").read_text().splitlines()[0])
    line["tokenizer"]["fingerprint"] = "0" * 12
    (tmp_path / "t.jsonl").write_text(json.dumps(line) + "\n")
    counts = decode_from_lines(str(tmp_path / "t.jsonl"), tmp_path / "out.pebble")
    assert (counts.succeeded, counts.rejected) == (0, 1)


# Model


class Documents:
    """The rows of a beach as documents, in both modalities where they have places; stands in for shards."""

    def __init__(self, vocabulary: Vocabulary, beach: Path) -> None:
        entities = read(beach)
        self.ids = [
            np.array([*vocabulary.encode_entity(entity, one.name), *vocabulary.ending_ids[:1]])
            for entity in entities
            for one in modalities("pebble")
            if one.accepts(entity)
        ]
        self.lengths = np.array([len(ids) for ids in self.ids])

    def document(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        return self.ids[index], np.ones(len(self.ids[index]), np.float32)


@pytest.fixture(scope="module")
def model(vocabulary: Vocabulary, beach: Path, tmp_path_factory: pytest.TempPathFactory) -> Model:
    """A tiny Qwen3 after two steps of pretraining on pebbles."""
    values = recipe_values(
        tmp_path_factory.mktemp("run"),
        batches={"tokens": 64, "buckets": [16], "window": 8, "accumulate": 1},
        optimiser={"warmup_steps": 1},
        run={"max_steps": 2},
    )
    recipe = Recipe.model_validate(values)
    network = build_model(recipe.model, vocabulary, recipe.run)
    trainer = Trainer(recipe, network, vocabulary, Documents(vocabulary, beach), {"rows": Documents(vocabulary, beach)})
    result = trainer.train()
    assert (result.finished, result.step) == (True, 2)
    assert {"pebble_sequence", "pebble_structure"} <= result.held_out.keys()
    return Model(TransformersEngine(network, vocabulary), "pebbles")


def test_a_saved_vocabulary_finds_it_again(vocabulary: Vocabulary, tmp_path: Path) -> None:
    vocabulary.save_pretrained(tmp_path)
    again = Vocabulary.from_pretrained(tmp_path)
    assert again.modalities == MODALITIES
    assert again.required_tokenizers["pebble_structure"].name == "lattice-6"


@pytest.mark.parametrize("output", MODALITIES)
def test_answers_keep_to_grammar_and_length(model: Model, pebble: Kind, output: str, tmp_path: Path) -> None:
    answers = model.generate("Make a row of pebbles.", output=output, length=5, num_samples=4, seed=1)
    for number, answer in enumerate(answers):
        assert answer.entity is not None, answer.error
        assert len(pebble.text(answer.entity)) == 5
        assert [(check.name, check.passed) for check in answer.checks] == [("starts red", True)]
        answer.entity.to_file(tmp_path / f"{number}.pebble")
        assert pebble.text(read(tmp_path / f"{number}.pebble")[0]) == pebble.text(answer.entity)


def test_a_constraint_of_its_own_is_kept(model: Model) -> None:
    """By the automaton, in both modalities, and by looking at the answer where the automaton is not asked."""
    asked = {"output": MODALITIES, "length": 6, "num_samples": 6, "seed": 2}
    for answer in model.generate("Make a row of pebbles.", constraints=["no-colour=34"], **asked):  # type: ignore[arg-type]
        assert answer.error is None
        assert not {"3", "4"} & set(answer.entity.colours)  # type: ignore[union-attr]
        assert answer.refused == ()
    wish = parse_constraint("no-colour=34")
    free = model.generate("Make.", output="pebble_sequence", length=6, guided=False, constraints=[wish], num_samples=4)
    assert all((answer.error is None) == (answer.entity is not None) for answer in free)
    assert "no-colour" in constraint_names()
    with pytest.raises(ConfigurationError, match=r"no-colour=95: no colour \(position 0\); an example is no-colour=34"):
        parse_constraint("no-colour=95")


def test_it_stands_in_prompts(model: Model, pebble: Kind) -> None:
    entity = pebble.examples()[0].entity
    (answer,) = model.generate(["Describe ", entity, "."], max_new_tokens=4)
    assert len(answer.token_ids) <= 4
    assert model.score("Make a row of pebbles.", (entity, "pebble_structure")).logprob < 0


# Pages and examinations


def test_a_page_shows_it(model: Model, pebble: Kind) -> None:
    (given,) = [given for given in gather_inputs({}, {}, seed=0) if given.entity.kind == "pebble"]
    trips = round_trips(given.entity)
    assert [trip.refused for trip in trips] == ["", ""]
    text = build_page([(given, trips)], [], model, "pebbles").to_html()
    assert "Real pebbles" in text
    assert "same pebble" in text
    assert pebble.picture(given.entity) in text
    assert '"format": "xyz"' in text
    for name in MODALITIES:
        assert f".{name} {{ --colour: hsl(" in text
        assert f'<div class="tokens {name}">' in text


def test_structures_are_turned_and_laid_over(pebble: Kind) -> None:
    entity = pebble.examples()[0].entity
    turned = facing(entity)
    before, after = pebble.points(entity), pebble.points(lay_over(turned, entity))
    np.testing.assert_allclose(after, before, atol=1e-4)


def test_own_entities_are_typed_or_read(pebble: Kind, beach: Path) -> None:
    assert pebble.text(parse_entity("112", pebble)) == "112"
    assert parse_entity(str(beach), pebble, "four").has_structure
    with pytest.raises(BioMatrixError, match="digits of"):
        parse_entity("15", pebble)


def test_the_doctor_examines_it(pebble: Kind) -> None:
    findings = [finding for finding in examine_round_trips() if finding.subject.startswith("pebble_sequence")]
    assert [finding.status for finding in findings] == ["ok"]


def test_its_names_are_taken(pebble: Kind) -> None:
    from biomatrix.entities import register_kind

    class Other(type(pebble)):  # type: ignore[misc]
        name = "gravel"

    with pytest.raises(ConfigurationError, match="pebble_sequence"):
        register_kind(Other())


# Command line


def command(environment: dict[str, str], *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "biomatrix.cli.main", *arguments], capture_output=True, text=True, env=environment
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_commands_know_it(environment: dict[str, str], beach: Path, tmp_path: Path) -> None:
    lines, out = str(tmp_path / "t.jsonl"), tmp_path / "out.pebble"
    command(environment, "encode", str(beach), "-m", "pebble_structure", "-o", lines)
    command(environment, "decode", lines, "-o", str(out))
    assert out.read_text() == "four\t1234\t[[1.0, 0.0, 0.0], [1.0, 1.0, 0.0], [1.0, 1.0, 1.0], [2.0, 1.0, 1.0]]\n"
    assert "--pebble VALUE" in command(environment, "quickstart", "--help")
