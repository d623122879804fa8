"""The ``biomatrix`` command: its sub-commands, and how it reports errors."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from biomatrix import __version__
from biomatrix.cli import corpus, decode, doctor, encode, generate, models, quickstart, tasks, tokenizer, training
from biomatrix.errors import BioMatrixError
from biomatrix.processors import wait_asleep

app = typer.Typer(
    name="biomatrix",
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
) -> None:
    """Read and write text and entities, such as molecules and proteins, as tokens of one language model."""


for command in (quickstart, encode, decode, generate, corpus, training, models):
    command.register(app)
app.add_typer(doctor.app, name="doctor")
app.add_typer(tokenizer.app, name="tokenizer")
app.add_typer(tasks.app, name="tasks")


def main() -> None:
    """Run the command line; an error of the package prints one line and exits with 1."""
    wait_asleep()
    try:
        app()
    except BioMatrixError as error:
        typer.echo(f"biomatrix: {error}", err=True)
        sys.exit(1)
    except BrokenPipeError:
        # The reader of the pipe has closed it, as `head` does; nobody would read a message.
        sys.stderr.close()
        sys.exit(141)


if __name__ == "__main__":
    main()
