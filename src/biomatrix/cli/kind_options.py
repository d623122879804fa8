"""Command-line options that kinds declare, looked up when a command runs, so that start-up imports no kind."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import Field, fields
from typing import Annotated, Any, get_type_hints

import typer
from typer.core import TyperCommand
from typer.main import get_command

_SETTINGS = "biomatrix.settings"

OptionsByOwner = Callable[[], Mapping[str, type[Any]]]


def command_with(options: OptionsByOwner) -> type[TyperCommand]:
    """Return a class of command that takes, besides its own options, those of each owner in ``options()``.

    :func:`settings_of` the command's context returns their values. The help names the owners of each option.
    """

    class CommandWithOptions(TyperCommand):
        def get_params(self, ctx: Any) -> list[Any]:
            *own, last = super().get_params(ctx)
            return [*own, *_parameters(options()), last]

    return CommandWithOptions


def settings_of(context: typer.Context) -> dict[str, Any]:
    """Return the values of the owners' options in one run of a command, by name, defaults included."""
    settings: dict[str, Any] = context.meta.get(_SETTINGS, {})
    return settings


def _parameters(options: Mapping[str, type[Any]]) -> list[Any]:
    """Return the options as parameters; several owners share one parameter, with the default of the first."""
    parameters: dict[str, inspect.Parameter] = {}
    words: dict[str, list[str]] = {}
    for owner, declared in options.items():
        for one in fields(declared):
            words.setdefault(one.name, []).append(f"{owner.capitalize()}: {one.metadata['help']}")
            annotation = get_type_hints(declared)[one.name]
            parameters.setdefault(
                one.name,
                inspect.Parameter(
                    one.name,
                    inspect.Parameter.KEYWORD_ONLY,
                    default=one.default,
                    annotation=Annotated[annotation, _declared(one, words[one.name])],
                ),
            )
    if not parameters:
        return []
    return list(_command_of(list(parameters.values())).params)


def _declared(one: Field[Any], words: list[str]) -> Any:
    flags = [one.metadata["flags"]] if one.metadata["flags"] else []
    return typer.Option(
        *flags,
        help=" ".join(words),
        min=one.metadata["least"],
        max=one.metadata["most"],
        callback=_keep,
        expose_value=False,
    )


def _keep(context: typer.Context, parameter: typer.CallbackParam, value: Any) -> Any:
    context.meta.setdefault(_SETTINGS, {})[parameter.name] = value
    return value


def _command_of(parameters: list[inspect.Parameter]) -> Any:
    """Return a command with these parameters: Typer only reads parameters from the signature of a function."""

    def declared() -> None:
        """Nothing runs; the signature is what counts."""

    declared.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    declared.__annotations__ = {one.name: one.annotation for one in parameters}
    app = typer.Typer(add_completion=False)
    app.command()(declared)
    return get_command(app)
