"""What the handlers of one server share."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from biomatrix.entities.stopping import stopped_by
from biomatrix.serving.desk import Desk
from biomatrix.serving.gate import log_error
from biomatrix.serving.metrics import Metrics
from biomatrix.serving.opening import Opened, Opening
from biomatrix.serving.presence import while_connected
from biomatrix.serving.problems import Problem, problem_of
from biomatrix.serving.settings import ServingSettings
from biomatrix.serving.watching import Watch

if TYPE_CHECKING:
    from starlette.requests import Request

Result = TypeVar("Result")
log = logging.getLogger("biomatrix.serving")


@dataclass(frozen=True, eq=False)
class State:
    """What the handlers of one server share.

    Parameters
    ----------
    settings : ServingSettings
    metrics : Metrics
    opening : Opening
    quick, generating : Desk
        For what computes, and for what waits for the model.
    """

    settings: ServingSettings
    metrics: Metrics
    opening: Opening
    quick: Desk
    generating: Desk

    @property
    def opened(self) -> Opened:
        """What is open; Problem (503) while nothing is."""
        opened = self.opening.opened
        if opened is None:
            raise Problem(503, "starting", self.opening.not_ready() or "", retry_after=1.0)
        return opened

    def desk(self, generates: bool) -> Desk:
        """Return where a request is worked on."""
        return self.generating if generates else self.quick

    async def run(self, request: Request, generates: bool, function: Callable[..., Result], *given: Any) -> Result:
        """Return what a function returns, run in a thread, its seconds counted.

        What is done for it is stopped where it takes too long, or where the client has gone.

        Raises
        ------
        Problem
            As :meth:`Desk.run`, and 499 where nobody waits for the answer any more.
        """
        watch = Watch()

        def timed() -> Result:
            began = time.monotonic()
            try:
                with stopped_by(watch.check):
                    return function(*given)
            finally:
                self.metrics.seconds.labels("working").observe(time.monotonic() - began)

        try:
            return await while_connected(request, self.desk(generates).run(timed))
        finally:
            watch.stop()

    async def first(self, request: Request, events: AsyncIterator[Result]) -> Result | None:
        """Return the first event of a stream, None of an empty one; the seconds since the request came are counted.

        What is wrong with the request is raised here, while it can still be answered with a status.
        """
        found = await while_connected(request, anext(events, None))
        self.metrics.seconds.labels("first_event").observe(time.monotonic() - request.state.began)
        return found

    def tell(self, request: Request, error: BaseException) -> None:
        """Count an error that ends a stream, and log it under the request's id."""
        self.metrics.refused(problem_of(error).type)
        log_error(error, request.state.request_id, self.settings.log_content)
