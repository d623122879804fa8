"""``biomatrix soft``: entities as vectors in a prompt: aligned with texts, looked for among them, asked about."""

from __future__ import annotations

import typer

from biomatrix.cli import soft_align, soft_ask, soft_convert, soft_encode, soft_retrieve, soft_tune

app = typer.Typer(
    help="Show entities to a model as vectors of frozen encoders: encode, align with texts, tune, retrieve, ask.",
    epilog=f"Example: {soft_align.EXAMPLE}",
    no_args_is_help=True,
)
soft_encode.register(app)
soft_align.register(app)
soft_retrieve.register(app)
soft_convert.register(app)
soft_tune.register(app)
soft_ask.register(app)


def register(parent: typer.Typer) -> None:
    """Add the command and its sub-commands to the application."""
    parent.add_typer(app, name="soft")


@app.callback()
def soft() -> None:
    """Show entities to a model as vectors of frozen encoders: encode, align with texts, tune, retrieve, ask."""
