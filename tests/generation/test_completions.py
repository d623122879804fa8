"""What servers answer, read into fields of known types or refused with the address."""

from __future__ import annotations

import json
from typing import Any

import pytest

from biomatrix.errors import ConfigurationError, ServerError
from biomatrix.generation.completions import read_choices, read_piece
from biomatrix.generation.json_client import JsonClient, _asked_wait, _json_or_none

ADDRESS = "http://localhost:8000/v1/completions"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("text", "\ud800"),
        ("text", None),
        ("index", None),
        ("token_ids", ["a"]),
        ("token_ids", [None]),
        ("token_ids", {}),
        ("token_ids", [True]),
        ("logprobs", []),
        ("logprobs", "x"),
        ("logprobs", {"token_logprobs": ["x"]}),
        ("logprobs", {"token_logprobs": {}}),
        ("logprobs", {"tokens": 5}),
        ("finish_reason", 5),
        ("stop_reason", [1]),
    ],
)
def test_a_field_of_another_type_is_an_error_of_the_server(field: str, value: Any) -> None:
    with pytest.raises(ServerError, match=ADDRESS):
        read_choices({"choices": [{"text": "C", "index": 0, field: value}]}, ADDRESS)


@pytest.mark.parametrize("answer", [None, 5, "x", [], {}, {"choices": 5}, {"choices": ["x"]}, {"choices": [None]}])
def test_what_is_no_completion_is_an_error_of_the_server(answer: Any) -> None:
    with pytest.raises(ServerError, match=ADDRESS):
        read_choices(answer, ADDRESS)


def test_choices_are_read_in_their_order() -> None:
    told = [
        {"index": 1, "text": "N"},
        {"index": 0, "text": "C", "logprobs": {"token_logprobs": [None, -1], "tokens": ["token_id:4", "token_id:7"]}},
    ]
    first, second = map(read_piece, read_choices({"choices": told}, ADDRESS))
    assert (first.text, first.ids, first.logprobs[1]) == ("C", (4, 7), -1.0)
    assert (second.text, second.ids) == ("N", None)


@pytest.mark.parametrize(
    "settings",
    [
        {"api_key": "é€"},
        {"api_key": "a\nb"},
        {"timeout": -1},
        {"timeout": float("nan")},
        {"timeout": "x"},
        {"timeout": 1e20},
        {"base_url": "http://[::1"},
        {"base_url": f"http://{'a' * 70}.com"},
        {"base_url": "http://\ud800/"},
        {"base_url": "ftp://localhost"},
        {"base_url": "http://localhost:99999/"},
    ],
)
def test_settings_that_no_request_can_carry_are_refused(settings: dict[str, Any]) -> None:
    plain: dict[str, Any] = {"base_url": "http://localhost:8000", "api_key": None, "timeout": 5.0, "retries": 0}
    with pytest.raises(ConfigurationError):
        JsonClient(**(plain | settings))


def test_deeply_nested_bodies_are_no_json() -> None:
    client = JsonClient("http://localhost:8000", None, 5.0, 0)
    with pytest.raises(ServerError, match="no JSON"):
        client._parsed("models", b"[" * 200_000)
    assert isinstance(_json_or_none(b"[" * 200_000), str)
    assert client._parsed("models", json.dumps({"data": []})) == {"data": []}


def test_a_wait_that_is_no_number_is_not_waited_for() -> None:
    assert _asked_wait({"Retry-After": "nan"}) is None
    assert _asked_wait({"Retry-After": "3"}) == 3.0
