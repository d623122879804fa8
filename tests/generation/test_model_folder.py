"""Model folders that are damaged, contradict themselves or hold something else: one line that names the file."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from typer.testing import CliRunner

from biomatrix.cli.main import app
from biomatrix.errors import BioMatrixError, ConfigurationError, ParseError, WeightsError
from biomatrix.generation import Model, load
from biomatrix.training.model_folder import check_model_folder

POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:00ff\nsize 12345\n"
ADAPTER = '{"peft_type": "LORA", "base_model_name_or_path": "some/base", "r": 2, "target_modules": ["q_proj"]}'
Damage = Callable[[Path], object]


@pytest.fixture(scope="module")
def saved(model: Model, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("saved") / "model"
    model.save_pretrained(target)
    return target


@pytest.fixture
def folder(saved: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(saved, tmp_path / "model"))


def replaced(name: str, content: bytes) -> Damage:
    return lambda folder: (folder / name).write_bytes(content)


def told(**changes: Any) -> Damage:
    """Change entries of config.json; None removes one."""

    def change(folder: Path) -> None:
        path = folder / "config.json"
        config = json.loads(path.read_text()) | changes
        path.write_text(json.dumps({name: value for name, value in config.items() if value is not None}))

    return change


def cut(folder: Path) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-100])


def as_folder(name: str) -> Damage:
    def change(folder: Path) -> None:
        (folder / name).unlink()
        (folder / name).mkdir()

    return change


def tensors_changed(change: Callable[[dict[str, torch.Tensor]], object]) -> Damage:
    def apply(folder: Path) -> None:
        path = folder / "model.safetensors"
        tensors = load_file(path)
        change(tensors)
        save_file({name: one.contiguous() for name, one in tensors.items()}, path, metadata={"format": "pt"})

    return apply


def pickled(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")


def index(weight_map: Any) -> Damage:
    def change(folder: Path) -> None:
        (folder / "model.safetensors").rename(folder / "model-00001-of-00001.safetensors")
        (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": weight_map}))

    return change


NORM = "model.norm.weight"
SHARD = "model-00001-of-00001.safetensors"

FAULTS: dict[str, tuple[Damage, str]] = {
    "pointer for weights": (replaced("model.safetensors", POINTER), r"model\.safetensors: a git-lfs pointer"),
    "pointer for config": (replaced("config.json", POINTER), r"config\.json: a git-lfs pointer"),
    "empty weights": (replaced("model.safetensors", b""), "the file is empty"),
    "garbage": (replaced("model.safetensors", b"PK\x03\x04 this is a zip"), "not a safetensors file"),
    "a few bytes": (replaced("model.safetensors", b"\x01\x02"), "not a safetensors file"),
    "absurd header": (replaced("model.safetensors", b"\xff" * 8 + b"{}"), "not a safetensors file"),
    "long header": (replaced("model.safetensors", (9999).to_bytes(8, "little") + b"{}"), "cut short"),
    "header no JSON": (replaced("model.safetensors", (2).to_bytes(8, "little") + b"{x"), "header is no JSON"),
    "no tensors": (replaced("model.safetensors", (2).to_bytes(8, "little") + b"{}"), "holds no tensor"),
    "bad entry": (
        replaced("model.safetensors", (11).to_bytes(8, "little") + b'{"a": true}'),
        "position a: the header does not describe",
    ),
    "cut weights": (cut, "cut short: the tensors need"),
    "longer weights": (
        lambda folder: (folder / "model.safetensors").open("ab").write(b"12345"),
        "5 bytes too many",
    ),
    "folder for weights": (as_folder("model.safetensors"), r"model\.safetensors: is a folder"),
    "no weights": (lambda folder: (folder / "model.safetensors").unlink(), "holds no weights"),
    "pickled": (pickled, r"pickled \(pytorch_model\.bin\)"),
    "integers": (tensors_changed(lambda held: held.update({NORM: torch.ones(32, dtype=torch.int8)})), "I8 values"),
    "fp8": (
        tensors_changed(lambda held: held.update({NORM: torch.ones(32).to(torch.float8_e4m3fn)})),
        "F8_E4M3 values where floats",
    ),
    "index outside": (index({NORM: "../model.safetensors"}), "a shard is a .safetensors file in the same folder"),
    "index elsewhere": (index({NORM: "/etc/passwd"}), "a shard is a .safetensors file in the same folder"),
    "shard missing": (index({NORM: "model-00002-of-00002.safetensors"}), "00002-of-00002.safetensors is missing"),
    "shard lacks": (index({"nothing.weight": SHARD}), "lacks 1 tensors that the index says it holds"),
    "index no map": (index([]), 'no "weight_map"'),
    "config no JSON": (replaced("config.json", b"{"), r"config\.json: not JSON"),
    "config empty": (replaced("config.json", b""), "the file is empty"),
    "config no object": (replaced("config.json", b"[1]"), "a JSON object was expected, not a list"),
    "config latin-1": (replaced("config.json", b'{"model_type": "qw\xe9n"}'), "not UTF-8 text"),
    "config NaN": (replaced("config.json", b'{"model_type": "qwen3", "x": NaN}'), "NaN is no number of JSON"),
    "config deep": (replaced("config.json", b"[" * 100_000), "nested too deeply"),
    "no model type": (told(model_type=None), 'names no "model_type"'),
    "model type a number": (told(model_type=3), 'names no "model_type"'),
    "gptq": (told(quantization_config={"quant_method": "gptq", "bits": 4}), r"quantised \(gptq\)"),
    "bitsandbytes": (told(quantization_config={"load_in_4bit": True}), r"quantised \(bitsandbytes 4-bit\)"),
    "compressed": (told(quantization_config={"quant_method": "compressed-tensors"}), "compressed-tensors"),
    "fp8 config": (told(quantization_config={"quant_method": "fp8"}), r"quantised \(fp8\).*dequantised"),
    "odd quantisation": (told(quantization_config="yes"), "quantised"),
    "remote code": (told(model_type="mine", auto_map={"AutoModel": "modeling_mine.Mine"}), "auto_map.*never run"),
    "hidden size text": (told(hidden_size="32"), "hidden_size is a whole number"),
    "hidden size negative": (told(hidden_size=-32), "hidden_size is a whole number"),
    "layers absurd": (told(num_hidden_layers=10**9), "num_hidden_layers is a whole number from 1 to 1,024"),
    "vocabulary absurd": (told(vocab_size=2**70), "vocab_size is a whole number"),
    "layers more": (told(num_hidden_layers=3), "the weights hold 2 layers"),
    "heads indivisible": (told(num_attention_heads=3, head_dim=None), "no multiple of num_attention_heads"),
    "more keys than heads": (told(num_key_value_heads=8), "no multiple of num_key_value_heads 8"),
    "head dim odd": (told(head_dim=7), "head_dim 7 is odd"),
    "head dim other": (told(head_dim=16), "times head_dim is"),
    "hidden size other": (told(hidden_size=64), "hidden_size is 64, but"),
    "vocabulary smaller": (told(vocab_size=100), "vocab_size is 100, but"),
    "epsilon": (told(rms_norm_eps=-1), "rms_norm_eps is a number above 0"),
    "adapter beside": (replaced("adapter_config.json", ADAPTER.encode()), "LoRA.*'some/base'.*merge it first"),
    "adapter weights beside": (replaced("adapter_model.safetensors", b"x"), "merge it first"),
    "generation config": (replaced("generation_config.json", b"nonsense"), r"generation_config\.json: not JSON"),
    "tied and different": (
        tensors_changed(lambda held: held.update({"lm_head.weight": held["model.embed_tokens.weight"] + 1})),
        "tie_word_embeddings is true, but lm_head",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_folder_at_fault_is_refused_from_the_outside(folder: Path, fault: str) -> None:
    damage, said = FAULTS[fault]
    damage(folder)
    with pytest.raises(WeightsError, match=said) as caught:
        check_model_folder(folder)
    assert str(folder) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_sound_folder_passes(folder: Path) -> None:
    check_model_folder(folder)


def test_tied_embeddings_written_twice_are_one(folder: Path) -> None:
    tensors_changed(lambda held: held.update({"lm_head.weight": held["model.embed_tokens.weight"].clone()}))(folder)
    check_model_folder(folder)


OPENED: dict[str, tuple[Damage, str, type[BioMatrixError]]] = {
    "not a number": (
        tensors_changed(lambda held: held[NORM].fill_(float("nan"))),
        "position model.norm.weight: holds values that are not finite",
        WeightsError,
    ),
    "infinite": (
        tensors_changed(lambda held: held["model.layers.1.mlp.up_proj.weight"][3, 3].fill_(float("inf"))),
        r"layers\.1\.mlp\.up_proj\.weight: holds values that are not finite",
        WeightsError,
    ),
    "unknown type": (told(model_type="qwen99"), "cannot open the model.*qwen99", WeightsError),
    "no decoder": (told(model_type="vit"), "cannot open the model", WeightsError),
    "activation": (told(hidden_act="nonsense"), "cannot open the model", WeightsError),
    "rotary": (told(rope_parameters="x"), "cannot open the model", WeightsError),
    "tokenizer pointer": (replaced("tokenizer.json", POINTER), r"tokenizer\.json: a git-lfs pointer", ParseError),
    "tokenizer garbage": (replaced("tokenizer.json", b"\x00\x01"), "not a tokenizer", ParseError),
    "tokenizer a folder": (as_folder("tokenizer.json"), "is a folder", ParseError),
    "manifest pointer": (replaced("biomatrix.json", POINTER), r"biomatrix\.json: a git-lfs pointer", ParseError),
    "manifest latin-1": (replaced("biomatrix.json", b'{"a": "\xe9"}'), "not UTF-8", ParseError),
    "template latin-1": (replaced("chat_template.jinja", b"\xe9"), "UTF-8", ParseError),
}


@pytest.mark.parametrize("fault", OPENED)
def test_what_only_opening_shows_is_one_named_error(folder: Path, fault: str) -> None:
    damage, said, kind = OPENED[fault]
    damage(folder)
    with pytest.raises(kind, match=said) as caught:
        load(folder)
    assert "\n" not in str(caught.value)


def test_the_folder_of_a_run_names_the_model_in_it(tmp_path: Path) -> None:
    (tmp_path / "run" / "model").mkdir(parents=True)
    (tmp_path / "run" / "model" / "config.json").write_text("{}")
    with pytest.raises(WeightsError, match=r"the output of a training run; its model is .*run/model"):
        load(tmp_path / "run")


def test_an_adapter_alone_names_its_base(tmp_path: Path) -> None:
    (tmp_path / "adapter_config.json").write_text(ADAPTER)
    (tmp_path / "adapter_model.safetensors").write_bytes(b"")
    for given in (tmp_path, str(tmp_path)):
        with pytest.raises(WeightsError, match=r"'some/base'.*merge it first"):
            load(given)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"device": "gpu"}, "'gpu' is no device; there are: cpu"),
        ({"device": "tpu"}, "no device|no 'tpu' here"),
        ({"device": "cuda:99"}, "here; there are: cpu"),
        ({"device": "meta"}, "no 'meta' here; there are: cpu"),
        ({"device": "cpu:3"}, "has no number 3"),
        ({"device": ""}, "is no device"),
        ({"device": 3.5}, "is no device"),
        ({"dtype": "float99"}, "one of float32, bfloat16"),
        ({"dtype": "int8"}, "one of float32"),
        ({"dtype": "nn"}, "one of float32"),
    ],
)
def test_a_device_or_type_that_is_not_there_is_named(saved: Path, settings: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said) as caught:
        load(saved, **settings)
    assert "\n" not in str(caught.value)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_without_a_gpu_cuda_is_refused(saved: Path) -> None:
    with pytest.raises(ConfigurationError, match="no 'cuda' here; there are: cpu"):
        load(saved, device="cuda")


def test_torch_objects_are_devices_and_types(saved: Path) -> None:
    model = load(saved, device=torch.device("cpu"), dtype=torch.bfloat16)  # type: ignore[arg-type]
    assert model.network.dtype == torch.bfloat16


@pytest.mark.parametrize("given", ["", "x" * 5000, "nul\0nul", "~/no/such/model/here", "a/b/c", "nano ", "folder/"])
def test_names_of_no_model_are_one_error(given: str) -> None:
    with pytest.raises(WeightsError) as caught:
        load(given)
    assert len(str(caught.value)) < 1000


def test_the_doctor_reports_a_model_that_does_not_open(folder: Path) -> None:
    replaced("model.safetensors", POINTER)(folder)
    result = CliRunner().invoke(app, ["doctor", "--model", str(folder), "--json"])
    assert result.exit_code == 1
    failed = [one for one in json.loads(result.stdout) if one["status"] == "failed"]
    assert [one["area"] for one in failed] == ["vocabulary"]
    assert "git-lfs pointer" in failed[0]["detail"]
