"""A tokenizer's training goes on only with the recipe and the data it was begun with, whatever the architecture."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from biomatrix.entities import Molecule
from biomatrix.entities.molecule.structure.gathering import DataTable, gather
from biomatrix.entities.protein.files.chain_table import CHAIN_TABLE
from biomatrix.entities.same_run import RUN_FILE, begin_or_go_on, differences
from biomatrix.entities.tokenizer_training import EntitySource
from biomatrix.errors import ConfigurationError, UnsupportedError, WeightsError
from biomatrix.training.tokenizers import read_tokenizer_recipe, train_tokenizer

MOLECULES = """[tokenizer]
kind = "molecule"
architecture = "{architecture}"
[[data]]
source = "ccd"
molecules = 14
[fitting]
num_codes = 16
"""
CONDITIONED = MOLECULES.format(architecture="conditioned") + "rounds = 1\nper_round = 8\n"
MOLSTRUCTOK = MOLECULES.format(architecture="molstructok") + (
    "hidden = 8\nlatent = 4\nsteps = 8\nbatch = 16\nlloyd_rounds = 1\nfit_steps = 4\ncheckpoint_every = 4\n"
)
GEOMETRIC = """[tokenizer]
kind = "protein"
architecture = "geometric"
[fit]
num_codes = 256
[data]
licence = "CC0-1.0"
sources = ["none/of/them"]
"""
ANCHORED = GEOMETRIC.replace("geometric", "anchored") + "[anchors]\nlevels = 16\nslab_widths = [2.0, 4.0]\n"
NETWORK = """[tokenizer]
kind = "protein"
architecture = "gcp_vqvae"
[sizes]
gcp_layers = 1
node_scalars = 8
node_vectors = 4
edge_scalars = 8
edge_vectors = 4
encoder_width = 16
encoder_depth = 1
decoder_width = 16
decoder_depth = 1
heads = 1
kv_heads = 1
ff_mult = 1
code_width = 8
codebook_size = 8
next_token_head = false
[behaviour]
max_length = 64
[plan]
steps = 2
crop = [20]
residues_a_batch = 40
autocast = false
[plan.weights]
next_token = 0.0
"""


class Trained(NamedTuple):
    """A recipe, the folder of its finished run, and the fingerprint of the tokenizer."""

    text: str
    folder: Path
    fingerprint: str


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a table of three chains."""
    root = tmp_path_factory.mktemp("sources")
    write_chains(root, seed=0)
    return root


def write_chains(root: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    length = 30
    rows = []
    for number in range(3):
        steps = np.cumsum(rng.normal(loc=50, scale=100, size=(length, 4, 3)), axis=0)
        rows.append(
            {
                "id": f"{number}xyz_A",
                "chain": "A",
                "sequence": "A" * length,
                "coords": steps.astype(np.int16).ravel().tolist(),
                "res_num": list(range(1, length + 1)),
                "source_repo": "some/repository",
                "cluster30": number,
                "split": "train",
                "benchmark": [],
            }
        )
    table = pa.Table.from_pylist(rows)
    kinds = {"coords": pa.list_(pa.int16()), "benchmark": pa.list_(pa.string())}
    for name, kind in kinds.items():
        table = table.set_column(table.schema.get_field_index(name), name, table[name].cast(kind))
    (root / CHAIN_TABLE).parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, root / CHAIN_TABLE)


def train(folder: Path, text: str, sources: Path) -> Any:
    (folder / "recipe.toml").write_text(text)
    return train_tokenizer(read_tokenizer_recipe(folder / "recipe.toml"), sources, folder / "out")


CHANGES = {
    CONDITIONED: [
        ("num_codes = 16", "num_codes = 24", "fitting.num_codes: 16 then, 24 now"),
        ("molecules = 14", "molecules = 15", "data[0].molecules: 14 then, 15 now"),
    ],
    MOLSTRUCTOK: [
        ("batch = 16", "batch = 17", "fitting.batch: 16 then, 17 now"),
        ("steps = 8", "steps = 9", "fitting.steps: 8 then, 9 now"),
    ],
    NETWORK: [
        ("crop = [20]", "crop = [24]", "plan.crop: [20] then, [24] now"),
        ("encoder_width = 16", "encoder_width = 32", "sizes.encoder_width: 16 then, 32 now"),
    ],
}


@pytest.fixture(scope="module", params=list(CHANGES), ids=["conditioned", "molstructok", "network"])
def trained(request: pytest.FixtureRequest, sources: Path, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """A recipe whose training has ended, and where it lies."""
    folder = tmp_path_factory.mktemp("trained")
    return Trained(request.param, folder, train(folder, request.param, sources).fingerprint)


def test_another_recipe_is_refused_setting_by_setting(trained: Trained, tmp_path: Path, sources: Path) -> None:
    shutil.copytree(trained.folder, tmp_path, dirs_exist_ok=True)
    assert trained.fingerprint
    for old, new, told in CHANGES[trained.text]:
        with pytest.raises(ConfigurationError) as refused:
            train(tmp_path, trained.text.replace(old, new, 1), sources)
        assert told in str(refused.value)
    assert train(tmp_path, trained.text, sources).fingerprint == trained.fingerprint


@pytest.mark.parametrize(
    ("text", "old", "new", "told"),
    [
        (GEOMETRIC, "num_codes = 256", "num_codes = 512", "fit.num_codes: 256 then, 512 now"),
        (ANCHORED, "levels = 16", "levels = 8", "anchors.levels: 16 then, 8 now"),
    ],
)
def test_a_fit_without_checkpoints_does_not_replace_that_of_another_recipe(
    tmp_path: Path, sources: Path, text: str, old: str, new: str, told: str
) -> None:
    with pytest.raises(ConfigurationError, match="no chain of the table may be learned from"):
        train(tmp_path, text, sources)
    (tmp_path / "out" / "tokenizer").mkdir()  # as if it had come to its end
    with pytest.raises(ConfigurationError) as refused:
        train(tmp_path, text.replace(old, new, 1), sources)
    assert told in str(refused.value)


def test_other_chains_under_the_same_recipe_are_refused(tmp_path: Path) -> None:
    write_chains(tmp_path, seed=0)
    train(tmp_path, NETWORK, tmp_path)
    write_chains(tmp_path, seed=1)
    with pytest.raises(ConfigurationError, match=r"data\.content: .* then, .* now"):
        train(tmp_path, NETWORK, tmp_path)


@pytest.mark.parametrize(
    "damage", [lambda data: data[: len(data) // 2], lambda data: b"garbage"], ids=["cut", "garbage"]
)
def test_a_damaged_checkpoint_is_named(trained: Trained, tmp_path: Path, sources: Path, damage: Any) -> None:
    shutil.copytree(trained.folder, tmp_path, dirs_exist_ok=True)
    path = tmp_path / "out" / "checkpoint.safetensors"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(WeightsError, match=r"the checkpoint is damaged.*begin anew") as refused:
        train(tmp_path, trained.text, sources)
    assert refused.value.file == str(path)


def test_settings_that_alter_nothing_may_change(tmp_path: Path) -> None:
    then: dict[str, Any] = {"plan": {"steps": 3, "save_every": 5}}
    begin_or_go_on(tmp_path, then, ("made",), ("plan.save_every",))
    (tmp_path / "made").touch()
    begin_or_go_on(tmp_path, {"plan": {"steps": 3, "save_every": 9}}, ("made",), ("plan.save_every",))
    with pytest.raises(ConfigurationError, match=r"plan\.steps: 3 then, 4 now"):
        begin_or_go_on(tmp_path, {"plan": {"steps": 4}}, ("made",), ("plan.save_every",))
    (tmp_path / "made").unlink()  # nothing was made yet: nothing to mix up
    begin_or_go_on(tmp_path, {"plan": {"steps": 4}}, ("made",))
    assert json.loads((tmp_path / RUN_FILE).read_text()) == {"plan": {"steps": 4}}


def test_differences_name_what_is_gone_and_what_is_new() -> None:
    assert differences({"a": 1, "b": {"c": [1]}}, {"b": {"c": (1,), "d": None}}) == [
        "a: 1 then, not given now",
        "b.d: not given then, null now",
    ]


def test_molecules_are_gathered_anew_for_another_seed_or_content(tmp_path: Path, sources: Path) -> None:
    drawn: list[str] = []
    water = Molecule.from_smiles("O").embed(seed=0)

    def gathered(seed: str, content: str) -> list[str]:
        drawn.clear()
        source = EntitySource("s", "", (), lambda: iter([(str(i), i) for i in range(40)]), read, content)
        gather(DataTable(source="s", molecules=5), source, seed, tmp_path / "0_s.sdf")
        return list(drawn)

    def read(identifier: str, row: int) -> tuple[Molecule, bool]:
        drawn.append(identifier)
        return water, True

    first = gathered("1 0", "x")
    assert first
    assert gathered("1 0", "x") == []
    other = gathered("2 0", "x")
    assert other not in ([], first)
    assert gathered("2 0", "y") == other
    assert not list(tmp_path.glob("*.partial"))


def test_a_source_without_a_usable_molecule_is_named(tmp_path: Path) -> None:
    def read(identifier: str, row: int) -> tuple[None, bool]:
        raise UnsupportedError("in a published test set")

    source = EntitySource("odd", "", (), lambda: iter([("a", 1), ("b", 2)]), read)
    with pytest.raises(ConfigurationError, match=r"odd: none of its molecules.*2 times in a published test set"):
        gather(DataTable(source="odd"), source, "0 0", tmp_path / "0_odd.sdf")
    assert not list(tmp_path.glob("0_odd.*"))
