"""What holds for every structure tokenizer, whatever its kind and architecture."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import pytest
from numpy.typing import NDArray

from biomatrix.entities import Molecule, MoleculeCodes, MoleculeStructureTokenizer, Protein, ProteinStructureTokenizer
from biomatrix.entities.kind_registry import kind, load_attribute
from biomatrix.entities.molecule.examples import bundled_ligand
from biomatrix.entities.protein.examples import bundled_protein
from biomatrix.entities.registration import Kind
from biomatrix.entities.structure_tokenizer import StructureTokenizer
from biomatrix.entities.tokenizer_folder import StoredWeights, save_weights, shipped_name_of, shipped_names
from biomatrix.errors import BioMatrixError, ConfigurationError, DecodeError, LimitError, UnsupportedError, WeightsError

CLASSES: dict[str, Any] = {"molecule": MoleculeStructureTokenizer, "protein": ProteinStructureTokenizer}
SHIPPED = [(one, name) for one in CLASSES for name in shipped_names(one)]


@pytest.fixture(scope="module", params=SHIPPED, ids=lambda pair: pair[1])
def tokenizer(request: pytest.FixtureRequest) -> Any:
    one, name = request.param
    return CLASSES[one].from_pretrained(name)


def good_and_broken(of: str) -> tuple[list[Any], list[Any]]:
    """Return entities that can be encoded, and such that cannot."""
    if of == "molecule":
        good = [Molecule.from_smiles(text).embed(seed=0) for text in ("CCO", "c1ccccc1O", "CC(=O)N")]
        fallen = good[0].with_coordinates(np.zeros((good[0].num_atoms, 3)))
        return [*good, bundled_ligand()], [Molecule.from_smiles("CCO"), fallen, Protein("AG")]
    whole = bundled_protein().first(60)
    assert whole.backbone is not None
    parts = [replace(whole.first(length), name=f"part {length}") for length in (9, 23, 60)]
    return [*parts, Protein("A", whole.backbone[:1])], [Protein("AG"), Molecule.from_smiles("C")]


def broken_codes(tokenizer: Any) -> Any:
    """Return codes that no tokenizer of the kind decodes."""
    beyond = np.array([0, tokenizer.num_codes], dtype=np.int16)
    return MoleculeCodes(("[C]", "[C]"), beyond) if tokenizer.kind == "molecule" else beyond


def plain(value: Any) -> Any:
    """Return codes or a structure as arrays."""
    if isinstance(value, MoleculeCodes):
        return value.codes
    return value.coordinates if isinstance(value, Molecule) else value


def mixed(good: Sequence[Any], broken: Sequence[Any], seed: int) -> tuple[list[Any], list[int]]:
    """Return all in random order, and where the good ones stand, in their order."""
    order = np.random.default_rng(seed).permutation(len(good) + len(broken))
    return [[*good, *broken][index] for index in order], [int(np.flatnonzero(order == i)[0]) for i in range(len(good))]


@pytest.mark.parametrize("seed", [0, 1])
def test_broken_entities_never_touch_their_neighbours(tokenizer: Any, seed: int) -> None:
    good, broken = good_and_broken(tokenizer.kind)
    alone = tokenizer.encode(good)
    batch, places = mixed(good, broken, seed)
    answers = tokenizer.encode_each(batch)
    for codes, place in zip(alone, places, strict=True):
        np.testing.assert_array_equal(plain(answers[place]), plain(codes))
    refused = [place for place in range(len(batch)) if place not in places]
    for place in refused:
        assert isinstance(answers[place], UnsupportedError)
        assert answers[place].record == (batch[place].name or place + 1)
    with pytest.raises(UnsupportedError) as caught:
        tokenizer.encode(batch)
    assert caught.value.record == (batch[refused[0]].name or refused[0] + 1)


def test_absurd_coordinates_are_refused_alike(tokenizer: Any) -> None:
    of, good = kind(tokenizer.kind), good_and_broken(tokenizer.kind)[0][2]
    points = of.points(good)
    assert points is not None
    far = points.copy()
    far[0] += 3e5
    moved, refused = tokenizer.encode_each([of.with_points(good, each) for each in (points + 1000, far)])
    assert not isinstance(moved, BioMatrixError)
    assert isinstance(refused, LimitError)
    assert "beyond the limit of 100,000" in refused.message
    assert refused.position == 1
    (moved,) = tokenizer.encode_each([of.with_points(good, points + 1e6)])
    assert isinstance(moved, LimitError)
    last = points.copy()
    last[-1] += 3e5
    (refused,) = tokenizer.encode_each([of.with_points(good, last)])
    assert isinstance(refused, LimitError)
    assert refused.position == (of.size(good) or len(points))


@pytest.mark.parametrize("seed", [0, 1])
def test_broken_codes_never_touch_their_neighbours(tokenizer: Any, seed: int) -> None:
    codes = tokenizer.encode(good_and_broken(tokenizer.kind)[0])
    alone = tokenizer.decode(codes)
    batch, places = mixed(codes, [broken_codes(tokenizer)] * 2, seed)
    answers = tokenizer.decode_each(batch)
    for structure, place in zip(alone, places, strict=True):
        np.testing.assert_array_equal(plain(answers[place]), plain(structure))
    for place in set(range(len(batch))) - set(places):
        assert isinstance(answers[place], DecodeError)
        assert answers[place].record == place + 1
    assert tokenizer.encode_each([]) == tokenizer.decode_each([]) == []


def test_what_was_saved_opens_as_the_same_tokenizer(tokenizer: Any, tmp_path: Path) -> None:
    told = tokenizer.save_pretrained(tmp_path / "mine")
    opened = CLASSES[tokenizer.kind].from_pretrained(tmp_path / "mine")
    assert told == opened.fingerprint == tokenizer.fingerprint
    assert shipped_name_of(tokenizer.kind, told) == tokenizer.name
    good, _ = good_and_broken(tokenizer.kind)
    for one, two in zip(tokenizer.encode(good), opened.encode(good), strict=True):
        np.testing.assert_array_equal(plain(one), plain(two))


def test_options_are_saved_too(tmp_path: Path) -> None:
    open_loop = MoleculeStructureTokenizer.from_pretrained(closed_loop=False)
    open_loop.save_pretrained(tmp_path / "mine")
    again = MoleculeStructureTokenizer.from_pretrained(tmp_path / "mine")
    assert (again.closed_loop, again.fingerprint) == (False, open_loop.fingerprint)
    closed = MoleculeStructureTokenizer.from_pretrained(tmp_path / "mine", closed_loop=True)
    assert closed.fingerprint == MoleculeStructureTokenizer.from_pretrained().fingerprint


@pytest.mark.parametrize(("of", "name"), SHIPPED)
def test_names_say_architecture_and_codes(of: str, name: str) -> None:
    opened = CLASSES[of].from_pretrained(name)
    assert name == opened.name == f"{opened.architecture}-{opened.num_codes}"


@pytest.mark.parametrize("of", CLASSES)
def test_default_is_recorded_as_what_it_stands_for(of: str) -> None:
    assert CLASSES[of].from_pretrained().name == kind(of).default_tokenizer


@pytest.mark.parametrize(("of", "name"), [(of, name) for of in CLASSES for name in kind(of).former_tokenizers])
def test_former_names_are_refused_with_what_to_do(of: str, name: str) -> None:
    with pytest.raises(WeightsError, match=r"now called|no longer shipped") as caught:
        CLASSES[of].from_pretrained(name)
    present = caught.value.message.rpartition("now called ")[2]
    assert "no longer" in present or present in shipped_names(of)


@pytest.mark.parametrize("option", ["decoder", "closed_loops"])
def test_options_of_other_architectures_are_refused_by_name(option: str) -> None:
    with pytest.raises(ConfigurationError, match=f"'conditioned' takes no option '{option}'"):
        MoleculeStructureTokenizer.from_pretrained(**{option: "trunk"})


def test_weights_of_another_class_are_refused() -> None:
    geometric = load_attribute(kind("protein").architectures["geometric"])
    assert geometric.from_pretrained("geometric-256").num_codes == 256
    with pytest.raises(WeightsError, match="opened as GeometricTokenizer"):
        geometric.from_pretrained("anchored-4096")


class Rounding(StructureTokenizer[Protein, NDArray[np.int64], NDArray[np.int64], int]):
    """An architecture from outside: a chain is the numbers of its letters, and bad batches fail as a whole."""

    kind: ClassVar[str] = "protein"
    architecture: ClassVar[str] = "rounding"

    @classmethod
    def from_weights(cls, stored: StoredWeights, *, shift: int = 0) -> Self:
        opened = cls(stored.name, stored.fingerprint, stored.config)
        opened.shift = shift
        return opened

    shift = 0
    num_codes = 26
    code_features = np.eye(26)

    def tensors(self) -> Mapping[str, NDArray[Any]]:
        return {"none": np.zeros(1, dtype=np.float32)}

    def prepare(self, entity: Protein) -> str:
        return entity.sequence

    def encode_batch(self, prepared: Sequence[str]) -> list[NDArray[np.int64] | BioMatrixError]:
        if any("W" in text for text in prepared):
            raise UnsupportedError("no W")
        return [np.array([ord(letter) - 65 + self.shift for letter in text]) for text in prepared]

    def prepare_codes(self, codes: NDArray[np.int64]) -> NDArray[np.int64]:
        return codes

    def decode_batch(self, prepared: Sequence[NDArray[np.int64]]) -> list[int | BioMatrixError]:
        return [len(codes) for codes in prepared]


@pytest.fixture
def rounding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of the architecture above, which the kind now lists."""
    protein: Kind = kind("protein")
    listed = {**protein.architectures, "rounding": f"{__name__}:Rounding"}
    monkeypatch.setattr(type(protein), "architectures", listed)
    save_weights(tmp_path / "mine", {"architecture": "rounding"}, {"none": np.zeros(1, dtype=np.float32)})
    return tmp_path / "mine"


def test_an_architecture_from_outside_opens_by_the_table(rounding: Path) -> None:
    opened: Any = ProteinStructureTokenizer
    with pytest.raises(WeightsError, match="use Rounding"):
        opened.from_pretrained(rounding)
    mine = Rounding.from_pretrained(rounding, shift=2)
    assert mine.encode([Protein("AC")])[0].tolist() == [2, 4]


def test_a_batch_that_fails_as_a_whole_loses_only_what_is_bad(rounding: Path) -> None:
    answers = Rounding.from_pretrained(rounding).encode_each([Protein("AC"), Protein("AW", name="bad"), Protein("G")])
    assert [isinstance(answer, BioMatrixError) for answer in answers] == [False, True, False]
    assert isinstance(answers[1], UnsupportedError)
    assert answers[1].record == "bad"


@pytest.mark.parametrize("stated", [512, 2**70, None, "256"])
def test_a_config_that_says_another_number_of_codes_is_refused(tmp_path: Path, stated: object) -> None:
    tokenizer = ProteinStructureTokenizer.from_pretrained("geometric-256")
    tokenizer.save_pretrained(tmp_path / "copy")
    path = tmp_path / "copy" / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"num_codes": stated}))
    with pytest.raises(WeightsError, match=r"num_codes .*, the weights have 256"):
        ProteinStructureTokenizer.from_pretrained(tmp_path / "copy")


def test_one_entity_without_a_list_is_refused_in_words(tokenizer: Any) -> None:
    whole = bundled_protein() if tokenizer.kind == "protein" else bundled_ligand()
    with pytest.raises(ConfigurationError, match="a list of entities"):
        tokenizer.encode(whole)
