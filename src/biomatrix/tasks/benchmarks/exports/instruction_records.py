"""Instruction-tuning records: a question and its answer as text, entities in the tokens of their modality."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from biomatrix.entities.base_entity import Entity
from biomatrix.entities.modality_registry import modality, modality_names
from biomatrix.errors import ConfigurationError, UnsupportedError
from biomatrix.tasks.benchmarks.answers import gold_answer
from biomatrix.tasks.benchmarks.benchmark import Benchmark
from biomatrix.tasks.benchmarks.examples import Example
from biomatrix.tasks.benchmarks.notations import SMILES
from biomatrix.tasks.benchmarks.wording import question_parts
from biomatrix.tasks.documents import PartItem


@dataclass(frozen=True)
class InstructionRecord:
    """One exchange, in the fields of the released fine-tuning data.

    Parameters
    ----------
    instruction : str
        The question.
    input : str
        What it is about, where that stands apart from it; "" where it is part of it.
    output : str
        The answer.
    history : tuple of (str, str)
        Exchanges before it: question and answer.
    source : str
        Where it comes from: a benchmark, or what the released data say.
    """

    instruction: str
    input: str
    output: str
    history: tuple[tuple[str, str], ...] = ()
    source: str = ""

    @property
    def question(self) -> str:
        """The whole question: the instruction, and the input on a line of its own where there is one."""
        return f"{self.instruction}\n{self.input}" if self.input else self.instruction

    @property
    def fields(self) -> dict[str, Any]:
        """The five fields as JSON values."""
        return asdict(self) | {"history": [list(turn) for turn in self.history]}

    @property
    def messages(self) -> list[dict[str, str]]:
        """The exchange as chat messages, those before it first."""
        turns = (*self.history, (self.question, self.output))
        pairs = [({"role": "user", "content": asked}, {"role": "assistant", "content": said}) for asked, said in turns]
        return [message for pair in pairs for message in pair]


def instruction_record(
    benchmark: Benchmark, example: Example, notation: str = SMILES, seed: int = 0
) -> InstructionRecord:
    """Return the record of an example, its prompt drawn from the pool by the seed and the example's key alone.

    Raises
    ------
    ConfigurationError
        The data hold no answer to it, or it lacks a field that the prompt shows.
    UnsupportedError
        An entity cannot be written in the notation, or its modality needs coordinates that it lacks.
    """
    answer = gold_answer(benchmark, example, notation)
    if answer is None:
        raise ConfigurationError("the data hold no answer to it")
    question = question_parts(benchmark, example, notation, seed=seed).prompt
    return InstructionRecord(written(question), "", answer, source=benchmark.name)


def written(parts: Sequence[PartItem]) -> str:
    """Return parts of a document as text; a model's tokenizer reads the tokens of entities back as such.

    Raises
    ------
    UnsupportedError
        A part is neither text nor an entity, or no modality writes the entity.
    """
    return "".join(part if isinstance(part, str) else _written_entity(part) for part in parts)


def _written_entity(part: PartItem) -> str:
    entity, name = part if isinstance(part, tuple) else (part, None)
    if not isinstance(entity, Entity):
        raise UnsupportedError(f"a part of a prompt is text or an entity, not a {type(entity).__name__}")
    spelling = modality(name or _usual_modality(entity))
    return spelling.start_token + "".join(spelling.encode(entity)) + spelling.end_token


def _usual_modality(entity: Entity) -> str:
    """Return the modality that a vocabulary writes an entity in where none is named."""
    candidates = [modality(name) for name in modality_names(entity.kind)]
    accepted = [each for each in candidates if each.accepts(entity)]
    plain = [each for each in accepted if not each.needs_structure and not each.spelled_as_text]
    for each in plain or accepted:
        return each.name
    raise UnsupportedError(f"no modality writes this {entity.kind}")


def record_of(row: Mapping[str, Any]) -> InstructionRecord:
    """Return the record of a row in the layout of the released data.

    Raises
    ------
    ConfigurationError
        A field is missing, is no text, or the history is no list of exchanges.
    """
    for name in ("instruction", "output"):
        if not isinstance(row.get(name), str):
            raise ConfigurationError(f"the field {name!r} is missing or no text")
    shown, source = row.get("input") or "", row.get("source") or ""
    if not isinstance(shown, str) or not isinstance(source, str):
        raise ConfigurationError("the fields 'input' and 'source' are text")
    return InstructionRecord(row["instruction"], shown, row["output"], _history(row.get("history")), source)


def _history(value: Any) -> tuple[tuple[str, str], ...]:
    if value is None or value == "":
        return ()
    turns = (
        [tuple(turn) if isinstance(turn, list | tuple) else () for turn in value] if isinstance(value, list) else [()]
    )
    if any(len(turn) != 2 or not all(isinstance(text, str) for text in turn) for turn in turns):
        raise ConfigurationError("the field 'history' is no list of exchanges, a question and an answer each")
    return tuple((asked, said) for asked, said in turns)
