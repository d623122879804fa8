"""``biomatrix mcp``: the tools for agents over standard input and output."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from biomatrix.cli.console import Quiet, shown_log
from biomatrix.cli.engine_options import EnforcedBy, EngineName, ServedAs, Url, engine_settings, open_chosen
from biomatrix.cli.tokenizer_options import named_tokenizers
from biomatrix.errors import ConfigurationError

if TYPE_CHECKING:
    from biomatrix.serving.service import Service


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(epilog="Example: biomatrix mcp --print-config")(mcp)


def mcp(
    host: Annotated[
        str | None,
        typer.Argument(metavar="[claude|generic]", help="With --print-config: the form, claude when not given."),
    ] = None,
    model: Annotated[str, typer.Option(help="A shipped name, a folder or a hub id.")] = "nano",
    tokenizer: Annotated[
        list[str] | None,
        typer.Option(
            metavar="[MODALITY=]NAME",
            help="Name or folder of the structure tokenizer of the model's codes, where the model names none; "
            "repeatable.",
        ),
    ] = None,
    engine: EngineName = "transformers",
    url: Url = None,
    served_as: ServedAs = None,
    enforced_by: EnforcedBy = None,
    print_config: Annotated[
        bool, typer.Option("--print-config", help="Print what to paste into the host's configuration, and end.")
    ] = False,
    quiet: Quiet = False,
) -> None:
    """Offer the model's operations as tools of the Model Context Protocol over standard input and output.

    A host, such as a chat or a coding assistant, starts this command and ends it. Standard output holds nothing but the
    protocol; the log goes to standard error. Needs the extra `serve`.
    """
    if host is not None and not print_config:
        raise ConfigurationError(f"{host} is the form of a configuration: give --print-config with it")
    place = engine_settings(engine, url, served_as, enforced_by)
    tokenizers = named_tokenizers(tokenizer or ())
    try:
        from biomatrix.serving.mcp.stdio import HOSTS, host_config, serve_stdio
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] not in ("mcp", "mcp_types", "anyio"):
            raise
        raise ConfigurationError("the tools need the package mcp: pip install 'biomatrix[serve]'") from error
    if print_config:
        form = host or HOSTS[0]
        if form not in HOSTS:
            raise ConfigurationError(f"--print-config {form}: there is {' and '.join(HOSTS)}")
        options = {"--model": model, "--engine": engine, "--url": url, "--served-as": served_as}
        arguments = _arguments({**options, "--enforced-by": enforced_by}, tokenizers)
        typer.echo(json.dumps(host_config(form, arguments), indent=2))
        return
    with shown_log(quiet):
        serve_stdio(lambda: _open(engine, model, tokenizers, place))


def _arguments(options: Mapping[str, str | None], tokenizers: Mapping[str, str]) -> list[str]:
    """Return the command line that starts the same tools."""
    told = [part for name, value in options.items() if value is not None for part in (name, value)]
    return ["mcp", *told, *(part for name, value in tokenizers.items() for part in ("--tokenizer", f"{name}={value}"))]


def _open(engine: str, model: str, tokenizers: Mapping[str, str], place: Mapping[str, Any]) -> Service:
    from biomatrix.generation.model import Model
    from biomatrix.serving.limits import ServingLimits
    from biomatrix.serving.parsing import DirectParser
    from biomatrix.serving.service import Service

    limits = ServingLimits()
    return Service(Model(open_chosen(engine, model, tokenizers, place), model), DirectParser(limits), limits)
