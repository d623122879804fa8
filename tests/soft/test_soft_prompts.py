"""Soft entities in prompts of the shipped model: what is read, what is answered, and what is refused."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import biomatrix as bm
from biomatrix.errors import BioMatrixError, ConfigurationError, LimitError, UnsupportedError, WeightsError
from biomatrix.generation import Model, Request, Sampling, load, shared_model
from biomatrix.generation.events import Finished
from biomatrix.generation.vectors import VECTORS, has_vectors
from biomatrix.soft.prompt_part import GivenVectors
from biomatrix.soft.soft_source import SoftSource
from biomatrix.soft.soft_tokens import SoftTokens
from biomatrix.vocabulary import Positions

from .nano_projectors import KMERS, MORGAN, make_projector, write_projectors

ETHANOL, BENZENE = bm.Molecule.from_smiles("CCO"), bm.Molecule.from_smiles("c1ccccc1")
CHAIN = bm.Protein("MKVLAAGWTYHE")
GREEDY = Sampling(greedy=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_projectors(load("nano"), tmp_path_factory.mktemp("projectors"))


@pytest.fixture(scope="module")
def model(folder: Path) -> Model:
    return load("nano", soft=folder)


@pytest.fixture(scope="module")
def stock(folder: Path) -> Model:
    model = load("nano")
    _ = model.network
    return model.with_soft(folder)


def embedded(model: Model, ids: Sequence[int]) -> torch.Tensor:
    """Return the embeddings of a prompt made by hand: the table's rows, and vectors at ids below 0."""
    table = model.engine.writer.network.embedding  # type: ignore[attr-defined]
    held = VECTORS.held(ids)
    return torch.stack([torch.from_numpy(held[i].values.copy()) if i < 0 else table[i] for i in ids])


def test_a_prompt_holds_a_place_for_each_vector_and_the_text_around_it(model: Model) -> None:
    ids = model.prompt_ids(["What is ", bm.Soft(ETHANOL), "?"])
    places = [place for place, id_ in enumerate(ids) if id_ < 0]
    assert len(places) == 3  # k = 2, and a learned one
    assert places == list(range(places[0], places[0] + 3))
    before, after = model.vocabulary.encode_text("What is "), model.vocabulary.encode_text("?")
    assert ids[places[0] - len(before) : places[0]] == before
    assert ids[places[-1] + 1 :][: len(after)] == after
    assert ids == model.prompt_ids(["What is ", bm.Soft(bm.Molecule.from_smiles("CCO", name="ethanol")), "?"])
    assert ids != model.prompt_ids(["What is ", bm.Soft(BENZENE), "?"])


def test_text_that_spells_a_place_stays_text(model: Model) -> None:
    for text in ("-1", "[BIO_1] [BIO]", "<|soft|> Soft(CCO)"):
        assert not has_vectors(model.prompt_ids(text))


def test_hidden_states_are_those_of_embeddings_given_from_outside(model: Model, stock: Model) -> None:
    prompt = ["Does ", bm.Soft(ETHANOL), " bind ", bm.Soft(CHAIN), "?"]
    ids = model.prompt_ids(prompt)
    found = model.engine.hidden_states(ids)  # type: ignore[attr-defined]
    with torch.inference_mode():
        wanted = stock.network.model(inputs_embeds=embedded(model, ids)[None]).last_hidden_state[0]
    np.testing.assert_allclose(found, wanted.numpy(), atol=1e-5)
    np.testing.assert_allclose(stock.engine.hidden_states(ids), wanted.numpy(), atol=1e-5)  # type: ignore[attr-defined]
    plain = model.score(prompt, "It binds.")
    assert plain.token_logprobs == pytest.approx(stock.score(prompt, "It binds.").token_logprobs, abs=1e-5)
    other = model.score(["Does ", bm.Soft(BENZENE), " bind ", bm.Soft(CHAIN), "?"], "It binds.")
    assert abs(other.logprob - plain.logprob) > 1e-3


def prompts() -> list[Any]:
    """Prompts of unequal length, some without a vector."""
    return [
        ["What is ", bm.Soft(ETHANOL), "?"],
        "Make a molecule.",
        ["Does ", bm.Soft(ETHANOL), " bind ", bm.Soft(CHAIN), " or ", CHAIN, "?"],
        ["Here are several: ", bm.Soft(ETHANOL, BENZENE, ETHANOL), " and more text than elsewhere."],
        ["What is ", bm.Soft(ETHANOL), "?"],
    ]


@pytest.mark.parametrize("output", [None, "molecule_selfies"])
def test_an_answer_does_not_depend_on_what_it_is_asked_with(model: Model, stock: Model, output: str | None) -> None:
    settings: dict[str, Any] = {"seed": 3, "max_new_tokens": 12}
    alone = [model.generate(prompt, output, **settings)[0].token_ids for prompt in prompts()]
    assert alone[0] == alone[4]
    together = model.generate_batch(prompts(), output, **settings)
    assert [group[0].token_ids for group in together] == alone
    assert [group[0].token_ids for group in stock.generate_batch(prompts(), output, **settings)] == alone
    replaced = model.generate_batch(
        prompts(), output, max_rows=2, **settings
    )  # others take the places of rows that left
    assert [group[0].token_ids for group in replaced] == alone
    streamed = [event.answer for event in model.stream(prompts()[0], output, **settings) if isinstance(event, Finished)]
    assert streamed[0].token_ids == alone[0]


def test_a_shared_model_answers_the_same_from_many_threads(folder: Path, model: Model) -> None:
    shared = shared_model(load("nano", soft=folder), max_rows=4)
    settings: dict[str, Any] = {"seed": 5, "max_new_tokens": 16}
    wanted = [model.generate(prompt, **settings)[0].token_ids for prompt in prompts()]
    with ThreadPoolExecutor(8) as pool:
        jobs = [pool.submit(shared.generate, prompt, **settings) for _ in range(4) for prompt in prompts()]
        found = [job.result()[0].token_ids for job in jobs]
    assert found == wanted * 4
    left = shared.stream(prompts()[3], **settings)
    next(left)
    left.close()  # type: ignore[attr-defined]
    assert shared.score(prompts()[0], "A salt.").logprob == pytest.approx(
        model.score(prompts()[0], "A salt.").logprob, abs=1e-5
    )
    assert shared.engine.close(5.0)  # type: ignore[attr-defined]


def test_beams_and_constraints_hold_with_vectors(model: Model) -> None:
    (found,) = model.generate(["Like ", bm.Soft(ETHANOL), ":"], "protein_sequence", length=7, beams=3)
    assert len(found.entity) == 7  # type: ignore[arg-type]
    (one,) = model.generate(["Toxic? ", bm.Soft(ETHANOL)], constraints=["choices=yes|no"], greedy=True)
    assert one.value in ("yes", "no")


def test_vectors_are_shared_and_go_with_the_last_who_needs_them(folder: Path) -> None:
    tokens = SoftTokens.from_pretrained(folder)
    before = len(VECTORS)
    own = bm.Molecule.from_smiles("CCCCCCCCCCCCCCCCCN")
    first, second = tokens.place(own), SoftTokens.from_pretrained(folder).place(own)
    assert first == second
    assert len(VECTORS) == before + 3
    assert all(a is b for a, b in zip(first.vectors, second.vectors, strict=True))
    ids = first.ids
    del first, second, tokens
    gc.collect()
    assert len(VECTORS) == before
    with pytest.raises(ConfigurationError, match="there is none of it"):
        load("nano").generate(["x", Positions(ids)])


def test_learned_vectors_and_given_vectors_stand_where_the_entity_would(model: Model, folder: Path) -> None:
    source = SoftSource.from_pretrained(folder / "molecules")
    vectors = source.encode(ETHANOL)
    placed = source.projected(vectors)
    assert placed.shape == (3, source.record.width)
    np.testing.assert_array_equal(placed[2], source.projector.learned_vectors()[0].detach().numpy())
    given = ["What is ", GivenVectors(vectors, "molecule"), "?"]
    ids = model.prompt_ids(given)
    np.testing.assert_array_equal(np.stack([VECTORS.held(ids)[i].values for i in ids if i < 0]), placed)
    for wrong, reason in (
        (np.full_like(vectors, np.nan), "NaN or infinity"),
        (np.zeros_like(vectors), "all zero"),
        (vectors[0], r"2 vectors of 514 numbers here, not the shape \(514,\)"),
        (vectors[:, :4], "not the shape"),
    ):
        with pytest.raises(BioMatrixError, match=reason):
            model.generate([GivenVectors(wrong, "molecule")])


REFUSED: list[tuple[Any, str]] = [
    (bm.Soft(bm.Molecule.from_smiles("CCO"), projector="molecule"), "no projector named 'molecule'"),
    (bm.Soft(bm.Molecule.from_smiles("CCO"), projector="proteins"), "takes a protein, not a molecule"),
]


@pytest.mark.parametrize(("part", "reason"), REFUSED, ids=["unknown name", "another kind"])
def test_a_part_that_no_projector_takes_is_refused(model: Model, part: Any, reason: str) -> None:
    with pytest.raises(BioMatrixError, match=reason) as caught:
        model.generate_batch(["fine", ["What is ", part]])
    assert caught.value.record == 2
    assert "\n" not in str(caught.value)


def test_a_model_without_a_projector_of_the_kind_refuses(folder: Path, tmp_path: Path) -> None:
    plain = load("nano")
    for ask in (plain.generate, plain.prompt_ids, lambda p: plain.score(p, "x"), lambda p: list(plain.stream(p))):
        with pytest.raises(ConfigurationError, match="needs a model with the projector of a molecule"):
            ask(["What is ", bm.Soft(ETHANOL)])
    proteins = plain.with_soft(folder / "proteins")
    with pytest.raises(UnsupportedError, match="no projector takes a molecule; this model reads as vectors: protein"):
        proteins.generate([bm.Soft(ETHANOL)])
    with pytest.raises(UnsupportedError, match="a vector can be read in a prompt, and not be written"):
        proteins.score("x", [bm.Soft(CHAIN)])
    with pytest.raises(ConfigurationError, match="Soft takes entities, not a str"):
        bm.Soft("CCO")  # type: ignore[arg-type]
    with pytest.raises(WeightsError, match=r"no projector here"):
        plain.with_soft(tmp_path)
    with pytest.raises(LimitError, match="reads at most"):
        proteins.generate([bm.Soft(*[CHAIN] * 3000)], max_new_tokens=8)


MISMATCHED = [
    ({"decoder_hash": "0" * 64}, "was made for the decoder 0000000000000000, and this one is"),
    ({"encoder_hash": "1" * 64}, "encoder of hash 1111"),
    ({"encoder": "morgan,bits=256"}, "was made for an encoder of"),
    ({"encoder": "kmers,length=2"}, "encoder of kind molecule"),
    ({"encoder": "auto:/elsewhere/esm2,kind=molecule"}, "folder /elsewhere/esm2 of its encoder, which is outside"),
    ({"encoder": "decoder:../nano,kind=molecule"}, "folder ../nano of its encoder, which is outside"),
]


@pytest.mark.parametrize(
    ("record", "reason"), MISMATCHED, ids=["decoder", "encoder", "size", "kind", "absolute", "upwards"]
)
def test_what_does_not_belong_together_is_refused(tmp_path: Path, record: dict[str, Any], reason: str) -> None:
    nano = load("nano")
    make_projector(nano, MORGAN, **record).save_pretrained(tmp_path)
    with pytest.raises(ConfigurationError, match=reason) as caught:
        nano.with_soft(tmp_path)
    assert "\n" not in str(caught.value)


def test_several_projectors_of_a_kind_are_named(tmp_path: Path) -> None:
    nano = load("nano")
    for seed in (1, 2):
        make_projector(nano, KMERS, seed).save_pretrained(tmp_path / f"p{seed}")
    model = nano.with_soft(tmp_path)
    with pytest.raises(ConfigurationError, match="several projectors"):
        model.generate([bm.Soft(CHAIN)])
    one, two = (model.prompt_ids([bm.Soft(CHAIN, projector=name)]) for name in ("p1", "p2"))
    assert one != two
    assert len(one) == len(two)


@pytest.fixture(autouse=True)
def _no_vectors_are_left_behind() -> Iterator[None]:
    yield
    gc.collect()


def test_a_calibration_holds_for_the_projectors_it_was_made_with(model: Model) -> None:
    from biomatrix.generation.origins import origin_of
    from biomatrix.trust.origin import Origin, origin_doubts

    shown, plain = Request(["Is it ", bm.Soft(ETHANOL), "?"]), Request("Is it?")
    found = origin_of(model.engine, shown)
    assert found["projector_hash"] == model.engine.resolver.source("molecule").hash  # type: ignore[attr-defined]
    assert origin_of(model.engine, plain)["projector_hash"] == ""
    assert not any("projector" in doubt for doubt in origin_doubts(found, found))
    with pytest.raises(ConfigurationError, match="made with the projector"):
        origin_doubts(found | Origin(projector_hash="0" * 64), found)


def test_a_request_keeps_its_parts_as_they_were_given(model: Model) -> None:
    request = Request(["What is ", bm.Soft(ETHANOL), "?"], sampling=GREEDY, max_new_tokens=4)
    assert model.engine.generate([request])[0][0].token_ids == model.engine.generate([request])[0][0].token_ids
    assert isinstance(request.parts[1], bm.Soft)


def test_a_number_past_all_floats_is_refused_in_one_line() -> None:
    from biomatrix.soft.prompt_part import GivenVectors

    with pytest.raises(ConfigurationError, match="k lists of d numbers"):
        GivenVectors([[10**400, 1]], "molecule")
