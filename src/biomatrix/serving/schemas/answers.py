"""Answers as they go out: what was written, what it is worth, and everything needed to have it again."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from biomatrix.serving.schemas.entities import ToldEntity

Number = float | None
"""A number as JSON has it: null where it is not finite or not known."""


class ToldCheck(BaseModel):
    """The answer to one question about an entity."""

    name: Annotated[str, Field(description="What is asked, such as closed shell.")]
    passed: Annotated[bool | None, Field(description="Whether it is so; null where it could not be told.")]
    value: Annotated[Number, Field(description="The figure it rests on, in unit; null without one.")] = None
    unit: Annotated[str, Field(description="Of the value, such as Angstrom.")] = ""
    threshold: Annotated[
        Number, Field(description="What the value is held against, in unit; null where the check does not say.")
    ] = None
    detail: Annotated[str, Field(description="More, in words.")] = ""


class ToldToken(BaseModel):
    """One token, and the residue or atom that it stands for."""

    id: Annotated[int | None, Field(description="In the model's vocabulary; null where that does not hold it.")]
    text: Annotated[str, Field(description="As the tokenizer spells it.")]
    modality: Annotated[str | None, Field(description="Of the segment it stands in; null for text.")] = None
    unit: Annotated[int | None, Field(description="The first residue or atom it writes, from 0; null for none.")] = None
    units: Annotated[list[int], Field(description="All residues or atoms it writes, from 0.")] = []
    entity: Annotated[
        int | None, Field(description="Of which entity: 0 the answer's, n the one at others[n - 1]; null for none.")
    ] = None
    logprob: Annotated[
        Number, Field(description="In nats, among the tokens that were allowed, at temperature 1; null if unknown.")
    ] = None


class ToldSegment(BaseModel):
    """One part of an answer: text, an entity, or what failed."""

    modality: Annotated[str | None, Field(description="What it is written in; null for text.")]
    text: Annotated[str, Field(description="As the tokenizer spells it, control tokens included.")]
    start: Annotated[int, Field(description="Its first token, from 0.")]
    stop: Annotated[int, Field(description="One past its last token.")]
    entity: Annotated[
        int | None, Field(description="Which entity it spells: 0 the answer's, n the one at others[n - 1].")
    ] = None
    error: Annotated[str | None, Field(description="Why it spells nothing; null where it does.")] = None
    units: Annotated[
        list[Number],
        Field(description="Log-probability of each residue or atom in nats; null where no token writes it."),
    ] = []


class ToldConfidence(BaseModel):
    """How sure one may be of an answer."""

    line: Annotated[str, Field(description="All of it in one line, without the answer.")]
    calibrated: Annotated[bool, Field(description="Whether held-out records say how often such answers are right.")]
    probability: Annotated[Number, Field(description="Geometric mean probability of a token, from 0 to 1.")]
    interval: Annotated[list[Number] | None, Field(description="Of a number, low and high, in its unit.")] = None
    labels: Annotated[list[str] | None, Field(description="Of a choice: what the truth is among.")] = None
    chance: Annotated[Number, Field(description="Of a choice: how often such an answer comes true.")] = None
    coverage: Annotated[Number, Field(description="How often the interval or labels hold the truth.")] = None
    abstained: Annotated[
        str | None, Field(description="Why the answer is held back as unknown; null where it is given.")
    ] = None
    agreement: Annotated[Number, Field(description="Share of the samples that mean the same.")] = None
    entropy: Annotated[Number, Field(description="Of the meanings of the samples, in nats.")] = None
    doubts: Annotated[list[str], Field(description="Why to doubt it, one phrase each.")] = []


class ToldRefused(BaseModel):
    """The drafts that were written before an answer, and refused."""

    count: Annotated[int, Field(description="How many.")] = 0
    reasons: Annotated[list[str], Field(description="Why, one for each.")] = []


class ToldAnswer(BaseModel):
    """One answer of a model: one sample of a request."""

    text: Annotated[str, Field(description="As text; entities as their tokens, control pair included.")]
    entity: Annotated[ToldEntity | None, Field(description="The entity asked for; of text the first in it.")]
    others: Annotated[list[ToldEntity], Field(description="The other entities of the answer, in order.")] = []
    error: Annotated[str | None, Field(description="What is wrong with it; null where all is well.")]
    value: Annotated[
        float | bool | str | None, Field(description="What a text says: a number, yes or no, a choice; else null.")
    ] = None
    segments: Annotated[list[ToldSegment], Field(description="Its typed parts, in order.")]
    tokens: Annotated[list[ToldToken], Field(description="Its tokens, in order.")]
    logprob: Annotated[Number, Field(description="Of the tokens that were written, in nats.")]
    finish_reason: Annotated[
        Literal["stop", "length"], Field(description="stop: complete; length: cut by the budget of tokens.")
    ]
    checks: Annotated[list[ToldCheck], Field(description="Whether it is sound.")]
    verdict: Annotated[str, Field(description="The checks in one line; empty where none were made.")]
    confidence: Annotated[ToldConfidence, Field(description="How sure one may be of it.")]
    notes: Annotated[list[str], Field(description="What the entities of the prompt lost when they were written.")] = []
    refused: Annotated[ToldRefused, Field(description="Drafts written before it and refused.")] = ToldRefused()
    candidates: Annotated[int, Field(description="How many answers it is the best of.")] = 1
    score: Annotated[Number, Field(description="By which it was chosen among them.")] = None
    sample: Annotated[int, Field(description="Its number among the samples of the request, from 0.")] = 0
    seed: Annotated[int, Field(description="Of the request.")] = 0


class ToldModel(BaseModel):
    """The model that answered, told so that another is told from it."""

    name: Annotated[str, Field(description="As it was opened.")]
    hash: Annotated[str | None, Field(description="Of its weights; null where the engine does not know them.")]
    vocabulary: Annotated[str, Field(description="SHA-256 of every token and its id.")]
    structure_tokenizers: Annotated[
        dict[str, str | None], Field(description="Fingerprint of the structure tokenizer of each modality with one.")
    ]
    context_length: Annotated[int, Field(description="The most tokens of prompt and answer together.")]
    version: Annotated[str, Field(description="Of biomatrix.")]


class AnswersTold(BaseModel):
    """The answers to one request, and everything needed to have them again."""

    answers: Annotated[list[ToldAnswer], Field(description="One for each sample.")]
    model: Annotated[ToldModel, Field(description="What answered.")]
    asked: Annotated[
        dict[str, Any], Field(description="The request with every default filled in, as generate takes it.")
    ]
    seconds: Annotated[float, Field(description="From the request to the answers.")]
