"""``biomatrix mcp``: the tools for agents over standard input and output."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from biomatrix.cli.console import Quiet, shown_log
from biomatrix.cli.endings import DEBUG_VARIABLE, run_to_the_end
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
    if print_config:
        options = {"--model": model, "--engine": engine, "--url": url, "--served-as": served_as}
        _print_config(host, {**options, "--enforced-by": enforced_by}, tokenizers)
        return
    if find_spec("mcp") is None:
        raise ConfigurationError("the tools need the package mcp: pip install 'biomatrix[serve]'")
    from biomatrix.serving.mcp.stdio import serve_stdio

    with shown_log(quiet):
        serve_stdio(lambda: _open(engine, model, tokenizers, place), _leave)


def _leave(reason: BaseException) -> NoReturn:
    """End the process at once, with the line and the status that a command ends with."""

    def fail() -> NoReturn:
        raise reason

    status: object = 1
    try:
        run_to_the_end(fail, os.environ.get(DEBUG_VARIABLE, "") not in ("", "0"))
    except SystemExit as ended:
        status = ended.code
    sys.stderr.flush()
    os._exit(status if isinstance(status, int) else 1)


def _print_config(host: str | None, options: Mapping[str, str | None], tokenizers: Mapping[str, str]) -> None:
    """Print what starts the same tools, with the options that were given."""
    from biomatrix.serving.mcp.hosts import HOSTS, host_config

    form = host or HOSTS[0]
    if form not in HOSTS:
        raise ConfigurationError(f"--print-config {form}: there is {' and '.join(HOSTS)}")
    arguments = [part for name, value in options.items() if value is not None for part in (name, value)]
    arguments += [part for name, value in tokenizers.items() for part in ("--tokenizer", f"{name}={value}")]
    typer.echo(json.dumps(host_config(form, ["mcp", *arguments]), indent=2))


def _open(engine: str, model: str, tokenizers: Mapping[str, str], place: Mapping[str, Any]) -> Service:
    from biomatrix.generation.model import Model
    from biomatrix.serving.opening import shared_by_threads
    from biomatrix.serving.parsing import DirectParser
    from biomatrix.serving.service import Service
    from biomatrix.serving.settings import ServingSettings

    settings = ServingSettings(model=model)
    opened = Model(open_chosen(engine, model, tokenizers, place), settings.name)
    return Service(shared_by_threads(opened, settings), DirectParser(settings.limits), settings.limits)
