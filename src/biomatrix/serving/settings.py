"""How a server is set up: what it opens, where it listens, whom it lets in."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from biomatrix.errors import ConfigurationError
from biomatrix.serving.limits import ServingLimits


@dataclass(frozen=True)
class ServingSettings:
    """How a server is set up.

    Parameters
    ----------
    model : str
        A shipped name, a folder, or a hub id.
    served_as : str, optional
        What clients call the model; the last part of ``model`` when not given.
    engine : str
        One of :data:`biomatrix.generation.engines.ENGINES`.
    engine_settings : mapping of str to Any
        What the engine takes besides, such as ``url`` or ``MODALITY_tokenizer``.
    host, port : str, int
        Where to listen; port 0 takes a free one.
    keys : Path, optional
        The file of API keys: see :mod:`biomatrix.serving.keys`.
    no_auth : bool
        Whether another address than loopback may be served without keys.
    origins : tuple of str
        Origins of other sites whose pages may ask this server (CORS); none when empty.
    hosts : tuple of str
        Names besides loopback by which a server without keys may be called, such as that of a proxy.
    limits : ServingLimits
        How much one request may ask for.
    max_rows, max_waiting : int
        The most answers written together, and the most that wait for their turn.
    quick_threads, generating_threads, waiting_requests : int
        Threads for requests that compute, threads for those that wait for the model, and how many more requests may
        wait for either.
    parsers : int
        Worker processes that read outside text.
    stop_seconds : float
        How long accepted work may go on once the server is asked to end.
    log_content : bool
        Whether the log may hold what requests hold.
    screen : str, optional
        ``module:function`` that may refuse a request to the model: see :mod:`biomatrix.serving.screening`.
    jobs : Path, optional
        The database of jobs; there are none when not given.
    soft : tuple of str
        Folders of projectors, by which prompts may show entities as vectors.
    soft_vectors : bool
        Whether prompts may also hold vectors that were encoded elsewhere.
    stateless_tools : bool
        Whether agents' tools keep no sessions, so that any of several replicas can answer each call.
    """

    model: str = "nano"
    served_as: str | None = None
    engine: str = "transformers"
    engine_settings: Mapping[str, Any] = field(default_factory=dict)
    host: str = "127.0.0.1"
    port: int = 8000
    keys: Path | None = None
    no_auth: bool = False
    origins: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    limits: ServingLimits = field(default_factory=ServingLimits)
    max_rows: int = 64
    max_waiting: int = 4096
    quick_threads: int = 4
    generating_threads: int = 96
    waiting_requests: int = 512
    parsers: int = 2
    stop_seconds: float = 20.0
    log_content: bool = False
    screen: str | None = None
    jobs: Path | None = None
    stateless_tools: bool = False
    soft: tuple[str, ...] = ()
    soft_vectors: bool = False

    @property
    def name(self) -> str:
        """What clients call the model."""
        return self.served_as or Path(self.model).name

    @property
    def is_loopback(self) -> bool:
        """Whether only programs of this machine reach the server."""
        return is_loopback(self.host)

    def check(self) -> None:
        """Raise ConfigurationError where strangers would be let in without anybody having said so."""
        if not 0 <= self.port < 1 << 16:
            raise ConfigurationError(f"port {self.port} is none; give 1 to 65535, or 0 for a free one")
        if self.soft_vectors and not self.soft:
            raise ConfigurationError("--soft-vectors needs the projector that reads them: give --soft FOLDER")
        if self.is_loopback or self.keys is not None or self.no_auth:
            return
        raise ConfigurationError(
            f"--host {self.host} can be reached from other machines: give --keys FILE (biomatrix serve keys new NAME "
            "makes one), or --no-auth to let everybody in"
        )


def is_loopback(host: str) -> bool:
    """Return whether a host names this machine alone.

    Examples
    --------
    >>> is_loopback("127.0.0.1"), is_loopback("localhost"), is_loopback("0.0.0.0"), is_loopback("example.org")
    (True, True, False, False)
    """
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"
