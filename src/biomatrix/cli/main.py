"""The ``biomatrix`` command: its sub-commands, and how it reports errors."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from biomatrix import __version__
from biomatrix.cli.commands import LazyGroup
from biomatrix.cli.endings import DEBUG_OPTION, refuse_unset_values, run_to_the_end, without_debug
from biomatrix.entities.files.stopping import end_on_signals
from biomatrix.processors import wait_asleep

app = typer.Typer(
    name="biomatrix",
    cls=LazyGroup,
    help="Read and write text and entities, such as molecules and proteins, as tokens of one language model.",
    epilog="Start with: biomatrix quickstart",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _print_version(request: bool) -> None:
    if request:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
    debug: Annotated[
        bool,
        typer.Option(
            DEBUG_OPTION,
            help="Show the traceback of an error; anywhere on the line, or BIOMATRIX_DEBUG=1.",
        ),
    ] = False,
) -> None:
    """Read and write text and entities, such as molecules and proteins, as tokens of one language model."""


def main() -> None:
    """Run the command line; however it ends, no traceback is shown without ``--debug``."""
    wait_asleep()
    end_on_signals()
    arguments, debug = without_debug(sys.argv[1:])
    run_to_the_end(lambda: _run(arguments), debug)


def _run(arguments: list[str]) -> None:
    refuse_unset_values(arguments)
    app(arguments)


if __name__ == "__main__":
    main()
