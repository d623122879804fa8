"""What is refused is written again and counted; what is asked for is kept, and the best of several is returned."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Self

import pytest

from biomatrix.entities import Entity, Modality, Protein
from biomatrix.entities.automaton import Automaton
from biomatrix.entities.constraint import Constraint
from biomatrix.entities.segment_ids import SegmentIds
from biomatrix.errors import ConfigurationError, UnsupportedError
from biomatrix.generation import Answer, Model, Request, Sampling
from biomatrix.generation.answering import AnsweringEngine
from biomatrix.generation.drafts import best_answer, mean_logprob
from biomatrix.generation.events import Finished, Refused
from biomatrix.generation.jobs import Job, Token, Written
from biomatrix.generation.network_writer import NetworkWriter

SEQUENCE = {"output": "protein_sequence", "length": 6}


@dataclass(frozen=True)
class Without(Constraint):
    """No residue of these letters; told to the automaton only where ``narrows``, so that drafts are refused else."""

    name: ClassVar[str] = "without"
    help: ClassVar[str] = "letters that may not occur"
    example: ClassVar[str] = "WC"
    letters: str
    narrows: bool = True

    @classmethod
    def parse(cls, text: str) -> Self:
        return cls(text)

    def narrow(self, automaton: Automaton, modality: Modality, ids: SegmentIds) -> Automaton:
        if modality.name != "protein_sequence":
            raise ConfigurationError(f"{modality.name} has no letters")
        if not self.narrows:
            return automaton
        kept = {token: id_ for token, id_ in ids.tokens.items() if token[3] not in self.letters}
        return modality.automaton(replace(ids, tokens=kept))

    def fault(self, entity: Entity) -> str | None:
        found = set(self.letters) & set(getattr(entity, "sequence", ""))
        return f"it holds {''.join(sorted(found))}" if found else None


NEVER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
SOME = Without("ACDEFGHIK", narrows=False)


class Spied(NetworkWriter):
    """Notes which jobs were written together."""

    def __init__(self, model: Model) -> None:
        super().__init__(model.network, model.vocabulary)
        self.batches: list[list[Job]] = []

    def write(self, jobs: Sequence[Job], max_rows: int) -> list[Written]:
        self.batches.append(list(jobs))
        return super().write(jobs, max_rows)


@pytest.fixture
def spied(model: Model) -> tuple[Spied, AnsweringEngine]:
    writer = Spied(model)
    return writer, AnsweringEngine(writer, model.vocabulary, model.context_length)


def test_an_automaton_that_keeps_a_constraint_needs_no_second_draft(model: Model) -> None:
    for answer in model.generate("Write.", constraints=[Without("ACDEFGHIK")], num_samples=20, **SEQUENCE):  # type: ignore[arg-type]
        assert isinstance(answer.entity, Protein)
        assert SOME.fault(answer.entity) is None
        assert answer.refused == ()


def test_what_breaks_a_constraint_is_written_again_and_counted(model: Model) -> None:
    answers = model.generate("Write.", constraints=[SOME], num_samples=20, drafts=200, **SEQUENCE)  # type: ignore[arg-type]
    assert all(isinstance(one.entity, Protein) and SOME.fault(one.entity) is None for one in answers)
    assert all(reason.startswith("it holds ") for one in answers for reason in one.refused)
    assert sum(len(one.refused) for one in answers) > 5
    assert len({one.token_ids for one in answers}) > 1


def test_drafts_of_all_samples_are_written_together(spied: tuple[Spied, AnsweringEngine]) -> None:
    writer, engine = spied
    asked = Request("Write.", **SEQUENCE, constraints=[SOME], num_samples=12, drafts=200)  # type: ignore[arg-type]
    other = Request("Write.", **SEQUENCE, num_samples=2)  # type: ignore[arg-type]
    constrained, free = engine.generate([asked, other])
    assert len(writer.batches) == max(len(one.refused) for one in constrained) + 1
    assert len(writer.batches[0]) == 14
    for number, batch in enumerate(writer.batches[1:], start=1):
        assert {job.draft for job in batch} == {number}
        assert len(batch) == sum(len(one.refused) >= number for one in constrained)
    assert all(one.refused == () for one in free)


def test_drafts_do_not_depend_on_the_batch(model: Model) -> None:
    asked = [
        Request(words, **SEQUENCE, constraints=[SOME], num_samples=4, drafts=100)  # type: ignore[arg-type]
        for words in ("Write.", "Write one.", "Make it.")
    ]
    together = model.engine.generate(asked, max_rows=5)
    alone = [model.engine.generate([one])[0] for one in asked]
    for ours, theirs in zip(together, alone, strict=True):
        assert [(a.token_ids, a.refused) for a in ours] == [(a.token_ids, a.refused) for a in theirs]


def test_when_every_draft_fails_the_last_says_why(model: Model) -> None:
    (answer,) = model.generate("Write.", constraints=[Without(NEVER, narrows=False)], drafts=3, **SEQUENCE)  # type: ignore[arg-type]
    assert answer.entity is None
    assert str(answer.error).startswith("it holds ")
    assert len(answer.refused) == 2
    assert answer.segments[0].modality == "protein_sequence"


@pytest.mark.parametrize(("settings", "drafts"), [({}, 16), ({"drafts": 1}, 1), ({"greedy": True}, 1)])
def test_how_many_drafts_there_are(model: Model, settings: dict[str, object], drafts: int) -> None:
    (answer,) = model.generate("Write.", constraints=[Without(NEVER, narrows=False)], **SEQUENCE, **settings)  # type: ignore[arg-type]
    assert len(answer.refused) == drafts - 1


@pytest.mark.parametrize("sampling", [Sampling(greedy=True), Sampling(temperature=0.0)])
def test_greedy_drafts_after_the_first_are_drawn(spied: tuple[Spied, AnsweringEngine], sampling: Sampling) -> None:
    writer, engine = spied
    rule = Without(NEVER, narrows=False)
    engine.generate([Request("Write.", **SEQUENCE, constraints=[rule], drafts=3, sampling=sampling)])  # type: ignore[arg-type]
    chosen = [batch[0].sampling for batch in writer.batches]
    assert [one.is_greedy for one in chosen] == [True, False, False]
    assert {one.temperature for one in chosen[1:]} == {1.0}


def test_an_answer_that_the_budget_ends_is_not_refused(model: Model) -> None:
    for answer in model.generate("Say something.", num_samples=8, max_new_tokens=6):
        assert answer.finish_reason == "stop" or not answer.refused


def test_equal_constraints_share_one_guide(spied: tuple[Spied, AnsweringEngine]) -> None:
    writer, engine = spied
    engine.generate([Request("Write.", **SEQUENCE, constraints=[Without("W")], num_samples=3) for _ in range(4)])  # type: ignore[arg-type]
    engine.generate([Request("Write.", **SEQUENCE, constraints=[Without("W")])])  # type: ignore[arg-type]
    assert len({id(job.guide) for batch in writer.batches for job in batch}) == 1
    engine.generate([Request("Write.", **SEQUENCE, constraints=[Without("C")])])  # type: ignore[arg-type]
    assert writer.batches[-1][0].guide is not writer.batches[0][0].guide


def test_a_modality_that_cannot_keep_a_constraint_is_refused(model: Model) -> None:
    with pytest.raises(ConfigurationError, match="molecule_selfies has no letters"):
        model.generate("Write.", output="molecule_selfies", constraints=[Without("C")])


def test_a_stream_takes_back_what_is_refused(model: Model) -> None:
    asked = {"constraints": [SOME], "drafts": 100, "seed": 3, **SEQUENCE}
    (whole,) = model.generate("Write.", **asked)  # type: ignore[arg-type]
    events = list(model.stream("Write.", **asked))  # type: ignore[arg-type]
    assert [event.reason for event in events if isinstance(event, Refused)] == list(whole.refused)
    (end,) = [event for event in events if isinstance(event, Finished)]
    assert (end.answer.token_ids, end.answer.refused) == (whole.token_ids, whole.refused)


# The best of several


def test_the_best_of_some_is_one_of_the_same_samples(model: Model) -> None:
    every = model.generate("Write.", num_samples=12, **SEQUENCE)  # type: ignore[arg-type]
    best = model.generate("Write.", num_samples=3, best_of=4, **SEQUENCE)  # type: ignore[arg-type]
    for place, answer in enumerate(best):
        candidates = every[4 * place : 4 * place + 4]
        assert answer.token_ids == max(candidates, key=mean_logprob).token_ids
        assert (answer.candidates, answer.score) == (4, pytest.approx(max(map(mean_logprob, candidates)), abs=1e-4))


def test_a_scorer_decides_and_ties_go_to_the_first(model: Model) -> None:
    def tryptophans(answer: Answer) -> float:
        return float(getattr(answer.entity, "sequence", "").count("W"))

    every = model.generate("Write.", num_samples=8, **SEQUENCE)  # type: ignore[arg-type]
    for scorer in (tryptophans, lambda _: 0.0, lambda _: float("nan")):
        (best,) = model.generate("Write.", best_of=8, scorer=scorer, **SEQUENCE)  # type: ignore[arg-type]
        assert best.token_ids == max(every, key=tryptophans if scorer is tryptophans else lambda _: 0).token_ids


def answer_of(error: str | None, logprobs: Sequence[float]) -> Answer:
    return Answer((), None, error, "", tuple(range(len(logprobs))), tuple(logprobs), "stop", None)  # type: ignore[arg-type]


def test_an_answer_with_an_error_loses() -> None:
    bad, good = answer_of("broken", [0.0]), answer_of(None, [-9.0, -7.0])
    chosen = best_answer([bad, good], None)
    assert (chosen.error, chosen.score) == (None, -8.0)
    assert best_answer([bad, bad], None).score is None


@pytest.mark.parametrize("settings", [{"best_of": 2}, {"beams": 2}])
def test_what_is_chosen_at_the_end_is_not_streamed(model: Model, settings: dict[str, int]) -> None:
    with pytest.raises(ConfigurationError, match=f"{next(iter(settings))} cannot be streamed"):
        model.stream("Write.", **settings)  # type: ignore[arg-type]


# Without a guide


def test_unguided_answers_say_what_is_wrong_with_them(model: Model) -> None:
    answers = model.generate("Write.", guided=False, num_samples=30, max_new_tokens=40, **SEQUENCE)  # type: ignore[arg-type]
    start, end = model.vocabulary.start_id("protein_sequence"), model.vocabulary.end_id("protein_sequence")
    padding = set(model.vocabulary.padding_ids(model.num_embeddings).tolist())
    assert padding
    for answer in answers:
        assert answer.token_ids[0] == start
        assert not padding & set(answer.token_ids)
        assert answer.token_ids.count(end) <= 1
        assert (answer.entity is None) == (answer.error is not None)
        assert answer.refused == ()
    assert {answer.error for answer in answers} != {None}


def test_unguided_answers_of_another_length_or_rule_say_so(model: Model) -> None:
    vocabulary = model.vocabulary
    tokens = [*vocabulary.encode_tokens(["<A M>", "<A W>"], "protein_sequence")[1:]]
    engine = AnsweringEngine(Fixed(tokens), vocabulary, 256)
    asked = {"output": "protein_sequence", "guided": False}
    for settings, said in (
        ({"length": 3}, "its length is 2, not 3"),
        ({"length": (3, None)}, "its length is 2, not 3 or more"),
        ({"length": (3, 5)}, "its length is 2, not 3 to 5"),
        ({"length": (1, 5)}, None),
        ({"constraints": [Without("W")]}, "it holds W"),
    ):
        ((answer,),) = engine.generate([Request("Write.", **asked, **settings)])  # type: ignore[arg-type]
        assert answer.error == said
        assert (answer.entity is None) == (said is not None)


class Fixed:
    """Writes the same ids for every job: a writer with nothing but the two methods that it must have."""

    def __init__(self, ids: Sequence[int], complete: bool = True) -> None:
        self._ids = tuple(ids)
        self._complete = complete

    def write(self, jobs: Sequence[Job], max_rows: int) -> list[Written]:
        return [Written(self._ids, (-0.5,) * len(self._ids), self._complete) for _ in jobs]

    def stream(self, jobs: Sequence[Job]) -> Iterator[Token]:
        for number, _ in enumerate(jobs):
            for place, id_ in enumerate(self._ids):
                last = place == len(self._ids) - 1
                yield Token(number, id_, -0.5, last, last and self._complete)


def test_an_engine_needs_two_methods(model: Model) -> None:
    ids = model.vocabulary.encode_tokens(["<A M>", "<A K>"], "protein_sequence")[1:]
    served = Model(AnsweringEngine(Fixed(ids), model.vocabulary, 128), "fixed")
    (answer,) = served.generate("Write.", output="protein_sequence")
    assert isinstance(answer.entity, Protein)
    assert answer.entity.sequence == "MK"
    assert answer.logprob == pytest.approx(-1.5)
    end = list(served.stream("Write.", output="protein_sequence"))[-1]
    assert isinstance(end, Finished)
    assert end.answer.token_ids == answer.token_ids
    assert served.context_length == 128
    with pytest.raises(UnsupportedError, match="does not tell how likely"):
        served.score("Write.", "x")
    with pytest.raises(UnsupportedError, match="searches no beams"):
        served.generate("Write.", beams=2)


class Ranked(Fixed):
    """Finds fixed beams."""

    def __init__(self, rows: Sequence[Sequence[int]]) -> None:
        super().__init__(rows[0])
        self._rows = rows

    def write_beams(self, job: Job, beams: int, count: int, max_rows: int) -> list[Written]:
        return [Written(tuple(row), (-1.0,) * len(row), True) for row in self._rows[:count]]


def sequences_of(answers: list[Answer]) -> list[str]:
    return [getattr(answer.entity, "sequence", "") for answer in answers]


def test_beams_that_break_a_rule_are_passed_over(model: Model) -> None:
    rows = [model.vocabulary.encode_tokens([f"<A {letter}>"], "protein_sequence")[1:] for letter in "WMK"]
    served = Model(AnsweringEngine(Ranked(rows), model.vocabulary, 128), "ranked")
    asked = {"output": "protein_sequence", "beams": 3, "num_samples": 2}
    free = served.generate("Write.", **asked)  # type: ignore[arg-type]
    kept = served.generate("Write.", constraints=[Without("W", narrows=False)], **asked)  # type: ignore[arg-type]
    assert (sequences_of(free), sequences_of(kept)) == (["W", "M"], ["M", "K"])
    assert (free[0].refused, kept[0].refused) == ((), ("it holds W",))


def test_beams_find_what_is_at_least_as_likely_as_greedy(model: Model) -> None:
    (greedy,) = model.generate("Write.", greedy=True, **SEQUENCE)  # type: ignore[arg-type]
    found = model.generate("Write.", beams=8, num_samples=4, **SEQUENCE)  # type: ignore[arg-type]
    assert found[0].logprob >= greedy.logprob - 1e-6
    assert len({answer.token_ids for answer in found}) == 4
    assert [mean_logprob(one) for one in found] == sorted(map(mean_logprob, found), reverse=True)
    for answer in found:
        assert isinstance(answer.entity, Protein)
        assert len(answer.entity) == 6


# Ranges of lengths


@pytest.mark.parametrize("output", ["protein_sequence", "protein_structure", "molecule_selfies", "molecule_structure"])
@pytest.mark.parametrize("length", [(3, 7), (12, None), (None, 4)])
def test_ranges_of_lengths_are_kept(model: Model, output: str, length: tuple[int | None, int | None]) -> None:
    modality = model.vocabulary.modality(output)
    least, most = length[0] or 1, length[1] or 1_000
    for answer in model.generate("Make one.", output=output, length=length, num_samples=8, drafts=1):
        tokens = [model.vocabulary.backend.id_to_token(id_) for id_ in answer.token_ids[1:-1]]
        assert least <= modality.length(tokens) <= most
        assert answer.finish_reason == "stop"
