"""LLaMA-Factory's data sets become documents whose answers alone are learned; what is no conversation is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from biomatrix.cli.main import app
from biomatrix.corpus.conversations.llama_factory import Turn, conversations, data_set
from biomatrix.corpus.shards import TokenShards, held_out_folders
from biomatrix.entities.rejects import Reject
from biomatrix.errors import ConfigurationError, UnsupportedError
from biomatrix.generation import weights
from biomatrix.tasks.benchmarks.exports.export_files import export
from biomatrix.tasks.benchmarks.exports.instruction_records import InstructionRecord
from biomatrix.vocabulary import Vocabulary

NANO = Path(weights.__path__[0]) / "nano"
ETHANOL = "<|mol_sfi_start|>[C][C][O]<|mol_sfi_end|>"
SMILES = "<|mol_smi_start|>CCO<|mol_smi_end|>"
ALPACA: list[Any] = [
    {"instruction": "Name it.", "input": ETHANOL, "output": "Ethanol [C] it is."},
    {"instruction": "And now?", "output": f"As {SMILES}.", "system": "Be brief.", "history": [["Hi", "Hello"]]},
    {"instruction": "Unanswered", "output": ""},
    {"instruction": "Broken", "output": "<|mol_sfi_start|>[C] no end"},
    {"instruction": "Unknown", "output": "<|mol_sfi_start|>[Xx]<|mol_sfi_end|>"},
    "no object",
]
SHAREGPT = [
    {"messages": [{"role": role, "content": role[0]} for role in roles]}
    for roles in (("system", "user", "assistant"), ("user", "user"), ("user", "tool"))
]
TAGS = {"role_tag": "role", "content_tag": "content", "user_tag": "user", "assistant_tag": "assistant"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a.json").write_text(json.dumps(ALPACA))
    (tmp_path / "s.jsonl").write_text("".join(json.dumps(row) + "\n" for row in SHAREGPT))
    index = {
        "alpaca": {"file_name": "a.json", "columns": {"system": "system", "history": "history"}},
        "share": {"file_name": "s.jsonl", "formatting": "sharegpt", "columns": {"messages": "messages"}, "tags": TAGS},
        "ranked": {"file_name": "a.json", "ranking": True},
        "away": {"hf_hub_url": "owner/name"},
        "missing": {"file_name": "b.json"},
    }
    (tmp_path / "dataset_info.json").write_text(json.dumps(index))
    return tmp_path


def test_both_formats_are_read_as_their_entries_say(folder: Path) -> None:
    first, second, *refused = conversations(data_set(folder, "alpaca"))
    assert first == (Turn("user", f"Name it.\n{ETHANOL}"), Turn("assistant", "Ethanol [C] it is."))
    assert [turn.role for turn in second] == ["system", "user", "assistant", "user", "assistant"]
    assert [type(row) for row in refused[:1] + refused[-1:]] == [Reject, Reject]
    told, *refused = conversations(data_set(folder, "share"))
    assert told == (Turn("system", "s"), Turn("user", "u"), Turn("assistant", "a"))
    assert [row.reason.split(";")[0] for row in refused if isinstance(row, Reject)] == [
        "question and answer do not alternate, an answer last",
        "a message of 'tool'",
    ]


@pytest.mark.parametrize(
    ("name", "error", "told"),
    [
        ("ranked", UnsupportedError, "'ranking' is not read here"),
        ("away", UnsupportedError, "'hf_hub_url'|fetch them into this folder"),
        ("missing", ConfigurationError, "no such file"),
        ("alpacca", ConfigurationError, "no data set 'alpacca'"),
    ],
)
def test_what_is_not_read_is_said(folder: Path, name: str, error: type[Exception], told: str) -> None:
    with pytest.raises(error, match=told):
        data_set(folder, name)


def test_shards_hold_the_chat_and_learn_the_answers(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "corpus"
    words = ["corpus", "conversations", str(folder), "alpaca", "share", "--vocabulary", str(NANO), "-o", str(out)]
    done = CliRunner().invoke(app, [*words, "--held-out-share", "0", "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.output) == {
        "alpaca": {"train": 2, "held_out": 0, "refused": 4},
        "share": {"train": 1, "held_out": 0, "refused": 2},
    }
    reasons = [json.loads(line)["reason"] for line in (out / "rejects.jsonl").read_text().splitlines()]
    assert len(reasons) == 6
    assert sum("has no <|mol_sfi_end|>" in reason for reason in reasons) == 1
    vocabulary, shards = Vocabulary.from_pretrained(NANO), TokenShards(out)
    shards.verify()
    ids, weights = shards.document(0)
    molecule = vocabulary.encode_tokens(["[C]", "[C]", "[O]"], "molecule_selfies")
    assert " ".join(map(str, molecule)) in " ".join(map(str, ids.tolist()))
    answer = [*vocabulary.encode_text("Ethanol [C] it is."), vocabulary.backend.token_to_id("<|im_end|>")]
    assert ids[weights > 0].tolist() == answer
    ids, weights = shards.document(1)
    assert vocabulary.text(ids).startswith("<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi<|im_end|>")
    assert vocabulary.text(ids[weights > 0]) == f"Hello<|im_end|>As {SMILES}.<|im_end|>"


def test_questions_are_held_out_whole(tmp_path: Path) -> None:
    rows = [{"instruction": f"Question {number % 40}", "output": f"Answer {number}"} for number in range(200)]
    (tmp_path / "q.json").write_text(json.dumps(rows))
    (tmp_path / "dataset_info.json").write_text(json.dumps({"q": {"file_name": "q.json"}}))
    out = tmp_path / "corpus"
    words = ["corpus", "conversations", str(tmp_path), "q", "--vocabulary", str(NANO), "-o", str(out)]
    assert CliRunner().invoke(app, [*words, "--held-out-share", "0.3"]).exit_code == 0
    apart, train = TokenShards(held_out_folders(out / "train")["q"]), TokenShards(out)
    assert len(apart) + len(train) == 200
    assert 0 < len(apart) < 120
    assert len(apart) % 5 == 0


def test_what_tasks_export_writes_is_read_back(tmp_path: Path) -> None:
    record = InstructionRecord("Draw it.", "", f"Here: {ETHANOL}", (("One", "Two"),), "some_task")
    export({"some_task": [record]}, tmp_path, "llama-factory")
    (told,) = conversations(data_set(tmp_path, "some_task"))
    assert told == (
        Turn("user", "One"),
        Turn("assistant", "Two"),
        Turn("user", "Draw it."),
        Turn("assistant", f"Here: {ETHANOL}"),
    )
