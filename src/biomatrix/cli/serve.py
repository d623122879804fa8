"""``biomatrix serve``: API, page and agents' tools on this machine, or behind keys for others."""

from __future__ import annotations

import gc
import logging
import os
import socket
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import fields, replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from biomatrix.cli.engine_options import EngineName, ServedAs, SoftFolders, Url, engine_settings
from biomatrix.cli.tokenizer_options import named_tokenizers
from biomatrix.errors import ConfigurationError

if TYPE_CHECKING:
    from biomatrix.serving.limits import ServingLimits
    from biomatrix.serving.settings import ServingSettings

_NEEDED: Final = ("fastapi", "uvicorn", "prometheus_client", "multipart")
_KEEP_ALIVE: Final = 30
"""Seconds for which an idle connection is kept."""
_BACKLOG: Final = 2048
_ORDERLY_SECONDS: Final = 5.0
"""How long the end may take beyond the work that goes on, before what is stuck is dropped."""
_LOOK_SECONDS: Final = 0.2
"""Between two looks at whether the server was asked to end."""

app = typer.Typer(
    help="Serve a model: API, web page and agents' tools.",
    epilog="Example: biomatrix serve --model nano --port 8000",
    invoke_without_command=True,
)
keys_app = typer.Typer(help="Keys of a server.", no_args_is_help=True)
app.add_typer(keys_app, name="keys")


def register(parent: typer.Typer) -> None:
    """Add the command and its sub-commands to the application."""
    parent.add_typer(app, name="serve")


@app.callback(epilog="Example: biomatrix serve --model nano --port 8000")
def serve(
    context: typer.Context,
    model: Annotated[str, typer.Option(help="A shipped name, a folder or a hub id.")] = "nano",
    name: Annotated[
        str | None, typer.Option(help="What clients call the model; the last part of --model when not given.")
    ] = None,
    engine: EngineName = "transformers",
    url: Url = None,
    served_as: ServedAs = None,
    tokenizer: Annotated[
        list[str] | None,
        typer.Option(metavar="[MODALITY=]NAME", help="Structure tokenizer, where the model names none; repeatable."),
    ] = None,
    device: Annotated[str | None, typer.Option(help="Such as cuda; a GPU where there is one.")] = None,
    dtype: Annotated[str | None, typer.Option(help="Such as bfloat16.")] = None,
    host: Annotated[
        str, typer.Option(help="The address to listen on; others than loopback need --keys.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="0 takes a free one.")] = 8000,
    keys: Annotated[Path | None, typer.Option(help="A file of keys; see biomatrix serve keys.")] = None,
    no_auth: Annotated[bool, typer.Option("--no-auth", help="Let everybody in who reaches the address.")] = False,
    cors: Annotated[
        list[str] | None, typer.Option(metavar="ORIGIN", help="A site whose pages may ask this server; repeatable.")
    ] = None,
    allow_host: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="A name besides loopback for a server without keys; repeatable."),
    ] = None,
    at_most: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="Such as atoms=500 or seconds=60; repeatable. Wrong names list all."),
    ] = None,
    max_rows: Annotated[int, typer.Option(help="The most answers written together.")] = 64,
    parsers: Annotated[int, typer.Option(help="Processes that read outside files.")] = 2,
    screen: Annotated[
        str | None, typer.Option(metavar="MODULE:FUNCTION", help="A rule of your own that may refuse a request.")
    ] = None,
    jobs: Annotated[Path | None, typer.Option(help="The database of jobs; in the user's cache when not given.")] = None,
    stateless_mcp: Annotated[
        bool, typer.Option("--stateless-mcp", help="Agents' tools keep no sessions, so that any replica can answer.")
    ] = False,
    soft: SoftFolders = None,
    soft_vectors: Annotated[
        bool, typer.Option("--soft-vectors", help="Let prompts hold vectors encoded elsewhere, not entities alone.")
    ] = False,
    stop_seconds: Annotated[float, typer.Option(help="How long accepted work may go on at the end.")] = 20.0,
    log_content: Annotated[bool, typer.Option("--log-content", help="Let the log hold what requests hold.")] = False,
) -> None:
    """Serve a model: API, web page and agents' tools."""
    if context.invoked_subcommand is not None:
        return
    _require_extra()
    from biomatrix.serving.settings import ServingSettings

    place: dict[str, Any] = engine_settings(engine, url, served_as, None)
    place |= {f"{modality}_tokenizer": one for modality, one in named_tokenizers(tokenizer or ()).items()}
    place |= {key: value for key, value in (("device", device), ("dtype", dtype)) if value is not None}
    settings = ServingSettings(
        model=model,
        served_as=name,
        engine=engine,
        engine_settings=place,
        host=host,
        port=port,
        keys=keys,
        no_auth=no_auth,
        origins=tuple(cors or ()),
        hosts=tuple(allow_host or ()),
        limits=limits_of(at_most or ()),
        max_rows=max_rows,
        parsers=parsers,
        screen=screen,
        jobs=_jobs_of(jobs),
        stateless_tools=stateless_mcp,
        soft=tuple(soft or ()),
        soft_vectors=soft_vectors,
        stop_seconds=stop_seconds,
        log_content=log_content,
    )
    settings.check()
    run(settings)


@keys_app.command(epilog="Example: biomatrix serve keys new alice --file keys.txt --rate 600")
def new(
    name: Annotated[str, typer.Argument(help="Whose key it is, for the log.")],
    file: Annotated[Path, typer.Option(help="The file that gets its hash.")] = Path("biomatrix-keys.txt"),
    rate: Annotated[int, typer.Option(help="The most requests a minute.")] = 600,
    concurrency: Annotated[int, typer.Option(help="The most requests at once.")] = 64,
) -> None:
    """Make a key: print it, this once, and keep its hash."""
    from biomatrix.serving.keys import add_key, new_key

    secret, key = new_key(name, rate, concurrency)
    add_key(file, key)
    typer.echo(secret)
    typer.echo(f"its hash is in {file}; the key itself is not kept anywhere", err=True)


def _jobs_of(given: Path | None) -> Path:
    from biomatrix.user_cache import user_cache

    if given is not None:
        return given
    folder = user_cache()
    folder.mkdir(parents=True, exist_ok=True)
    return folder / "jobs.sqlite"


def limits_of(words: list[str] | tuple[str, ...]) -> ServingLimits:
    """Return the limits with those that a user names changed; ConfigurationError for a wrong one."""
    from biomatrix.entities.near_matches import choices
    from biomatrix.serving.limits import ServingLimits

    limits = ServingLimits()
    known = {one.name: type(getattr(limits, one.name)) for one in fields(limits)}
    for word in words:
        name, _, value = word.partition("=")
        if name not in known:
            raise ConfigurationError(f"--at-most {word[:80]}: no limit has this name; {choices(name, known)}")
        try:
            number = known[name](value)
        except ValueError as error:
            raise ConfigurationError(f"--at-most {word[:80]}: give a number, as in {name}=100") from error
        if not 0 < number < float("inf"):
            raise ConfigurationError(f"--at-most {word[:80]}: a limit is a number above 0")
        limits = replace(limits, **{name: number})
    return limits


def run(settings: ServingSettings) -> None:
    """Serve until the process is asked to end; ConfigurationError where the address is taken."""
    began = time.monotonic()
    # what is imported stays: to look through it for garbage, again and again, takes a tenth of the time to be ready
    gc.disable()
    listening = _listen(settings)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)

    import uvicorn

    from biomatrix.serving.app import create_app

    application = create_app(settings, failed=lambda error: _stop(server))
    config = uvicorn.Config(
        application,
        log_config=None,
        access_log=False,
        log_level="warning",
        server_header=False,
        backlog=_BACKLOG,
        timeout_keep_alive=_KEEP_ALIVE,
        timeout_graceful_shutdown=max(1, round(settings.stop_seconds)),
    )
    server = uvicorn.Server(config)
    opening = application.state.serving.opening
    host, port = listening.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    ready: Callable[[], None] = lambda: typer.echo(  # noqa: E731
        f"{settings.name} is served at http://{shown}:{port} (ready after {time.monotonic() - began:.1f} s)", err=True
    )
    opening.when_ready(_collect_garbage)
    opening.when_ready(ready)
    threading.Thread(target=_end_anyway, args=(server, settings.stop_seconds), daemon=True).start()
    try:
        server.run(sockets=[listening])
    finally:
        listening.close()
    if opening.error is not None:
        raise opening.error


def _collect_garbage() -> None:
    """Collect garbage from here on, but never look at what is there already."""
    gc.freeze()
    gc.enable()


def _end_anyway(server: Any, seconds: float) -> None:
    """End the process, once it is asked to, though a thread that cannot be stopped still works; for a thread."""
    while not server.should_exit:
        time.sleep(_LOOK_SECONDS)
    time.sleep(seconds + _ORDERLY_SECONDS)
    typer.echo(
        f"some work did not end within {seconds:g} s (--stop-seconds); it is dropped, ask for it again", err=True
    )
    sys.stderr.flush()
    os._exit(1)


def _stop(server: Any) -> None:
    server.should_exit = True


def _listen(settings: ServingSettings) -> socket.socket:
    """Return the listening socket, bound before anything slow is imported."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        listening = socket.create_server((settings.host.strip("[]"), settings.port), family=family, backlog=_BACKLOG)
    except OSError as error:
        reason = error.strerror or str(error)
        message = f"--host {settings.host} --port {settings.port} cannot be listened on: {reason}; choose another port"
        raise ConfigurationError(message) from error
    listening.set_inheritable(False)
    return listening


def _require_extra() -> None:
    missing = [name for name in _NEEDED if find_spec(name) is None and find_spec(f"python_{name}") is None]
    if missing:
        raise ConfigurationError(f"serving needs {', '.join(missing)}: pip install 'biomatrix[serve]'")
