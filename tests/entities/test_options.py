"""Options as data: those of others are refused, defaults ask for nothing, and the command line offers all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import pytest
import typer
from typer.testing import CliRunner

from biomatrix.cli.kind_options import command_with, settings_of
from biomatrix.entities.options import chosen_options, defaults, option
from biomatrix.errors import ConfigurationError


@dataclass(frozen=True)
class Leaves:
    size: float = option(0.5, "how large.", least=0.0, most=1.0)
    green: bool | None = option(None, "which colour.", flags="--green/--red")


@dataclass(frozen=True)
class Stones:
    size: float = option(2.0, "how large.")
    cut: Literal["round", "square"] | None = option(None, "which cut.")


OWNERS = {"leaves": Leaves, "stones": Stones}


def test_options_of_others_are_refused_unless_at_their_default() -> None:
    assert chosen_options(Leaves, "leaves", {"size": 0.1, "cut": None}, {"stones": Stones}, "the bag") == Leaves(0.1)
    with pytest.raises(ConfigurationError, match="the option cut is for stones; the bag holds leaves"):
        chosen_options(Leaves, "leaves", {"cut": "round"}, {"stones": Stones}, "the bag")
    with pytest.raises(ConfigurationError, match="no option weight; leaves take: size, green"):
        chosen_options(Leaves, "leaves", {"weight": 1}, {"stones": Stones}, "the bag")
    assert defaults(Stones) == {"size": 2.0, "cut": None}


@pytest.fixture
def app() -> typer.Typer:
    application = typer.Typer(add_completion=False)

    @application.command(cls=command_with(lambda: OWNERS))
    def show(context: typer.Context, times: Annotated[int, typer.Option(help="How often.")] = 1) -> None:
        typer.echo(sorted(settings_of(context).items()) * times)

    return application


def test_the_command_line_takes_declared_options_beside_its_own(app: typer.Typer) -> None:
    result = CliRunner().invoke(app, ["--size", "0.25", "--red", "--cut", "square", "--times", "1"])
    assert result.exit_code == 0, result.output
    assert result.output.strip() == "[('cut', 'square'), ('green', False), ('size', 0.25)]"
    untouched = CliRunner().invoke(app, [])
    assert untouched.output.strip() == "[('cut', None), ('green', None), ('size', 0.5)]"


@pytest.mark.parametrize("wrong", [["--size", "3"], ["--cut", "oval"], ["--weight", "1"]])
def test_values_out_of_range_and_unknown_options_are_usage_errors(app: typer.Typer, wrong: list[str]) -> None:
    assert CliRunner().invoke(app, wrong).exit_code == 2


def test_help_says_whose_an_option_is(app: typer.Typer) -> None:
    output = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "200"}).output
    assert "Leaves: how large." in output
    assert "Stones: which cut." in output
