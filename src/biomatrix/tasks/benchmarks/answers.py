"""From what a model wrote to a prediction, strictly and without guessing; and how a gold answer would be written."""

from __future__ import annotations

from typing import Final

from biomatrix.entities.base_entity import Entity
from biomatrix.entities.base_modality import Modality
from biomatrix.entities.kind_registry import kind, kind_of
from biomatrix.entities.modality_registry import modality
from biomatrix.entities.near_matches import choices
from biomatrix.errors import BioMatrixError, ConfigurationError, DecodeError, LimitError, ParseError
from biomatrix.tasks.benchmarks.answer_readers import READERS, Form, Reader
from biomatrix.tasks.benchmarks.benchmark import Benchmark
from biomatrix.tasks.benchmarks.examples import Example, Prediction
from biomatrix.tasks.benchmarks.notations import SMILES, in_notation, is_notation
from biomatrix.tasks.benchmarks.spelled_answers import between, spoken, tagged
from biomatrix.tasks.parsers import LONGEST_ANSWER, shown
from biomatrix.tasks.templates import fill, placeholders

ENTITY: Final = "entity"
ANSWER_PARSERS: Final = (*READERS, ENTITY)
"""What the ``parser`` of a benchmark may be."""
LONGEST_MOLECULE: Final = 5_000
"""The most characters of a molecule that is read, in either notation: RDKit writes long chains by recursion, and one of
some ten thousand atoms overflows its stack, which ends the process."""
LONGEST_SMILES: Final = 2_000
"""The most characters of its SMILES: the InChI of rings by the thousand takes minutes."""
GOLD: Final = "gold"
"""The fact that holds one right answer, in the official notation, where the data accept any that fulfils a request."""


def prediction_of(
    benchmark: Benchmark,
    raw: str,
    entity: Entity | None = None,
    notation: str = SMILES,
    example: Example | None = None,
) -> Prediction:
    """Return the prediction that an answer states; what is wrong with it is its ``fault``, nothing raises.

    A SMILES string whose chemistry is refused is stated all the same, without an entity: whether it is a molecule is
    for the judge to say, by the rules of its official code.

    Parameters
    ----------
    benchmark : Benchmark
    raw : str
        As it was written, control tokens included; "" where only an entity was given.
    entity : Entity, optional
        The entity that was decoded from it, which counts where the text does not spell it out.
    notation : {"smiles", "selfies"}
        That was asked for.
    example : Example, optional
        The question, for parsers that depend on it: an ``option`` is one of its fact ``options``, a mapping of letters
        to texts.

    Raises
    ------
    ConfigurationError
        The benchmark names no known parser or output, or what its output needs (a structure tokenizer) is missing.
    """
    text = spoken(raw[: LONGEST_ANSWER + 1])
    if not text and entity is None:
        return Prediction("", None, "an empty answer")
    try:
        if len(raw) > LONGEST_ANSWER:
            raise LimitError(f"an answer of {len(raw):,} characters: at most {LONGEST_ANSWER:,} are read")
        if benchmark.task.parser == ENTITY:
            return _entity_prediction(in_notation(_output(benchmark), notation), text, entity)
        return Prediction(_reader(benchmark)(text, _form(benchmark, example)), entity)
    except ConfigurationError:
        raise
    except BioMatrixError as error:
        return Prediction(text[:LONGEST_ANSWER], None, error.describe())


def gold_answer(benchmark: Benchmark, example: Example, notation: str = SMILES) -> str | None:
    """Return a right answer as a model would write it: the first reference, the target, or the fact ``gold``.

    None where the data hold none, as for unconditional generation.

    Raises
    ------
    UnsupportedError, ParseError
        It cannot be written in the notation, or is malformed.
    """
    written = example.references[0] if example.references else example.facts.get(GOLD)
    if benchmark.task.output is None:
        return None if written is None else _filled(benchmark, example, str(written))
    spelling = modality(in_notation(benchmark.task.output, notation))
    target = example.target
    if target is None:
        if written is None:
            return None
        target = kind(spelling.kind).parse(str(written))
    return spelling.start_token + "".join(spelling.encode(target)) + spelling.end_token


def _reader(benchmark: Benchmark) -> Reader:
    name = benchmark.task.parser
    if name not in READERS:
        raise ConfigurationError(f"{benchmark.name}: no parser {name!r}; {choices(name, ANSWER_PARSERS)}")
    return READERS[name]


def _output(benchmark: Benchmark) -> str:
    if benchmark.task.output is None:
        raise ConfigurationError(f"{benchmark.name}: an answer that is an entity needs an output, and none is given")
    return benchmark.task.output


def _form(benchmark: Benchmark, example: Example | None) -> Form:
    options = {} if example is None else example.facts.get("options", {})
    return Form(benchmark.task.unit, benchmark.task.choices, options)


def _filled(benchmark: Benchmark, example: Example, written: str) -> str:
    """Return the answer's template with the reference in the placeholder that the example does not fill."""
    values = {name: value for name, value in example.fields.items() if isinstance(value, str)}
    names = placeholders(benchmark.task.answer)
    return "".join(fill(benchmark.task.answer, {name: values.get(name, written) for name in names}))


def _entity_prediction(name: str, text: str, entity: Entity | None) -> Prediction:
    spelling = modality(name)
    if entity is not None and (not text or not is_notation(name)):
        return Prediction(kind_of(entity).text(entity), entity)
    bare = between(text, spelling.start_token, spelling.end_token)
    if bare is None:
        bare = tagged(text, ("SMILES", "SELFIES") if is_notation(name) else ())
    if not bare:
        return Prediction("", None, "an empty answer")
    if is_notation(name):
        _check_length(bare, LONGEST_SMILES if spelling.spelled_as_text else LONGEST_MOLECULE)
    try:
        found = _decoded(spelling, bare)
    except (DecodeError, ParseError, LimitError) as error:
        is_word = spelling.spelled_as_text and len(bare.split()) == 1
        return Prediction(bare, None, "" if is_word else error.describe())
    official = bare if spelling.spelled_as_text else kind_of(found).text(found)
    if is_notation(name):
        _check_length(official, LONGEST_SMILES)
    return Prediction(official, found)


def _check_length(molecule: str, most: int) -> None:
    if len(molecule) > most:
        raise LimitError(f"a molecule of {len(molecule):,} characters: at most {most:,} are read")


def _decoded(spelling: Modality, bare: str) -> Entity:
    """Return the entity that a text spells: in tokens, or as a person types it where it holds no token at all."""
    tokens = spelling.split(bare)
    typed = not spelling.spelled_as_text and not any(map(spelling.token_pattern.fullmatch, tokens))
    if typed and is_notation(spelling.name):
        raise ParseError(f"no {spelling.name}: found {shown(bare)}")
    return kind(spelling.kind).parse(bare) if typed else spelling.decode(tokens)
