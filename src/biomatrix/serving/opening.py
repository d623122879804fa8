"""Opening what a server needs, all at once: the parsers in their processes, the model in a thread."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from copy import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from biomatrix.entities.kind_registry import kinds
from biomatrix.errors import BioMatrixError, UnsupportedError
from biomatrix.generation.model import Model
from biomatrix.serving.examples import examples_of
from biomatrix.serving.operations.operation import operation
from biomatrix.serving.parsing_pool import ParsingPool
from biomatrix.serving.schemas.entities import GivenEntity
from biomatrix.serving.screening import ScreenedEngine, load_screen
from biomatrix.serving.service import Service
from biomatrix.serving.settings import ServingSettings

if TYPE_CHECKING:
    from biomatrix.generation.answers import Answer
    from biomatrix.generation.engine import Engine
    from biomatrix.generation.events import Event
    from biomatrix.generation.requests import Prompt, Request
    from biomatrix.generation.resolving import PromptResolver
    from biomatrix.generation.scoring import Score

log = logging.getLogger("biomatrix.serving")

_WARM_TOKENS: Final = 2
_DRAW: Final = "draw"


@dataclass(frozen=True)
class Opened:
    """What a server works with once it is ready.

    Parameters
    ----------
    service : Service
    name : str
        What clients call the model.
    hash : str
        What tells its weights from others; "" where the engine does not know.
    """

    service: Service
    name: str
    hash: str


class Opening:
    """A service that is being opened in a thread of its own.

    Parameters
    ----------
    settings : ServingSettings
    service : Service, optional
        One that is open already.
    watch : callable, optional
        See :class:`~biomatrix.serving.parsing_pool.ParsingPool`.
    failed : callable, optional
        Called with the error where the service cannot be opened.
    """

    def __init__(
        self,
        settings: ServingSettings,
        service: Service | None = None,
        watch: Callable[[float, str | None], None] | None = None,
        failed: Callable[[BaseException], None] | None = None,
    ) -> None:
        self._settings = settings
        self._given = service
        self._watch = watch
        self._failed = failed
        self._pool: ParsingPool | None = None
        self._thread: threading.Thread | None = None
        self.opened: Opened | None = None
        self.error: BaseException | None = None
        self._ready: list[Callable[[], None]] = []

    def when_ready(self, call: Callable[[], None]) -> None:
        """Have something called once all is there."""
        self._ready.append(call)

    def start(self) -> None:
        """Begin to open; :attr:`opened` is set once all is there."""
        if self._given is not None:
            self._finish(self._given)
            return
        self._pool = ParsingPool(self._settings.limits, self._settings.parsers, self._watch)
        self._thread = threading.Thread(target=self._open, args=(self._pool,), name="biomatrix-opening", daemon=True)
        self._thread.start()

    def not_ready(self) -> str | None:
        """Return why nothing can be served yet, in words; None once it can."""
        if self.opened is not None:
            return None
        if self.error is not None:
            return "the model could not be opened; the server's log says why"
        return "the model is being opened; ask again in a moment"

    def close(self) -> None:
        """End the parsers and the model's engine, where this opened them."""
        if self._thread is not None:
            self._thread.join(timeout=self._settings.stop_seconds)
        if self._given is None and self.opened is not None:
            close = getattr(self.opened.service.model.engine, "close", None)
            if close is not None:
                close(self._settings.stop_seconds)
        if self._pool is not None:
            self._pool.close()

    def _finish(self, service: Service) -> None:
        self.opened = Opened(service, self._settings.name, _hash_of(service.model))
        for call in self._ready:
            call()

    def _open(self, pool: ParsingPool) -> None:
        try:
            model = open_model(self._settings)
            pool.wait_until_ready()
            service = Service(model, pool, self._settings.limits, self._settings.soft_vectors)
            self._finish(service)
            warm(service)
        except Exception as error:  # the thread has nobody to raise it to
            self.error = error
            if not isinstance(error, BioMatrixError):
                log.exception("the model cannot be opened")
            if self._failed is not None:
                self._failed(error)


def warm(service: Service) -> None:
    """Read and draw an example of every kind, so that nobody waits for the first to be read or drawn."""
    for one in kinds():
        given = examples_of(one)["typed"]
        if given is not None:
            text = GivenEntity.model_validate(given).way()[1]
            with suppress(BioMatrixError):
                operation(_DRAW).run(service, operation(_DRAW).asked.model_validate({"text": text}))


def open_model(settings: ServingSettings) -> Model:
    """Return the model of a server: shared by many threads, screened, and warm."""
    from biomatrix.generation.engines import open_named_engine

    screen = None if settings.screen is None else load_screen(settings.screen)
    engine = open_named_engine(settings.engine, settings.model, **settings.engine_settings)
    model = Model(engine, settings.name)
    model = shared_by_threads(model.with_soft(settings.soft) if settings.soft else model, settings)
    # the first answer builds what all later ones use
    model.generate("Hello", max_new_tokens=_WARM_TOKENS, greedy=True)
    if screen is not None:
        model = Model(ScreenedEngine(model.engine, screen, str(settings.screen)), model.name)
    return model


def shared_by_threads(model: Model, settings: ServingSettings) -> Model:
    """Return a model whose engine many threads may ask: one that batches over them, else one asked in turn."""
    from biomatrix.generation.continuous_engine import shared_model
    from biomatrix.generation.http_engine import HttpEngine

    if isinstance(model.engine, HttpEngine):  # its server batches, and takes any number of threads
        return model
    try:
        return shared_model(model, max_rows=settings.max_rows, max_waiting=settings.max_waiting)
    except UnsupportedError:  # such as vLLM in this process, which is for one thread
        return Model(TurnEngine(model.engine), model.name)


class TurnEngine:
    """An engine that answers one request after another, whoever asks; all else is the engine's own."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._turn = threading.Lock()

    def generate(self, requests: Sequence[Request], *, max_rows: int | None = None) -> list[list[Answer]]:
        """Return the answers."""
        with self._turn:
            return self._engine.generate(requests, max_rows=max_rows)

    def stream(self, request: Request) -> Iterator[Event]:
        """Yield the answers while they are written; nobody else is answered until this is closed."""
        with self._turn:
            yield from self._engine.stream(request)

    def score(self, request: Request, continuation: Prompt) -> Score:
        """Return how likely a continuation is, in nats."""
        with self._turn:
            return self._engine.score(request, continuation)

    def resolving(self, resolver: PromptResolver) -> TurnEngine:
        """Return the same, in the same turns, over an engine that understands deferred parts of prompts."""
        engine = copy(self)
        engine._engine = self._engine.resolving(resolver)  # type: ignore[attr-defined]
        return engine

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)


def _hash_of(model: Model) -> str:
    return str(getattr(model.engine, "model_hash", "") or "")
