"""What clients of OpenAI send, with this server's own fields beside it (``extra_body`` of the Python client)."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from biomatrix.serving.problems import Problem

Whole = Annotated[int, Field(ge=1, le=1 << 24)]
Seed = Annotated[int, Field(ge=-(1 << 63), lt=1 << 63)]

_PASSED_OVER: Final = (
    "user",
    "metadata",
    "store",
    "service_tier",
    "safety_identifier",
    "prompt_cache_key",
    "prompt_cache_retention",
    "parallel_tool_calls",
    "reasoning_effort",
    "verbosity",
)
"""Fields that change nothing of an answer."""
_NOT_SERVED: Final = {
    "tools": ([], None),
    "tool_choice": (None, "none", "auto"),
    "functions": ([], None),
    "function_call": (None, "none", "auto"),
    "response_format": (None, {"type": "text"}),
    "logit_bias": (None, {}),
    "presence_penalty": (None, 0),
    "frequency_penalty": (None, 0),
    "modalities": (None, ["text"]),
    "audio": (None,),
    "prediction": (None,),
    "web_search_options": (None,),
    "suffix": (None, ""),
    "echo": (None, False),
}
"""Fields that would change it, and the values that ask for nothing."""


class StreamOptions(BaseModel):
    """What a stream carries besides."""

    model_config = ConfigDict(extra="ignore")

    include_usage: bool = False


class Asked(BaseModel):
    """What both kinds of completion share."""

    model_config = ConfigDict(extra="allow")

    model: str
    n: Whole = 1
    seed: Annotated[Seed | None, Field(description="Another one each time when null; the answer tells it.")] = None
    stop: str | list[str] | None = None
    max_tokens: Whole | None = None
    temperature: Annotated[float | None, Field(ge=0, le=100)] = None
    top_p: Annotated[float | None, Field(gt=0, le=1)] = None
    stream: bool | None = False
    stream_options: StreamOptions | None = None
    output: Annotated[
        str | list[str] | None, Field(description="Own field: the modality, or several, that the answer is written in.")
    ] = None
    length: Annotated[
        Whole | tuple[Whole | None, Whole | None] | None, Field(description="Own field: of an answer in a modality.")
    ] = None
    constraints: Annotated[
        list[str], Field(max_length=64, description="Own field: such as elements=C8N1O3; kinds lists them.")
    ] = []
    drafts: Annotated[
        Whole | None, Field(description="Own field: the most drafts of an answer, of which the last is returned.")
    ] = None
    read_entities: Annotated[
        bool, Field(description="Own field: whether segments in control tokens are entities in the user's text too.")
    ] = False

    @property
    def stops(self) -> tuple[str, ...]:
        """The strings at which an answer ends; empty ones end nothing."""
        given = [self.stop] if isinstance(self.stop, str) else self.stop or []
        return tuple(one for one in given if one)

    @property
    def most_tokens(self) -> int | None:
        """The longest answer."""
        return self.max_tokens

    def check(self, model: str) -> None:
        """Raise Problem (400, 404) for another model, a field nobody knows, or one that is not served."""
        if self.model != model:
            where = {"field": "model", "record": None, "position": None}
            raise Problem(404, "model_not_found", f"this server has the model {model!r} and no other", where=where)
        for name, value in (self.model_extra or {}).items():
            where = {"field": name[:80], "record": None, "position": None}
            if name in _NOT_SERVED and not any(value == one for one in _NOT_SERVED[name]):
                raise Problem(400, "unsupported_field", f"{name} is not served; leave it out", where=where)
            if name not in _NOT_SERVED and name not in _PASSED_OVER:
                raise Problem(400, "unknown_field", f"unrecognised request argument: {name[:80]}", where=where)


class Message(BaseModel):
    """One turn of a conversation: text, or parts of text and entities."""

    model_config = ConfigDict(extra="ignore")

    role: Literal["system", "developer", "user", "assistant"]
    content: str | list[dict[str, Any]] | None = None


class ChatAsked(Asked):
    """A conversation that ends with the user's turn."""

    messages: Annotated[list[Message], Field(min_length=1, max_length=1_000)]
    max_completion_tokens: Whole | None = None
    logprobs: bool | None = False
    top_logprobs: Annotated[int | None, Field(ge=0, le=20)] = None

    @property
    def most_tokens(self) -> int | None:
        """The longest answer."""
        return self.max_completion_tokens or self.max_tokens


class CompletionAsked(Asked):
    """Documents to go on with."""

    prompt: Annotated[str | list[str], Field(description="Text, which stays text; ids of tokens are not taken.")] = ""
    logprobs: Annotated[int | None, Field(ge=0, le=20)] = None
    best_of: Whole | None = None

    @property
    def prompts(self) -> list[str]:
        """Each document to go on with."""
        return [self.prompt] if isinstance(self.prompt, str) else self.prompt
