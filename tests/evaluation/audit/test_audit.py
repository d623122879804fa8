"""The audit of leakage: planted leaks are found by the key that names them, and clean data give none."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import numpy as np
import pytest
from typer.testing import CliRunner

import biomatrix.generation
from biomatrix.cli.audit import _table
from biomatrix.cli.main import app
from biomatrix.corpus.decontamination.subjects import Subject, structure_codes
from biomatrix.corpus.encoding import EncodedDocument
from biomatrix.corpus.records import RECORD_SCHEMA, Record, RowWriter, records_to_table
from biomatrix.corpus.shard_writing import token_dtype, write_manifest, write_shard
from biomatrix.entities import Molecule, Protein, kind_of, modality
from biomatrix.errors import BioMatrixError, ConfigurationError
from biomatrix.evaluation.audit.index import TestRows
from biomatrix.evaluation.audit.instructions import written_entities
from biomatrix.evaluation.audit.report import LEAKS, Overlap, TaskAudit, markdown
from biomatrix.evaluation.audit.run import Audit, Examined, audit
from biomatrix.evaluation.audit.training import Training
from biomatrix.evaluation.leaks import LeakedKeys
from biomatrix.tasks.benchmarks.registry import load_benchmarks, unregister_benchmark
from biomatrix.vocabulary import Vocabulary

_MOLECULES = ("C[C@H](N)C(=O)O", "CC(=O)Oc1ccccc1C(=O)O", "CCCCO", "OB(O)c1ccsc1")
_TEXT = "An invented salt that dissolves slowly in cold water, and is described here in one sentence."
_DEFINITIONS = """
[sources.audited]
licence = "none"
files = [{{ path = "{name}.jsonl", split = "test" }}, {{ path = "{name}_train.jsonl", split = "train" }}]
[prompts]
ask = ["{prompt}"]
[benchmarks.audited_{name}]
title = "Audited"
domain = "molecule"
modality = "1d"
category = "c"
dataset = "d"
prompts = "ask"
answer = "{{label}}"
parser = "text"
judge = "opi.accuracy"
metrics = [{{ name = "accuracy", higher_is_better = true }}]
[benchmarks.audited_{name}.data]
source = "audited"
loader = "table"
split_rule = "r"
[benchmarks.audited_{name}.data.settings]
files = {{ test = "{name}.jsonl", train = "{name}_train.jsonl" }}
fields = {fields}
answer = "label"
"""

Make = Callable[..., Examined]


def _chain(rng: Random, length: int = 120) -> str:
    return "".join(rng.choice("ACDEFGHIKLMNPQRSTVWY") for _ in range(length))


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """Return a function that makes a test split of rows, and perhaps a training split."""
    made: list[str] = []

    def split(name: str, fields: dict[str, str], rows: list[dict[str, str]], train: list[dict[str, str]]) -> Examined:
        for suffix, lines in (("", rows), ("_train", train)):
            text = "".join(json.dumps({"label": "x", **line}) + "\n" for line in lines)
            (tmp_path / f"{name}{suffix}.jsonl").write_text(text, encoding="utf-8")
        columns = "{ " + ", ".join(f'{key} = "{value}"' for key, value in fields.items()) + " }"
        prompt = " ".join(f"{{{key}}}" for key in fields)
        definitions = tmp_path / f"{name}.toml"
        definitions.write_text(_DEFINITIONS.format(name=name, prompt=prompt, fields=columns), encoding="utf-8")
        (one,) = load_benchmarks(definitions)
        made.append(one.name)
        return Examined(one, one.data, tmp_path)

    yield split
    for name in made:
        unregister_benchmark(name)


@pytest.fixture
def molecules(make: Make) -> Examined:
    return make("molecules", {"molecule": "molecule:smiles"}, [{"smiles": one} for one in _MOLECULES], [])


@pytest.fixture
def proteins(make: Make) -> Examined:
    rng = Random(3)
    rows = [{"sequence": _chain(rng)} for _ in range(5)]
    return make("proteins", {"protein_sequence": "protein:sequence"}, rows, [])


def _chains(examined: Examined) -> list[str]:
    lines = (examined.folder / "proteins.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["sequence"] for line in lines]


def _found(result: Audit, task: int = 0) -> dict[str, tuple[str, ...]]:
    return {name: one.every for name, one in result.tasks[task].overlaps.items() if one.some}


def _smiles_file(path: Path, *smiles: str) -> Training:
    path.write_text("".join(f"{one} m{number}\n" for number, one in enumerate(smiles)), encoding="utf-8")
    return Training(path.name, path=path)


def _fasta(path: Path, *chains: str) -> Training:
    path.write_text("".join(f">c{number}\n{one}\n" for number, one in enumerate(chains)), encoding="utf-8")
    return Training(path.name, path=path)


def test_planted_molecules_are_found_by_the_key_that_names_them(molecules: Examined, tmp_path: Path) -> None:
    training = _smiles_file(tmp_path / "t.smi", "C[C@@H](N)C(=O)O", "O=C(C)Oc1ccccc1C(=O)[O-].[K+]", "CCCCO")
    found = _found(audit([molecules], [training]))
    assert found["molecule.inchikey"] == ("3",)
    assert len(found["molecule.connectivity"]) == 2
    assert len(found["molecule.parent"]) == 3
    assert len(found["molecule.scaffold"]) == 1


def test_a_clean_set_of_molecules_gives_nothing(molecules: Examined, tmp_path: Path) -> None:
    result = audit([molecules], [_smiles_file(tmp_path / "t.smi", "CCCCN", "c1ccncc1", "FC(F)F", "C1CC1")])
    assert _found(result) == {}
    assert result.tasks[0].leaked == ()


def test_three_mutations_are_a_leak_and_half_a_chain_is_a_relative(proteins: Examined, tmp_path: Path) -> None:
    rng, chains = Random(8), _chains(proteins)
    close = list(chains[1])
    for place in (10, 60, 100):
        close[place] = "G" if close[place] != "G" else "A"
    distant = "".join(letter if rng.random() < 0.7 else rng.choice("ACDEFGHIKLMN") for letter in chains[2])
    training = _fasta(tmp_path / "t.fasta", chains[0], "".join(close), distant, *(_chain(rng) for _ in range(30)))
    result = audit([proteins], [training])
    found, names = _found(result), [str(number) for number in range(1, 6)]
    assert found["protein.sequence"] == (names[0],)
    assert found["protein.identity_90"] == (names[0], names[1])
    assert found["protein.identity_50"] == tuple(names[:3])
    assert result.tasks[0].leaked == (names[0], names[1])


def test_clean_chains_give_nothing(proteins: Examined, tmp_path: Path) -> None:
    rng = Random(9)
    assert _found(audit([proteins], [_fasta(tmp_path / "t.fasta", *(_chain(rng) for _ in range(60)))])) == {}


def test_a_text_wrapped_anew_is_found_in_instructions(make: Make, tmp_path: Path) -> None:
    examined = make("texts", {"name": "name"}, [{"name": _TEXT}, {"name": "Another text."}], [])
    wrapped = _TEXT.upper().replace(" dissolves ".upper(), " DIS-\n  SOLVES ")
    path = tmp_path / "instructions.json"
    path.write_text(json.dumps([{"instruction": "Go", "history": [], "output": wrapped}]), encoding="utf-8")
    result = audit([examined], [Training("instructions", path=path)])
    assert len(_found(result)["text"]) == 1
    assert len(result.tasks[0].leaked) == 1


def test_answers_of_one_task_are_found_where_another_asks_about_them(make: Make, tmp_path: Path) -> None:
    rows = [{"name": "caption this", "label": _TEXT}]
    examined = make("answers", {"name": "name"}, rows, [{"name": _TEXT, "label": "short"}])
    result = audit([examined], [Training("own", benchmark=examined.benchmark, data=examined.data, folder=tmp_path)])
    assert set(_found(result)) == {"answer_text"}
    assert result.tasks[0].leaked == ()


def test_a_pair_leaks_only_where_both_are_known(make: Make, tmp_path: Path) -> None:
    rng = Random(4)
    chains = [_chain(rng), _chain(rng)]
    fields = {"molecule": "molecule:smiles", "protein_sequence": "protein:sequence"}
    rows = [{"smiles": "CCCCO", "sequence": chain} for chain in chains]
    examined = make("pairs", fields, rows, [])
    training = [_smiles_file(tmp_path / "t.smi", "OCCCC"), _fasta(tmp_path / "t.fasta", chains[0])]
    result = audit([examined], training)
    assert len(_found(result)["molecule.inchikey"]) == 2
    assert len(result.tasks[0].leaked) == 1
    assert "question" not in _found(result)


def test_the_question_of_a_row_is_found_whatever_the_order(make: Make, tmp_path: Path) -> None:
    fields = {"first": "protein:a", "second": "protein:b"}
    one, other = "MKTAYIAKQR", "GHSTLLPWWY"
    examined = make("order", fields, [{"a": one, "b": other}], [{"a": other, "b": one}])
    training = Training("own", benchmark=examined.benchmark, data=examined.data, folder=tmp_path)
    assert len(_found(audit([examined], [training]))["question"]) == 1


def test_records_of_a_build_are_compared_without_those_held_out(molecules: Examined, tmp_path: Path) -> None:
    records = [
        Record("s", "a", "molecule", "train", {"name": "butanol"}, Molecule.from_smiles("CCCCO")),
        Record("s", "b", "molecule", "held_out", {}, Molecule.from_smiles("OB(O)c1ccsc1")),
        Record("s", "c", "text", "train", {"text": _TEXT}),
        Record("s", "d", "protein", "train", {}, Protein.from_sequence("MKTAYIAKQR")),
    ]
    folder = tmp_path / "work" / "records" / "s" / "00000"
    folder.mkdir(parents=True)
    with RowWriter(folder / "records.parquet", RECORD_SCHEMA) as writer:
        writer.write(records_to_table(records))
    for path in (tmp_path / "work", folder / "records.parquet"):
        result = audit([molecules], [Training("corpus", path=path)])
        assert result.training == {"corpus": 3}
        assert len(_found(result)["molecule.inchikey"]) == 1


def test_a_structure_is_known_by_its_code() -> None:
    chain = Protein("MKT", backbone=np.ones((3, 3, 3), dtype=np.float32), name="1ABC_A")
    assert list(structure_codes(chain)) == ["1abc"]
    assert list(structure_codes(Protein("MKT", name="1ABC_A"))) == []


def test_broken_rows_are_counted_and_the_rest_goes_on(molecules: Examined, tmp_path: Path) -> None:
    result = audit([molecules], [_smiles_file(tmp_path / "t.smi", "C1CC", "CCCCO")])
    assert result.training == {"t.smi": 1}
    assert result.rejects == {"t.smi": 1}
    result.write(tmp_path / "report")
    told = "t.smi: 1 row, 1 more could not be read"
    assert told in (tmp_path / "report" / "audit.md").read_text(encoding="utf-8")
    assert _table(result).splitlines()[0] == told


def test_a_table_is_training_data_where_its_format_is_named(molecules: Examined, tmp_path: Path) -> None:
    table, name = tmp_path / "mine.csv", molecules.benchmark.name
    table.write_text("smiles,y\nCCCCO,1\n")
    result = audit([molecules], [Training("mine.csv", path=table, file_format="smi")])
    assert result.tasks[0].leaked
    arguments = ["audit", str(table), "--tasks", name, "--from", str(tmp_path), "-q"]
    assert isinstance(CliRunner().invoke(app, arguments).exception, BioMatrixError)
    done = CliRunner().invoke(app, [*arguments, "--format", "smi"])
    assert done.exit_code == 0, done.output
    assert f"{name}: {len(result.tasks[0].leaked)} of" in done.stdout


def test_what_is_no_training_data_is_refused(molecules: Examined, tmp_path: Path) -> None:
    for path in (tmp_path / "absent", tmp_path):
        with pytest.raises(ConfigurationError):
            audit([molecules], [Training("t", path=path)])


def test_keys_that_no_row_has_and_training_data_without_rows_are_refused(molecules: Examined, tmp_path: Path) -> None:
    (tmp_path / "set.smi").write_text("CCO ethanol\n")
    (tmp_path / "none.smi").write_text("\n")
    with pytest.raises(ConfigurationError, match="did you mean scaffold"):
        audit([molecules], [Training("set", path=tmp_path / "set.smi")], leaks=["scafold"])
    with pytest.raises(ConfigurationError, match="no row of none"):
        audit([molecules], [Training("none", path=tmp_path / "none.smi")])


def test_the_lists_of_keys_are_those_an_evaluation_reads(molecules: Examined, tmp_path: Path) -> None:
    result = audit([molecules], [_smiles_file(tmp_path / "t.smi", "CCCCO")], leaks=LEAKS)
    result.write(tmp_path / "report")
    task = molecules.benchmark.name
    assert LeakedKeys.from_file(tmp_path / "report" / "leaked_keys.json").of(task) == set(result.tasks[0].leaked)
    by_key = json.loads((tmp_path / "report" / "leaks_by_key.json").read_text(encoding="utf-8"))
    assert by_key[task]["molecule.parent"] == list(result.tasks[0].leaked)
    assert f"## {task}" in (tmp_path / "report" / "audit.md").read_text(encoding="utf-8")


def test_the_command_audits_a_training_split_against_tests(molecules: Examined, tmp_path: Path) -> None:
    (tmp_path / "molecules_train.jsonl").write_text('{"smiles": "OCCCC", "label": "y"}\n', encoding="utf-8")
    name = molecules.benchmark.name
    arguments = ["audit", name, "--tasks", name, "--from", str(tmp_path), "--json", "-q", "-o", str(tmp_path / "out")]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert found["tasks"][name]["leaked"] == 1
    assert found["tasks"][name]["keys"]["molecule.inchikey"]["every"] == 1
    assert (tmp_path / "out" / "audit.md").is_file()


def test_the_command_says_which_tasks_have_no_data_here(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["audit", str(tmp_path), "--tasks", "prot_ec_new", "--from", str(tmp_path)])
    assert done.exit_code != 0
    assert "prot_ec_new" in done.output


def test_documents_of_tokens_are_decoded_to_what_they_hold(molecules: Examined, tmp_path: Path) -> None:
    vocabulary = Vocabulary.from_pretrained(Path(biomatrix.generation.__file__).parent / "weights" / "nano")
    documents = [
        ["Describe ", (Molecule.from_smiles("OCCCC"), "molecule_selfies")],
        [(Protein.from_sequence("MKTAYIAKQR"), "protein_sequence"), "a chain"],
    ]
    encoded = []
    for items in documents:
        ids = np.array(vocabulary.encode(items), dtype=np.int32)
        encoded.append(EncodedDocument(ids, np.full(len(ids), 255, dtype=np.uint8)))
    folder = tmp_path / "shards" / "train"
    (folder / "a").mkdir(parents=True)
    kind = token_dtype(len(vocabulary))
    write_shard(folder / "a", encoded, ["view", "view"], kind)
    write_manifest(folder, {"dtype": kind.str, "views": ["view"], "shards": [{"name": "a", "files": {}}]})
    with pytest.raises(ConfigurationError, match="vocabulary"):
        audit([molecules], [Training("shards", path=tmp_path / "shards")])
    vocabulary.save_pretrained(tmp_path / "vocabulary")
    result = audit([molecules], [Training("shards", path=tmp_path / "shards")])
    assert result.training == {"shards": 2}
    assert _found(result)["molecule.inchikey"] == ("3",)


@pytest.mark.parametrize(
    "text",
    [
        "Is {0} soluble?",
        "{0}",
        "<|smiles|>",
    ],
)
def test_entities_in_words_are_read_or_passed_over(text: str) -> None:
    spelling = modality("molecule_smiles")
    aspirin = "CC(=O)Oc1ccccc1C(=O)O"
    written = text.format(spelling.start_token + aspirin + spelling.end_token)
    assert len(list(written_entities(written))) == (1 if "{0}" in text else 0)
    broken = text.format(spelling.start_token + "C1CC(" + spelling.end_token)
    assert list(written_entities(broken)) == []


def test_chains_in_words_are_read() -> None:
    chain = _chain(Random(2), 40)
    (found,) = written_entities(f"What does {chain} do? ANSWER BRIEFLY.")
    assert kind_of(found).text(found) == chain


def test_structures_are_told_by_their_codes() -> None:
    subject = Subject("row", structures=("1abc",))
    rows = TestRows([subject])
    rows.compare(Subject("other", structures=("2abc",)))
    assert not rows.parts[0][0].found
    rows.compare(Subject("training", structures=("1abc",)))
    assert rows.parts[0][0].found == {"structure_id": "training"}


def test_hostile_names_stay_text_in_the_report() -> None:
    name = "<script>alert(1)</script> | `x`\n# heading.smi"
    task = TaskAudit("a|b", "<b>own", False, 3, 0, {"text": Overlap(3, (name,), (name,), ((name, name),))}, (name,))
    report = markdown({name: 3}, {name: 1}, [task], ("text",))
    plain = re.sub(r"`[^`\n]*`", "", report)
    assert "<script" not in plain.replace("\\<", "")
    assert "<b>" not in plain.replace("\\<", "")
    assert not re.search(r"^# heading", report, re.MULTILINE)
    assert "| a\\|b | \\<b>own (not the official data) | 3 |" in report
