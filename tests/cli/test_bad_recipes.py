"""Bad recipes, data and runs, as people have them: each is refused in one line that names the fault, with no traceback.

Every row runs the command in this process, on real files, as far as it gets.
"""

from __future__ import annotations

import logging
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from biomatrix.cli.main import main
from biomatrix.corpus.encoding import EncodedDocument
from biomatrix.corpus.shard_writing import token_dtype, write_manifest, write_shard
from biomatrix.entities import modality
from biomatrix.entities.files.hashing import file_sha256
from biomatrix.vocabulary import Vocabulary, train_byte_bpe
from biomatrix.vocabulary.token_table import token_table_fingerprint

LOG_LINE = re.compile(r"\d\d:\d\d:\d\d ")
POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "0" * 64 + "\nsize 12\n"

CORPUS = """name = "x"
sources = [ { name = "mine", reader = "smi", kind = "molecule", files = ["*.smi"], licence = ["MIT"] } ]
modalities = ["molecule_smiles"]
[views]
molecule_smiles = 1.0
"""
PRETRAIN = """[model]
vocabulary = "vocabulary"
hidden_size = 16
num_layers = 1
intermediate_size = 16
num_heads = 2
num_kv_heads = 1
head_dim = 8
initialisation = "random"
[data]
train = "shards/train"
[batches]
tokens = 64
max_length = 32
[run]
output = "run"
max_steps = 1
precision = "fp32"
"""
MOLECULES = """[tokenizer]
kind = "molecule"
architecture = "conditioned"
[[data]]
source = "ccd"
molecules = 4
[fitting]
num_codes = 16
"""
PROTEINS = """[tokenizer]
kind = "protein"
architecture = "geometric"
[fit]
num_codes = 256
[data]
licence = "x"
sources = ["a/b"]
"""
NETWORK = """[tokenizer]
kind = "protein"
architecture = "gcp_vqvae"
[sizes]
[behaviour]
[plan]
steps = 3
"""
TASKS = """[tasks.greet]
prompts = ["Greet {molecule}."]
answer = "Hello."
"""
COMMANDS = {
    "corpus": (["corpus", "r.toml", "--data", "data", "-o", "work"], CORPUS),
    "pretrain": (["pretrain", "r.toml"], PRETRAIN),
    "finetune": (["finetune", "r.toml"], PRETRAIN),
    "tokenizer": (["tokenizer", "train", "r.toml", "-o", "out"], MOLECULES),
    "validate": (["tasks", "validate", "r.toml"], TASKS),
    "list": (["tasks", "list", "--file", "r.toml"], TASKS),
}


@dataclass(frozen=True)
class Row:
    """One mistake: the command, what stands in the recipe, what else is done beforehand, and what must be named."""

    arguments: list[str]
    recipe: str | bytes | None
    told: str
    before: Callable[[Path], object] = lambda folder: None


def swapped(text: str, old: str, new: str) -> str:
    assert old in text
    return text.replace(old, new)


def rows_of_files() -> Iterator[tuple[str, Row]]:
    """Yield what may stand where a recipe should, for every command that reads one."""
    for name, (arguments, text) in COMMANDS.items():
        yield f"{name}-missing", Row(arguments, None, "No such file")
        yield f"{name}-folder", Row(arguments, None, "is a folder", lambda folder: (folder / "r.toml").mkdir())
        yield (
            f"{name}-latin1",
            Row(arguments, f"# café\n{text}".encode("latin-1"), "not UTF-8 text: byte 0xe9 in line 1"),
        )
        yield f"{name}-utf16", Row(arguments, text.encode("utf-16"), "UTF-16")
        yield f"{name}-pointer", Row(arguments, POINTER, "git lfs pull")
        yield f"{name}-garbage", Row(arguments, b"\x00\x01\x02", "null characters")
        yield f"{name}-gzip", Row(arguments, b"\x1f\x8b\x08\x00", "not UTF-8")
        yield f"{name}-empty", Row(arguments, b"", "empty")
        yield f"{name}-cut", Row(arguments, text[: text.index("=") + 1], "not TOML")
        yield f"{name}-section", Row(arguments, f"{text}[modle]\nx = 1\n", "modle")


def rows_of_settings() -> Iterator[tuple[str, Row]]:
    """Yield wrong keys and values, each with its full path."""

    def row(command: str, old: str, new: str, told: str) -> tuple[str, Row]:
        arguments, text = COMMANDS[command]
        return f"{command}-{new or old}", Row(arguments, swapped(text, old, new), told)

    pre, cor = "pretrain", "corpus"
    yield row(pre, "hidden_size = 16", "hiden_size = 16", "unknown key model.hiden_size; did you mean hidden_size?")
    yield row(pre, "hidden_size = 16", 'hidden_size = "16"', "model.hidden_size")
    yield row(pre, "hidden_size = 16", "hidden_size = true", "model.hidden_size")
    yield row(pre, "hidden_size = 16", "hidden_size = -16", "model.hidden_size")
    yield row(pre, "hidden_size = 16", "hidden_size = 16.5", "model.hidden_size")
    yield row(pre, "hidden_size = 16", f"hidden_size = {2**70}", "model.hidden_size")
    yield row(pre, "hidden_size = 16", "hidden_size = 1048576\nmax_steps = 3", "did you mean run.max_steps?")
    yield row(pre, "hidden_size = 16", "hidden_size = nan", "model.hidden_size: nan is not a finite number")
    wide = swapped(PRETRAIN, "hidden_size = 16", "hidden_size = 60000")
    huge = swapped(wide, "intermediate_size = 16", "intermediate_size = 1000000")
    yield "pretrain-huge", Row(COMMANDS[pre][0], huge, "GiB")
    yield row(pre, "num_kv_heads = 1", "num_kv_heads = 3", "num_kv_heads")
    yield row(pre, "head_dim = 8", "head_dim = 7", "head_dim")
    yield row(pre, "max_steps = 1", "max_steps = 0", "run.max_steps")
    yield row(pre, "max_steps = 1", "max_minutes = inf", "run.max_minutes: inf")
    yield row(pre, "max_steps = 1\n", "", "max_steps or max_minutes")
    yield row(pre, 'output = "run"\n', "", "run.output: missing")
    yield row(pre, 'output = "run"', "output = 3", "run.output")
    yield row(pre, "max_steps = 1", f"max_steps = 1\nseed = {2**64}", "run.seed")
    yield row(pre, "tokens = 64", "tokens = 16", "max_length 32 exceeds tokens 16")
    yield row(pre, "tokens = 64", "tokens = 64\nbuckets = [16, 8]", "ascending")
    yield row(pre, 'precision = "fp32"', 'precision = "fp8"', "run.precision")
    yield "finetune-from nothing", Row(COMMANDS["finetune"][0], PRETRAIN, "set model.checkpoint in the recipe")
    yield row("finetune", "hidden_size = 16", 'checkpoint = "nowhere"', "nowhere")
    yield row(cor, 'name = "x"', "name = 3", "name")
    yield row(cor, 'name = "x"', 'name = "x"\nmax_token = 9', "unknown key max_token; did you mean max_tokens")
    yield row(cor, 'name = "x"', 'name = "x"\nmax_tokens = -1', "max_tokens")
    yield row(cor, 'name = "x"', f'name = "x"\nslice_rows = {2**70}', "slice_rows")
    yield row(cor, 'name = "x"\n', "", "name: missing")
    yield row(cor, "molecule_smiles = 1.0", "molecule_smile = 1.0", "did you mean molecule_smiles")
    yield row(cor, "molecule_smiles = 1.0", "molecule_smiles = nan", "views.molecule_smiles: nan")
    yield row(cor, "molecule_smiles = 1.0", "molecule_smiles = -1", "views.molecule_smiles")
    yield row(cor, "molecule_smiles = 1.0", 'molecule_smiles = "1"', "views.molecule_smiles")
    yield row(cor, "molecule_smiles = 1.0", "", "draws nothing")
    yield row(cor, "molecule_smiles = 1.0", "[tasks]\nname_molecul = 1", "did you mean name_molecule")
    yield row(cor, '["molecule_smiles"]', '["molecule_smile"]', "did you mean molecule_smiles")
    yield row(cor, 'reader = "smi"', 'reader = "sml"', "did you mean smi")
    yield row(cor, 'reader = "smi"', "readr = 1", "unknown key sources[0].readr; did you mean reader")
    yield row(cor, 'reader = "smi"', 'reader = "csv"', "under entity")
    yield row(cor, 'kind = "molecule"', 'kind = "molecul"', "did you mean molecule")
    yield row(cor, 'files = ["*.smi"]', 'files = ["*.sdf"]', "no file matches '*.sdf'")
    yield row(cor, 'files = ["*.smi"]', "files = 7", "sources[0].files")
    yield row(cor, 'files = ["*.smi"], licence = ["MIT"]', 'files = ["*.smi"]', "licences")
    yield row(cor, "} ]", '}, { name = "mine" } ]', "mine")
    yield row(cor, "} ]", '}, { name = "moleculenet_freesolve" } ]', "did you mean moleculenet_freesolv")
    yield row(cor, "} ]", '}, { name = "moleculenet_freesolv" } ]', "freesolv.csv.gz: no such file in the data folder")
    yield row(cor, "} ]", '}, { name = "peer_membrane" } ]', "no such file in the data folder")
    yield row(cor, 'name = "x"', 'name = "x"\ntask_files = ["none.toml"]', "none.toml: cannot be read")
    tok = "tokenizer"
    yield row(tok, '"conditioned"', '"conditionned"', "did you mean conditioned")
    yield row(tok, '"molecule"', '"molecul"', "did you mean molecule")
    yield row(tok, "num_codes = 16", "num_code = 16", "unknown key fitting.num_code; did you mean num_codes")
    yield row(tok, "num_codes = 16", "num_codes = 3", "num_codes is 3")
    yield row(tok, "num_codes = 16", 'num_codes = "16"', "fitting.num_codes")
    yield row(tok, "num_codes = 16", "seed = 16", "fitting.seed")
    yield row(tok, '"ccd"', '"cdd"', "did you mean ccd")
    yield row(tok, '"ccd"', '"qm7_gdb7"', "no such file in the data folder")
    yield row(tok, "molecules = 4", "molecules = 0", "data[0].molecules")
    yield row("validate", "{molecule}", "{molecul", "broken braces")
    yield row("validate", "prompts = ", "promts = ", "unknown key tasks.greet.promts; did you mean prompts")
    yield row("list", 'answer = "Hello."', "answer = 1", "tasks.greet.answer")


def rows_of_tokenizers() -> Iterator[tuple[str, Row]]:
    """Yield recipes of protein tokenizers, whose settings are dataclasses."""
    train = COMMANDS["tokenizer"][0]
    geometric, network = (lambda *swap: swapped(PROTEINS, *swap)), (lambda *swap: swapped(NETWORK, *swap))
    yield "geometric-text", Row(train, geometric("num_codes = 256", 'num_codes = "many"'), "fit.num_codes")
    yield "geometric-unknown", Row(train, geometric("num_codes", "num_codez"), "unknown key fit.num_codez")
    yield "geometric-few", Row(train, geometric("256", "4"), "4 codes cannot hold")
    yield "geometric-no data", Row(train, PROTEINS.split("[data]")[0], "data: missing")
    yield "geometric-no table", Row(train, PROTEINS, "no table of chains")
    yield "geometric-nan", Row(train, geometric("256", "256\nmean_gap = nan"), "fit.mean_gap: nan")
    garbage = Row(
        [*train, "--sources", "x.parquet"], PROTEINS, "not a table of chains", lambda f: write(f, "x.parquet")
    )
    yield "geometric-garbage table", garbage
    yield (
        "network-unknown",
        Row(train, network("steps = 3", "stepps = 3"), "plan.stepps; did you mean steps"),
    )
    yield "network-text", Row(train, network("steps = 3", 'steps = "3"'), "plan.steps")
    yield "network-sizes", Row(train, network("[sizes]", "[sizes]\nheads = 3\nkv_heads = 2"), "3 heads cannot share")
    yield "network-no plan", Row(train, NETWORK.split("[plan]")[0], "plan: missing")
    yield "output-file", Row([*train[:3], "-o", "a_file"], MOLECULES, "is a file", lambda f: write(f, "a_file"))


def write(folder: Path, name: str, content: bytes = b"x") -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)


def rows_of_data() -> Iterator[tuple[str, Row]]:
    """Yield folders and files that are missing, something else, or damaged."""
    corpus = COMMANDS["corpus"][0]

    def given(*more: str) -> list[str]:
        return ["corpus", "r.toml", *more]

    yield "data-missing", Row(given("--data", "nowhere", "-o", "work"), CORPUS, "nowhere: no such folder; --data")
    yield "data-file", Row(given("--data", "r.toml", "-o", "work"), CORPUS, "r.toml: is a file, not a folder; --data")
    yield "output-a file", Row(given("--data", "data", "-o", "r.toml"), CORPUS, "r.toml: is a file")
    yield "output-under a file", Row(given("--data", "data", "-o", "r.toml/x"), CORPUS, "r.toml: is a file")
    yield "shards-a file", Row([*corpus, "--shards", "r.toml"], CORPUS, "r.toml: is a file")
    yield "vocabulary-missing", Row([*corpus, "--vocabulary", "nowhere"], CORPUS, "nowhere: no such folder; --vocab")
    yield "vocabulary-file", Row([*corpus, "--vocabulary", "r.toml"], CORPUS, "is a file, not the folder of a vocab")
    yield "vocabulary-other", Row([*corpus, "--vocabulary", "data"], CORPUS, "data")
    empty = ("--vocabulary", "empty")
    yield "vocabulary-empty", Row([*corpus, *empty], CORPUS, "empty", lambda f: (f / "empty").mkdir())
    garbage = lambda f: write(f, "v/tokenizer.json", b"{}")  # noqa: E731
    yield "vocabulary-garbage", Row([*corpus, "--vocabulary", "v"], CORPUS, "tokenizer", garbage)
    yield "workers-none", Row([*corpus, "--workers", "0"], CORPUS, "--workers")
    yield "source-empty", Row(corpus, CORPUS, "no record", lambda f: write(f, "data/m.smi", b""))
    yield "source-pointer", Row(corpus, CORPUS, "git lfs pull", lambda f: write(f, "data/m.smi", POINTER.encode()))
    parquet = swapped(swapped(CORPUS, '"smi"', '"parquet", entity = "smiles"'), "*.smi", "m.parquet")
    yield "parquet-garbage", Row(corpus, parquet, "m.parquet", lambda f: write(f, "data/m.parquet"))
    csv = swapped(swapped(CORPUS, '"smi"', '"csv", entity = "smiles"'), "*.smi", "m.csv")
    columns = lambda f: write(f, "data/m.csv", b"name,smi\na,CCO\n")  # noqa: E731
    yield "csv-columns", Row(corpus, csv, "no column smiles; there are: name, smi", columns)
    own = swapped(CORPUS, "} ]", '}, { name = "moleculenet_freesolv" } ]')
    other = lambda f: write(f, "data/molecule/moleculenet/freesolv.csv.gz", b"a,b\n1,2\n")  # noqa: E731
    yield "own source-columns", Row(corpus, own, "freesolv.csv.gz", other)

    pre = COMMANDS["pretrain"][0]
    for name, old, told in (
        ("train", '"shards/train"', "correct data.train"),
        ("vocabulary", '"vocabulary"', "correct model.vocabulary"),
    ):
        yield f"{name}-missing", Row(pre, swapped(PRETRAIN, old, '"nowhere"'), f"nowhere: no such folder; {told}")
        yield f"{name}-file", Row(pre, swapped(PRETRAIN, old, '"r.toml"'), f"r.toml: is a file, .*{told}")
    yield "train-no corpus", Row(pre, swapped(PRETRAIN, '"shards/train"', '"data"'), "no manifest.json")
    yield "run-file", Row(pre, swapped(PRETRAIN, '"run"', '"r.toml"'), "correct run.output")
    yield "shards-other vocabulary", Row(pre, PRETRAIN, "another vocabulary", other_vocabulary)
    shard = "shards/train/one"
    for name, told in (
        ("tokens.bin", "cut short"),
        ("weights.bin", "cut short"),
        ("offsets.bin", "cut short|beginnings"),
        ("views.bin", "views for"),
        ("views.json", "list of views"),
    ):
        path = f"{shard}/{name}"
        yield f"{name}-cut", Row(pre, PRETRAIN, told, lambda f, path=path: cut(f / path))
        yield f"{name}-missing", Row(pre, PRETRAIN, name, lambda f, path=path: (f / path).unlink())
    manifest = "shards/train/manifest.json"
    yield "manifest-cut", Row(pre, PRETRAIN, "manifest.json: not JSON", lambda f: cut(f / manifest))
    yield "manifest-list", Row(pre, PRETRAIN, "not a manifest", lambda f: write(f, manifest, b"[]"))
    yield "manifest-bare", Row(pre, PRETRAIN, "lacks", lambda f: write(f, manifest, b'{"format": 2}'))
    yield "manifest-pointer", Row(pre, PRETRAIN, "manifest.json", lambda f: write(f, manifest, POINTER.encode()))
    yield "task-unknown", Row(["tasks", "show", "fold_protien"], None, "did you mean fold_protein")


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def other_vocabulary(folder: Path) -> None:
    shutil.rmtree(folder / "vocabulary")
    small_vocabulary("ice melts").save_pretrained(folder / "vocabulary")


def small_vocabulary(text: str) -> Vocabulary:
    base = train_byte_bpe([text] * 9, 320)
    return Vocabulary.build(base, tokens={}, modalities=[modality("molecule_smiles")])


ROWS = {
    name: row
    for rows in (rows_of_files(), rows_of_settings(), rows_of_tokenizers(), rows_of_data())
    for name, row in rows
}


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a data folder, a vocabulary and a corpus of two documents, all sound."""
    folder = tmp_path_factory.mktemp("sound")
    write(folder, "data/m.smi", b"CCO ethanol\nCCC propane\n")
    vocabulary = small_vocabulary("water boils at one hundred degrees")
    vocabulary.save_pretrained(folder / "vocabulary")
    shard = folder / "shards" / "train" / "one"
    shard.mkdir(parents=True)
    ids = np.arange(5, 15, dtype=np.int32)
    documents = [EncodedDocument(ids, np.full(10, 255, np.uint8))] * 2
    write_shard(shard, documents, ["text", "text"], token_dtype(len(vocabulary)))
    files = {path.name: {"sha256": file_sha256(path)} for path in shard.iterdir()}
    write_manifest(
        shard.parent,
        {
            "dtype": token_dtype(len(vocabulary)).str,
            "views": ["text"],
            "vocabulary_size": len(vocabulary),
            "token_table": token_table_fingerprint(vocabulary),
            "shards": [{"name": "one", "files": files}],
        },
    )
    return folder


@pytest.fixture
def folder(prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the sound folder, in which the command runs."""
    copy = Path(shutil.copytree(prepared, tmp_path / "here"))
    monkeypatch.chdir(copy)
    package = logging.getLogger("biomatrix")
    handlers, level = list(package.handlers), package.level
    yield copy
    package.handlers[:] = handlers  # those of the command write to the captured stream
    package.setLevel(level)


def ended(monkeypatch: pytest.MonkeyPatch, arguments: list[str]) -> int:
    monkeypatch.setattr(sys, "argv", ["biomatrix", *arguments])
    with pytest.raises(SystemExit) as end:
        main()
    return int(end.value.code or 0)


def test_the_table_is_long() -> None:
    assert len(ROWS) >= 150


@pytest.mark.parametrize("name", ROWS)
def test_a_mistake_is_one_line(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    row = ROWS[name]
    if row.recipe is not None:
        write(folder, "r.toml", row.recipe if isinstance(row.recipe, bytes) else row.recipe.encode())
    row.before(folder)
    assert ended(monkeypatch, row.arguments) in (1, 2)
    errors = capsys.readouterr().err
    assert "Traceback" not in errors
    assert row.told in errors or re.search(row.told, errors), errors
    if "Usage:" not in errors:
        (line,) = [line for line in errors.splitlines() if not LOG_LINE.match(line)]
        assert line.startswith("biomatrix: ")
    assert not list(folder.rglob("*.part"))


@pytest.mark.parametrize(
    "mangle",
    [
        lambda text: b"\xef\xbb\xbf" + text.encode(),
        lambda text: text.replace("\n", "\r").encode(),
        lambda text: text.replace("\n", "\r\n").encode(),
    ],
    ids=["byte order mark", "carriage returns", "both"],
)
@pytest.mark.parametrize("command", [pytest.param("pretrain", marks=pytest.mark.slow), "validate"])
def test_what_editors_leave_is_read(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: str,
    mangle: Callable[[str], bytes],
) -> None:
    arguments, text = COMMANDS[command]
    write(folder, "r.toml", mangle(text))
    assert ended(monkeypatch, arguments) == 0, capsys.readouterr().err
