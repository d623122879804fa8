"""How likely the model finds something, and how it sees it."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

from biomatrix.serving.schemas.answers import Number, ToldModel, ToldToken
from biomatrix.serving.schemas.asking import Prompt
from biomatrix.serving.schemas.entities import GivenEntity


class ScoreAsked(BaseModel):
    """A request, and an answer whose likelihood is wanted."""

    model_config = ConfigDict(extra="forbid")

    prompt: Prompt
    continuation: Annotated[
        str | list[str | GivenEntity], Field(description="The answer: text and entities; an entity is written whole.")
    ]
    system: Annotated[str | None, Field(description="A system turn before the request.")] = None


class ScoreTold(BaseModel):
    """How likely a continuation is."""

    logprob: Annotated[Number, Field(description="Of all its tokens, in nats, among all tokens of the vocabulary.")]
    perplexity: Annotated[Number, Field(description="Exponential of the mean negative log-probability of a token.")]
    tokens: Annotated[list[ToldToken], Field(description="Its tokens, each with its log-probability.")]
    model: Annotated[ToldModel, Field(description="What judged it.")]


class EmbedAsked(BaseModel):
    """Entities or texts, whose vectors are wanted."""

    model_config = ConfigDict(extra="forbid")

    entities: Annotated[
        list[GivenEntity] | None, Field(description="Each shown in its modality, or else in its usual one.")
    ] = None
    texts: Annotated[list[str] | None, Field(description="In place of entities.")] = None
    per_token: Annotated[bool, Field(description="Also return the vector of every token.")] = False

    @model_validator(mode="after")
    def _is_one_of_two(self) -> EmbedAsked:
        if bool(self.entities) == bool(self.texts):
            raise ValueError("give entities or texts, one of the two")
        return self


class TokenVectors(BaseModel):
    """The vectors of the tokens of one item."""

    tokens: Annotated[list[ToldToken], Field(description="In order, each with the residue or atom it writes.")]
    vectors: Annotated[list[list[float]], Field(description="One for each token.")]


class EmbedTold(BaseModel):
    """Vectors of entities or texts."""

    embeddings: Annotated[list[list[float]], Field(description="One for each item, in order.")]
    dimension: Annotated[int, Field(description="Numbers in each.")]
    pooling: Annotated[str, Field(description="What an embedding is, in words.")]
    per_token: Annotated[list[TokenVectors] | None, Field(description="Of each item; null unless asked.")] = None
    model: Annotated[ToldModel, Field(description="What made them.")]
