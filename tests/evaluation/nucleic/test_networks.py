"""Published layouts in small random weights: every tensor used or refused, and the numbers of a second reading."""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.nn.functional import gelu, layer_norm, linear, silu

from biomatrix.entities.nucleic.published.byte_pairs import DnaBert2Tokenizer
from biomatrix.entities.nucleic.published.six_mers import six_mer_tokens, six_mer_vocabulary
from biomatrix.errors import ConfigurationError, LimitError, UnsupportedError, WeightsError
from biomatrix.evaluation.nucleic.networks.dnabert2 import DnaBert2Network, DnaBert2Sizes, distance_bias
from biomatrix.evaluation.nucleic.networks.enformer import (
    EnformerNetwork,
    EnformerSizes,
    by_distance,
    one_hot,
    plain_names,
    relative_features,
)
from biomatrix.evaluation.nucleic.networks.filling import fill
from biomatrix.evaluation.nucleic.opening import convert_pickle, open_enformer, open_masked_model
from biomatrix.evaluation.nucleic.windows import Variant, VariantWindow

WIDTH, INNER, LAYERS, HEADS = 24, 20, 2, 3


def weights(shapes: dict[str, tuple[int, ...]], seed: int = 0) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return {name: torch.randn(shape, generator=generator) * 0.4 for name, shape in shapes.items()}


def esm_layout(version: int) -> dict[str, tuple[int, ...]]:
    """The names and shapes of Nucleotide Transformer's tensors, written by hand."""
    vocabulary = len(six_mer_vocabulary(version))
    shapes: dict[str, tuple[int, ...]] = {
        "esm.embeddings.word_embeddings.weight": (vocabulary, WIDTH),
        "esm.encoder.emb_layer_norm_after.weight": (WIDTH,),
        "esm.encoder.emb_layer_norm_after.bias": (WIDTH,),
        "esm.contact_head.regression.weight": (1, LAYERS * HEADS),
        "esm.contact_head.regression.bias": (1,),
        "lm_head.dense.weight": (WIDTH, WIDTH),
        "lm_head.dense.bias": (WIDTH,),
        "lm_head.layer_norm.weight": (WIDTH,),
        "lm_head.layer_norm.bias": (WIDTH,),
        "lm_head.decoder.weight": (vocabulary, WIDTH),
        "lm_head.bias": (vocabulary,),
    }
    if version == 1:
        shapes["esm.embeddings.position_embeddings.weight"] = (42, WIDTH)
    for layer in range(LAYERS):
        start = f"esm.encoder.layer.{layer}"
        for name in ("attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense"):
            shapes |= {f"{start}.{name}.weight": (WIDTH, WIDTH), f"{start}.{name}.bias": (WIDTH,)}
        for name in ("attention.LayerNorm", "LayerNorm"):
            shapes |= {f"{start}.{name}.weight": (WIDTH,), f"{start}.{name}.bias": (WIDTH,)}
        shapes[f"{start}.intermediate.dense.weight"] = (INNER * version, WIDTH)
        shapes[f"{start}.output.dense.weight"] = (WIDTH, INNER)
        if version == 1:
            shapes |= {f"{start}.intermediate.dense.bias": (INNER,), f"{start}.output.dense.bias": (WIDTH,)}
    return shapes


def esm_folder(folder: Path, version: int) -> dict[str, Tensor]:
    tensors = weights(esm_layout(version), version)
    size = WIDTH // HEADS
    if version == 2:  # computed, and published all the same
        frequencies = 1.0 / 10000 ** (torch.arange(0, size, 2).float() / size)
        for layer in range(LAYERS):
            tensors[f"esm.encoder.layer.{layer}.attention.self.rotary_embeddings.inv_freq"] = frequencies.clone()
    else:
        tensors["esm.embeddings.position_ids"] = torch.arange(42)[None]
    config = {
        "model_type": "esm", "vocab_size": len(six_mer_vocabulary(version)), "hidden_size": WIDTH,
        "num_hidden_layers": LAYERS, "num_attention_heads": HEADS, "intermediate_size": INNER, "mask_token_id": 2,
        "pad_token_id": 1, "max_position_embeddings": 42, "tie_word_embeddings": False, "token_dropout": version == 1,
        "position_embedding_type": "absolute" if version == 1 else "rotary", "layer_norm_eps": 1e-12,
        "emb_layer_norm_before": False, "add_bias_fnn": version == 1, "esmfold_config": None, "vocab_list": None,
        "auto_map": {"AutoModelForMaskedLM": "modeling_esm.EsmForMaskedLM"},
    }  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config))
    save_file(tensors, folder / "model.safetensors")
    return tensors


def norm(states: Tensor, tensors: dict[str, Tensor], name: str) -> Tensor:
    return layer_norm(states, (WIDTH,), tensors[f"{name}.weight"], tensors[f"{name}.bias"], 1e-12)


def dense(states: Tensor, tensors: dict[str, Tensor], name: str) -> Tensor:
    return linear(states, tensors[f"{name}.weight"], tensors.get(f"{name}.bias"))


def rotated(states: Tensor) -> Tensor:
    """Turn each pair of halves by its place times its frequency."""
    tokens, size = states.shape[-2:]
    angle = torch.arange(tokens)[:, None].float() / 10000 ** (torch.arange(0, size, 2).float() / size)
    one, two = states[..., : size // 2], states[..., size // 2 :]
    return torch.cat((one * angle.cos() - two * angle.sin(), two * angle.cos() + one * angle.sin()), dim=-1)


def second_reading_v2(tensors: dict[str, Tensor], ids: list[int]) -> Tensor:
    """Logits of one row, written from the description of the layers alone."""
    states = tensors["esm.embeddings.word_embeddings.weight"][ids]
    for layer in range(LAYERS):
        start = f"esm.encoder.layer.{layer}"
        seen = norm(states, tensors, f"{start}.attention.LayerNorm")
        query, key, value = (
            dense(seen, tensors, f"{start}.attention.self.{name}").view(len(ids), HEADS, -1).transpose(0, 1)
            for name in ("query", "key", "value")
        )
        logits = rotated(query) @ rotated(key).transpose(-1, -2) / math.sqrt(WIDTH / HEADS)
        mixed = (logits.softmax(-1) @ value).transpose(0, 1).reshape(len(ids), WIDTH)
        states = states + dense(mixed, tensors, f"{start}.attention.output.dense")
        both = dense(norm(states, tensors, f"{start}.LayerNorm"), tensors, f"{start}.intermediate.dense")
        states = states + dense(silu(both[:, :INNER]) * both[:, INNER:], tensors, f"{start}.output.dense")
    states = gelu(dense(norm(states, tensors, "esm.encoder.emb_layer_norm_after"), tensors, "lm_head.dense"))
    return linear(
        norm(states, tensors, "lm_head.layer_norm"), tensors["lm_head.decoder.weight"], tensors["lm_head.bias"]
    )


@pytest.mark.parametrize("version", [1, 2])
def test_nucleotide_transformers_open_and_score(version: int, tmp_path: Path) -> None:
    tensors = esm_folder(tmp_path / "nt", version)
    model = open_masked_model(tmp_path / "nt", batch=3)
    sequences = ["ATTCCGATTCCGAC", "ATTCCG", "GATTACAGATTACAGATTACA"]
    together = model.log_likelihoods(sequences)
    for sequence, score in zip(sequences, together, strict=True):
        alone = model.log_likelihoods([sequence])[0]
        assert score.total == pytest.approx(alone.total, abs=1e-4)
        assert score.tokens == len(six_mer_tokens(sequence, version)) - 1
    vectors = model.embeddings(sequences)
    assert vectors.shape == (3, WIDTH)
    assert vectors[1] == pytest.approx(model.embeddings(sequences[1:2])[0], abs=1e-4)
    reference, variant = "ATTCCGATTCCG", "ATTCCGATTGCG"
    delta = model.differences([reference], [variant])[0]
    assert model.differences([variant], [reference])[0] == pytest.approx(-delta, abs=1e-4)
    if version == 2:
        ids = six_mer_tokens(reference, 2).ids.tolist()
        known = six_mer_vocabulary(2)
        logits = second_reading_v2(tensors, [ids[0], ids[1], known["<mask>"]])[2].log_softmax(-1)
        assert delta == pytest.approx(float(logits[known["ATTGCG"]] - logits[known["ATTCCG"]]), abs=1e-4)
    with pytest.raises(UnsupportedError, match=r"record 2.*compare log_likelihoods"):
        model.differences([reference] * 2, [variant, reference + "AC"])
    with pytest.raises(UnsupportedError, match=r"record 2.*'n'"):
        model.log_likelihoods(["ACG", "AnG"])
    with pytest.raises(LimitError, match="41 tokens"):
        model.embeddings(["ACGTAC" * 40])


def test_every_tensor_is_used_or_refused(tmp_path: Path) -> None:
    tensors = esm_folder(tmp_path / "nt", 2)
    path = tmp_path / "nt" / "model.safetensors"
    name = "esm.encoder.layer.1.intermediate.dense.weight"
    frequencies = "esm.encoder.layer.0.attention.self.rotary_embeddings.inv_freq"
    broken = {
        "lacks 1 tensors": {key: value for key, value in tensors.items() if key != name},
        "is no tensor of this network": tensors | {"esm.pooler.dense.bias": torch.zeros(WIDTH)},
        "has the shape": tensors | {name: torch.zeros(3, WIDTH)},
        "not finite": tensors | {name: tensors[name] * float("nan")},
        "not what the network computes": tensors | {frequencies: tensors[frequencies] * 2},
    }
    for message, content in broken.items():
        save_file(content, path)
        with pytest.raises(WeightsError, match=message):
            open_masked_model(tmp_path / "nt")
    path.unlink()
    with pytest.raises(ConfigurationError, match="no safetensors"):
        open_masked_model(tmp_path / "nt")
    with pytest.raises(ConfigurationError, match=r"no config\.json"):
        open_masked_model(tmp_path / "absent")


def dnabert2_layout() -> dict[str, tuple[int, ...]]:
    vocabulary = 4096
    shapes: dict[str, tuple[int, ...]] = {
        "bert.embeddings.word_embeddings.weight": (vocabulary, WIDTH),
        "bert.embeddings.token_type_embeddings.weight": (2, WIDTH),
        "cls.predictions.transform.dense.weight": (WIDTH, WIDTH),
        "cls.predictions.transform.dense.bias": (WIDTH,),
        "cls.predictions.decoder.weight": (vocabulary, WIDTH),
        "cls.predictions.decoder.bias": (vocabulary,),
        "bert.pooler.dense.weight": (WIDTH, WIDTH),
        "bert.pooler.dense.bias": (WIDTH,),
    }
    norms = ["bert.embeddings.LayerNorm", "cls.predictions.transform.LayerNorm"]
    for layer in range(LAYERS):
        start = f"bert.encoder.layer.{layer}"
        norms += [f"{start}.attention.output.LayerNorm", f"{start}.mlp.layernorm"]
        shapes |= {
            f"{start}.attention.self.Wqkv.weight": (3 * WIDTH, WIDTH),
            f"{start}.attention.self.Wqkv.bias": (3 * WIDTH,),
            f"{start}.attention.output.dense.weight": (WIDTH, WIDTH),
            f"{start}.attention.output.dense.bias": (WIDTH,),
            f"{start}.mlp.gated_layers.weight": (2 * INNER, WIDTH),
            f"{start}.mlp.wo.weight": (WIDTH, INNER),
            f"{start}.mlp.wo.bias": (WIDTH,),
        }
    return shapes | {f"{name}.{part}": (WIDTH,) for name in norms for part in ("weight", "bias")}


def second_reading_dnabert2(tensors: dict[str, Tensor], ids: list[int]) -> Tensor:
    start = "bert.embeddings"
    states = tensors[f"{start}.word_embeddings.weight"][ids] + tensors[f"{start}.token_type_embeddings.weight"][0]
    states = norm(states, tensors, f"{start}.LayerNorm")
    slopes = torch.tensor([2.0**-4, 2.0**-8, 2.0**-2])  # of three heads: two of two, then every other one of four
    place = torch.arange(len(ids))
    bias = -slopes[:, None, None] * (place[:, None] - place).abs()
    for layer in range(LAYERS):
        start = f"bert.encoder.layer.{layer}"
        both = dense(states, tensors, f"{start}.attention.self.Wqkv")
        query, key, value = (part.view(len(ids), HEADS, -1).transpose(0, 1) for part in both.split(WIDTH, dim=-1))
        logits = query @ key.transpose(-1, -2) / math.sqrt(WIDTH / HEADS) + bias
        mixed = (logits.softmax(-1) @ value).transpose(0, 1).reshape(len(ids), WIDTH)
        mixed = dense(mixed, tensors, f"{start}.attention.output.dense")
        states = norm(mixed + states, tensors, f"{start}.attention.output.LayerNorm")
        gated = dense(states, tensors, f"{start}.mlp.gated_layers")
        inner = dense(gelu(gated[:, :INNER]) * gated[:, INNER:], tensors, f"{start}.mlp.wo")
        states = norm(inner + states, tensors, f"{start}.mlp.layernorm")
    states = gelu(dense(states, tensors, "cls.predictions.transform.dense"))
    states = norm(states, tensors, "cls.predictions.transform.LayerNorm")
    return dense(states, tensors, "cls.predictions.decoder")


def test_dnabert2_reads_as_its_layers_are_described() -> None:
    tensors = weights(dnabert2_layout(), 7)
    network = DnaBert2Network(DnaBert2Sizes(4096, WIDTH, LAYERS, HEADS, INNER)).eval()
    assert fill(network, tensors, Path("x"), left_out=("bert.pooler.",)) == (
        "bert.pooler.dense.weight", "bert.pooler.dense.bias",
    )  # fmt: skip
    ids = torch.tensor([[1, 40, 7, 300, 2], [1, 9, 2, 3, 3]])
    with torch.inference_mode():
        logits, states = network(ids, ids != 3)
    assert states.shape == (2, 5, WIDTH)
    for row, length in ((0, 5), (1, 3)):
        expected = second_reading_dnabert2(tensors, ids[row, :length].tolist())
        assert torch.allclose(logits[row, :length], expected, atol=1e-3)
    assert torch.equal(distance_bias(4, 3, torch.device("cpu")), distance_bias(4, 3, torch.device("cpu")).mT)


def test_dnabert2_is_converted_from_its_pickle_and_opened(shared: Path, tmp_path: Path) -> None:
    source = tmp_path / "published"
    source.mkdir()
    sizes = {"hidden_size": WIDTH, "num_hidden_layers": LAYERS, "num_attention_heads": HEADS}
    config = {"model_type": "bert", "intermediate_size": INNER, "position_embedding_type": "absolute", **sizes}
    (source / "config.json").write_text(json.dumps(config))
    shutil.copyfile(shared / "data/nucleic/tokenizers/dnabert2_tokenizer.json", source / "tokenizer.json")
    tensors = weights(dnabert2_layout(), 8)
    torch.save(tensors, source / "pytorch_model.bin")
    with pytest.raises(ConfigurationError, match="convert_pickle"):
        open_masked_model(source)
    assert convert_pickle(source, tmp_path / "made")[0] == len(tensors)
    model = open_masked_model(tmp_path / "made")
    read = DnaBert2Tokenizer(tmp_path / "made" / "tokenizer.json")
    assert [one.tokens for one in model.log_likelihoods(["ACGTACGT", "GATTACA"])] == [
        len(read(sequence)) - 2 for sequence in ("ACGTACGT", "GATTACA")
    ]
    assert model.embeddings(["ACGT"]).shape == (1, WIDTH)
    assert load_file(tmp_path / "made" / "model.safetensors").keys() == tensors.keys()
    torch.save({"run": print, **tensors}, source / "pytorch_model.bin")
    with pytest.raises(WeightsError, match="without running"):
        convert_pickle(source, tmp_path / "other")
    assert not (tmp_path / "other").exists()


SMALL = EnformerSizes(
    dim=48, depth=2, heads=2, attn_dim_key=8, num_downsamples=4, dim_divisible_by=4, target_length=6,
    output_heads={"human": 5, "mouse": 3},
)  # fmt: skip


def enformer_layout(sizes: EnformerSizes) -> dict[str, tuple[int, ...]]:
    """The names and shapes of Enformer's tensors, written by hand for ``SMALL``."""
    shapes: dict[str, tuple[int, ...]] = {}

    def block(name: str, before: int, after: int, size: int) -> None:
        for part in ("weight", "bias", "running_mean", "running_var"):
            shapes[f"{name}.0.{part}"] = (before,)
        shapes[f"{name}.0.num_batches_tracked"] = ()
        shapes[f"{name}.2.weight"], shapes[f"{name}.2.bias"] = (after, before, size), (after,)

    shapes |= {"stem.1.weight": (24, 4, 15), "stem.1.bias": (24,), "stem.3.to_attn_logits": (24, 24)}
    block("stem.2.fn", 24, 24, 1)
    for number, (before, after) in enumerate(((24, 24), (24, 32), (32, 48))):
        block(f"conv_tower.{number}.0", before, after, 5)
        block(f"conv_tower.{number}.1.fn", after, after, 1)
        shapes[f"conv_tower.{number}.2.to_attn_logits"] = (after, after)
    for number in range(1, sizes.depth + 1):
        one, two = f"transformer.{number}.0.fn", f"transformer.{number}.1.fn"
        for name in (f"{one}.0", f"{two}.0"):
            shapes |= {f"{name}.weight": (48,), f"{name}.bias": (48,)}
        shapes |= {f"{one}.1.to_{name}.weight": (16, 48) for name in "qk"}
        shapes |= {f"{one}.1.to_v.weight": (48, 48), f"{one}.1.to_out.weight": (48, 48), f"{one}.1.to_out.bias": (48,)}
        shapes |= {f"{one}.1.to_rel_k.weight": (16, 24)}
        shapes |= {f"{one}.1.rel_{name}_bias": (1, 2, 1, 8) for name in ("content", "pos")}
        shapes |= {f"{two}.1.weight": (96, 48), f"{two}.1.bias": (96,)}
        shapes |= {f"{two}.4.weight": (48, 96), f"{two}.4.bias": (48,)}
    block("final_pointwise.1", 48, 96, 1)
    for species, tracks in (("human", 5), ("mouse", 3)):
        shapes |= {f"_heads.{species}.0.weight": (tracks, 96), f"_heads.{species}.0.bias": (tracks,)}
    return shapes


def test_enformer_fills_from_its_published_layout_and_reads_bases() -> None:
    tensors = {
        name: tensor.abs() + 0.5 if name.endswith("running_var") else tensor
        for name, tensor in weights(enformer_layout(SMALL), 9).items()
    }
    tensors = {n: t.long() if n.endswith("num_batches_tracked") else t for n, t in tensors.items()}
    network = EnformerNetwork(SMALL).eval()
    twice = tensors | {"_trunk.0.1.bias": tensors["stem.1.bias"]}
    fill(network, plain_names(twice), Path("x"))
    with pytest.raises(WeightsError, match="different numbers"):
        plain_names(tensors | {"_trunk.0.1.bias": tensors["stem.1.bias"] + 1})
    rng = np.random.default_rng(0)
    sequence = "".join(rng.choice(list("ACGTN"), size=160))
    with torch.inference_mode():
        found = network(torch.stack([one_hot(sequence), one_hot("N" * 160)]))
        alone = network(one_hot(sequence.lower())[None])
        changed = network(one_hot("T" + sequence[1:])[None])
    assert {name: tuple(each.shape) for name, each in found.items()} == {"human": (2, 6, 5), "mouse": (2, 6, 3)}
    assert torch.allclose(found["human"][:1], alone["human"], atol=1e-4)
    assert not torch.equal(alone["human"], changed["human"])
    assert bool((found["mouse"] >= 0).all())
    with pytest.raises(UnsupportedError, match="bins"):
        network(one_hot("ACGT" * 8)[None])


def test_enformer_scores_variants_by_its_tracks(tmp_path: Path) -> None:
    tensors = weights(enformer_layout(SMALL), 11)
    tensors = {n: t.abs() + 0.5 if n.endswith("running_var") else t for n, t in tensors.items()}
    tensors = {n: t.long() if n.endswith("num_batches_tracked") else t for n, t in tensors.items()}
    source = tmp_path / "published"
    source.mkdir()
    config = {name: getattr(SMALL, name) for name in SMALL.__dataclass_fields__}
    (source / "config.json").write_text(json.dumps(config))
    torch.save(tensors | {"_trunk.0.1.bias": tensors["stem.1.bias"]}, source / "pytorch_model.bin")
    convert_pickle(source, tmp_path / "made")
    model = open_enformer(tmp_path / "made")
    letters = "ACGT" * 40
    window = VariantWindow(Variant(81, "A", "C"), letters, letters[:80] + "C" + letters[81:], 80)
    before, after = model.tracks([window.reference, window.alternative])
    (found,) = model.variant_effects([window])
    assert found["sad"] == pytest.approx((after.astype(float) - before).sum(axis=0))
    assert found["sad"].shape == (5,)
    shorter = VariantWindow(window.variant, letters, letters[1:], 80)
    for wrong in (lambda: model.tracks([letters], "fly"), lambda: model.variant_effects([shorter])):
        with pytest.raises(UnsupportedError):
            wrong()


def test_published_sizes_of_enformer_and_its_distances() -> None:
    sizes = EnformerSizes.of({})
    assert sizes.widths() == [768, 768, 896, 1024, 1152, 1280, 1536]
    told = relative_features(1536, 192)
    assert told.shape == (3071, 192)
    assert torch.equal(told[:, :96], told.flip(0)[:, :96])
    assert torch.equal(told[:, 96:], -told.flip(0)[:, 96:])
    logits = torch.randn(1, 2, 5, 9, generator=torch.Generator().manual_seed(0))
    shifted = torch.nn.functional.pad(logits, (1, 0)).reshape(1, 2, 10, 5)[:, :, 1:].reshape(1, 2, 5, 9)[..., :5]
    assert torch.equal(by_distance(logits), shifted)  # as Transformer-XL shifts them
    with pytest.raises(WeightsError):
        EnformerSizes.of({"dim": 50})
    with pytest.raises(WeightsError):
        EnformerSizes.of({"output_heads": {"human": "many"}})
