"""A run moves what it says and nothing else, goes on after a kill, and writes what stock loaders open."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM

import biomatrix as bm
from biomatrix.entities.molecule.encoders.morgan import MorganCounts
from biomatrix.errors import ConfigurationError
from biomatrix.soft.splicing import splice
from biomatrix.soft.tuning import SoftRun, soft_tune
from biomatrix.soft.tuning.answers import first_token_logprobs, written_answers
from biomatrix.soft.tuning.documents import question_ids
from biomatrix.soft.tuning.sources import shown_entities
from biomatrix.soft.tuning.task_data import subject
from biomatrix.training.checkpoint import checkpoints
from biomatrix.training.evaluation import batch_tensors
from biomatrix.training.progress import MetricsLog

from .small_runs import NANO, decoder, recipe, table

pytest.importorskip("peft")
BOTH, ADAPTER = "projector and lora", "lora"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("soft")
    decoder(folder / "decoder")
    table(folder / "data")
    return folder


def tensors(run: SoftRun) -> dict[str, torch.Tensor]:
    """The decoder's and the projector's tensors, wherever the projector stands."""
    found = {f"decoder {name}": tensor for name, tensor in run.model.state_dict().items() if ".rows." not in name}
    found |= {f"projector {name}": tensor for name, tensor in run.source.projector.state_dict().items()}
    return {name: tensor.clone() for name, tensor in found.items()}


def losses(output: Path) -> dict[int, float]:
    return {line["step"]: line["loss"] for line in MetricsLog.read(output / "metrics.jsonl") if "loss" in line}


@pytest.mark.parametrize("trained", [BOTH, ADAPTER])
def test_what_is_frozen_stays_bit_for_bit(place: Path, trained: str) -> None:
    run = SoftRun(recipe(place, f"frozen {trained}", soft={"trained": trained}))
    before = tensors(run)
    run.trainer._step(0.0)
    moving = {name for name, each in run.model.named_parameters() if each.requires_grad}
    assert all((".lora_" in name) or (".rows." in name and trained == BOTH) for name in moving)
    after = tensors(run)
    moved = {name for name, tensor in after.items() if not torch.equal(tensor, before[name])}
    of_decoder = {name for name in moved if name.startswith("decoder")}
    assert {name for name in before if ".lora_B." in name} <= of_decoder  # A, beside a B of 0, at most decays
    assert all(".lora_" in name for name in of_decoder)
    layers = {name for name in before if name.startswith("projector layers")}
    assert {name for name in moved if name.startswith("projector")} == (layers if trained == BOTH else set())


def test_gradients_reach_only_what_is_trained(place: Path) -> None:
    run = SoftRun(recipe(place, "gradients"))
    run.trainer.loss_module(**batch_tensors(next(run.trainer.stream), torch.device("cpu"))).backward()
    reached = {name for name, each in run.model.named_parameters() if each.grad is not None and bool(each.grad.any())}
    assert reached == {
        name for name, each in run.model.named_parameters() if ".lora_B." in name or (".rows." in name and each.numel())
    }


@pytest.mark.parametrize("trained", [BOTH, ADAPTER])
def test_resume_is_exact(place: Path, trained: str) -> None:
    settings = recipe(place, f"resume {trained}", soft={"trained": trained, "dropout": 0.3})
    output = settings.run.output
    whole = SoftRun(settings)
    whole.tune()
    told, wanted = losses(output), tensors(whole)
    assert sorted(told) == [1, 2, 3, 4]
    shutil.rmtree(checkpoints(output)[-1])
    again = SoftRun(settings)
    assert again.trainer.resume()
    assert again.trainer.state.step == 2
    again.tune()
    assert losses(output) == told
    assert all(torch.equal(tensor, wanted[name]) for name, tensor in tensors(again).items())
    assert (checkpoints(output)[-1] / "beside.safetensors").exists() == (trained == BOTH)


_KILLED = """
import os, signal, sys
from pathlib import Path
from biomatrix.soft.tuning import SoftRun
from biomatrix.training.loop import Trainer
from tests.soft.tuning.small_runs import recipe
save = Trainer.save
def save_and_die(self, name=None):
    save(self, name)
    if self.state.step == 2:
        self._step(0.5)  # work that is lost
        os.kill(os.getpid(), signal.SIGKILL)
Trainer.save = save_and_die
SoftRun(recipe(Path(sys.argv[1]), "killed")).tune()
"""


@pytest.mark.slow
def test_a_killed_run_goes_on_with_the_same_batches_and_losses(place: Path) -> None:
    whole = recipe(place, "unkilled")
    SoftRun(whole).tune()
    root = Path(__file__).parents[3]
    died = subprocess.run([sys.executable, "-c", _KILLED, str(place)], cwd=root, capture_output=True, timeout=570)
    assert died.returncode == -9, died.stderr[-2000:]
    settings = recipe(place, "killed")
    result = soft_tune(settings)
    assert result.training.finished
    assert losses(settings.run.output) == losses(whole.run.output)


def test_another_projector_or_encoder_is_another_run(place: Path) -> None:
    SoftRun(recipe(place, "same", run={"max_steps": 2})).tune()
    with pytest.raises(ConfigurationError, match="trained on other data"):
        SoftRun(recipe(place, "same", soft={"encoder": "morgan,bits=32"}, run={"max_steps": 2})).tune()


def test_the_merged_model_is_the_tuned_one_and_opens_with_its_projector(place: Path) -> None:
    run = SoftRun(recipe(place, "merged"))
    result = run.tune()
    assert result.model is not None
    assert result.projector is not None
    questions = question_ids([run.question(one) for one in run.task.test], run.vocabulary)
    wanted = first_token_logprobs(run.model, run.vocabulary, questions)
    stock: Any = AutoModelForCausalLM.from_pretrained(result.model, dtype=torch.float32)
    splice(stock, run.rows)
    assert np.abs(first_token_logprobs(stock, run.vocabulary, questions) - wanted).max() < 1e-4
    model = bm.load(result.model, soft=result.projector)
    asked = [model.generate(_prompt(run, one), greedy=True, max_new_tokens=8)[0].text for one in run.task.test[:3]]
    assert asked == [text.strip() for text in written_answers(stock, run.vocabulary, questions[:3], 8)]
    with pytest.raises(ConfigurationError, match="was made for the decoder"):
        bm.load(place / "decoder", soft=result.projector)


def _prompt(run: SoftRun, example: Any) -> list[Any]:
    place = iter([bm.Soft(subject(example))])
    return [part if isinstance(part, str) else next(place) for part in run.question(example)]


def test_nothing_is_encoded_while_training(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = SoftRun(recipe(place, "encoded"))

    def refuse(*_: object) -> None:
        raise AssertionError("an entity was encoded inside the data set")

    monkeypatch.setattr(MorganCounts, "vectors_of", refuse)
    assert run.tune().training.finished
    again = SoftRun(recipe(place, "encoded again"))  # vectors are on disk: none is encoded anew
    assert len(again.documents) == len(run.documents)


def test_padding_is_neither_learned_nor_attended_to(place: Path) -> None:
    run = SoftRun(recipe(place, "padding"))
    module = run.trainer.loss_module.eval()
    batch = next(run.trainer.stream)
    assert (batch.weights == 0).any(axis=1).all()
    for row, weights in enumerate(batch.weights):
        end = int(np.flatnonzero(weights)[-1])
        assert batch.labels[row, end] in run.vocabulary.ending_ids  # an end of the answer is learned
        assert not weights[end + 1 :].any()
    tensors = batch_tensors(batch, torch.device("cpu"))
    together = module(**{**tensors, "weights": torch.ones_like(tensors["weights"])}, per_token=True)
    for row in range(len(batch.input_ids)):
        held = int(np.flatnonzero(batch.weights[row])[-1]) + 1
        ids, labels = (torch.from_numpy(each[row : row + 1, :held]) for each in (batch.input_ids, batch.labels))
        alone = module(ids, labels, torch.ones(1, held), per_token=True)
        torch.testing.assert_close(alone[0], together[row, :held], atol=1e-5, rtol=0)


def test_answers_do_not_depend_on_what_is_asked_together(place: Path) -> None:
    run = SoftRun(recipe(place, "together"))
    questions = question_ids([run.question(one) for one in (*run.task.test, *run.train)], run.vocabulary)
    questions = [one[: len(one) - number] for number, one in enumerate(questions[:6])]
    one, many = (first_token_logprobs(run.model, run.vocabulary, questions, size) for size in (1, 6))
    assert np.abs(one - many).max() < 1e-5


def test_a_zeroed_vector_is_refused_by_the_public_path(place: Path) -> None:
    from biomatrix.soft.prompt_part import GivenVectors

    run = SoftRun(recipe(place, "zeroed", run={"max_steps": 1}))
    result = run.tune()
    model = bm.load(str(result.model), soft=str(result.projector))
    with pytest.raises(ConfigurationError, match="all zero"):
        model.generate(["What is ", GivenVectors(np.zeros((1, 64)), "molecule"), "?"])


def test_a_fitted_encoder_travels_with_its_projector(tmp_path: Path) -> None:
    from biomatrix.entities.cell.encoders.expression_pca import ExpressionPCA
    from biomatrix.soft.encoders import open_encoder
    from biomatrix.soft.encoders.beside import keep_beside

    genes = ["ENSG00000000003", "ENSG00000000005", "ENSG00000000419"]
    fitted = ExpressionPCA(genes, np.zeros(3, np.float32), np.eye(3, dtype=np.float32)[:2])
    fitted.save_pretrained(tmp_path / "fitted")
    encoder = open_encoder(f"expression_pca:{tmp_path / 'fitted'},parts=2")
    assert keep_beside(encoder, tmp_path / "projector") == "expression_pca:encoder,parts=2"
    assert open_encoder("expression_pca:encoder,parts=2", beside=tmp_path / "projector").hash == encoder.hash
    assert keep_beside(open_encoder("morgan,bits=64"), tmp_path) == "morgan,bits=64"
    network = open_encoder(f"decoder:{NANO},kind=molecule")
    assert keep_beside(network, tmp_path / "network") == "decoder:encoder,kind=molecule"
    assert keep_beside(network, tmp_path / "network") == "decoder:encoder,kind=molecule"  # and again
    assert open_encoder("decoder:encoder,kind=molecule", beside=tmp_path / "network").hash == network.hash


def binding(folder: Path) -> Path:
    """Write pairs of molecules and proteins as the table of binding has them."""
    rows = [
        f"{smiles},{'MKV' + letters * (2 + at % 7)},{at % 2}"
        for at, smiles in enumerate(["CCO", "CCN", "c1ccccc1", "CCCC"] * 8)
        for letters in ("AG", "WL")
    ]
    place = folder / "interaction" / "drugban_human_random"
    place.mkdir(parents=True)
    (place / "train.csv").write_text("SMILES,Protein,Y\n" + "\n".join(rows) + "\n")
    return folder


def test_a_prompt_shows_two_kinds_by_an_encoder_each(place: Path, tmp_path: Path) -> None:
    task = {"name": "bind_human", "folder": str(binding(tmp_path)), "source": "", "split": "protein.sequence"}
    soft = {"encoder": ["morgan,bits=64", "kmers,length=1"], "layers": 1, "start": "ridge"}
    settings = recipe(place, "binding", task=task, soft=soft, run={"max_steps": 1})
    run = SoftRun(settings)
    assert sorted(run.sources) == ["molecule", "protein"]
    asked = {subject(one, "protein").sequence for one in run.task.test}  # type: ignore[attr-defined]
    assert asked.isdisjoint(subject(one, "protein").sequence for one in run.task.train)  # type: ignore[attr-defined]
    result = run.tune()
    assert result.projector is not None
    assert sorted(path.name for path in result.projector.iterdir()) == ["molecule", "protein"]
    model = bm.load(str(result.model), soft=str(result.projector))
    example = run.task.test[0]
    entities = iter([bm.Soft(subject(example, kind)) for kind in ("molecule", "protein")])
    prompt = [part if isinstance(part, str) else next(entities) for part in run.question(example)]
    (wanted,) = written_answers(run.model, run.vocabulary, question_ids([run.question(example)], run.vocabulary), 4)
    assert model.generate(prompt, greedy=True, max_new_tokens=4)[0].text.strip() == wanted.strip()
    alone = recipe(place, "one kind", task=task, soft={"encoder": "kmers,length=1"})
    shown = SoftRun(alone).question(example)
    assert isinstance(shown[1], tuple)  # the molecule as tokens, since nothing encodes it
    with pytest.raises(ConfigurationError, match="an encoder takes a cell, and the task shows molecule, protein"):
        shown_entities(run.task.train, {"cell": None})
    with pytest.raises(ConfigurationError, match="two encoders take a molecule"):
        SoftRun(recipe(place, "twice", task=task, soft={"encoder": ["morgan,bits=64", "morgan,bits=32"]}))
