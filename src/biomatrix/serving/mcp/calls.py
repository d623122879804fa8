"""One call of a tool: checked, run in a thread, reported on while it runs, and stopped where nobody waits for it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, Final

import anyio
import anyio.to_thread
from pydantic import ValidationError

from biomatrix.entities.near_matches import choices
from biomatrix.errors import BioMatrixError, ConfigurationError
from biomatrix.serving.characters import refuse_half_characters
from biomatrix.serving.faults import placed_error
from biomatrix.serving.limits import seconds_past
from biomatrix.serving.mcp.telling import Telling, tell
from biomatrix.serving.watching import Stopped, Watch, watched

if TYPE_CHECKING:
    from mcp.server.session import ServerSession

    from biomatrix.serving.operations.operation import Operation
    from biomatrix.serving.service import Service

log = logging.getLogger(__name__)

_REPORT_SECONDS: Final = 0.5
_MOST_CALLS: Final = 64
_CANCELLED: Final = "cancelled"
_GRACE_SECONDS: Final = 5.0
"""How long after the time limit an operation that writes no tokens is still waited for."""


class Caller:
    """Runs the operations that tools stand for.

    Parameters
    ----------
    service : Service or Future
        Calls wait for one that is being opened.
    refused : callable
        Called with the reason of each call that is refused.
    """

    def __init__(
        self, service: Service | Future[Service], refused: Callable[[str], object] = lambda reason: None
    ) -> None:
        self._service = service
        self._refused = refused
        self._limiter: anyio.CapacityLimiter | None = None

    async def call(
        self, session: ServerSession, operation: Operation, arguments: Mapping[str, Any]
    ) -> Telling | dict[str, Any]:
        """Return what an operation answers, or what is wrong with the input as a refusal.

        Where the caller gives up, what is being written for it ends at the next token.
        """
        if self._limiter is None:
            self._limiter = anyio.CapacityLimiter(_MOST_CALLS)
        service = self._service
        if isinstance(service, Future):
            service = await anyio.to_thread.run_sync(service.result, abandon_on_cancel=True)
        seconds = service.limits.seconds
        watch = Watch(seconds)
        outcome: Telling | dict[str, Any] | None = None
        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(_report, session, watch)
                with anyio.move_on_after(seconds + _GRACE_SECONDS):
                    outcome = await anyio.to_thread.run_sync(
                        self._outcome,
                        watched(service, watch),
                        operation,
                        arguments,
                        abandon_on_cancel=True,
                        limiter=self._limiter,
                    )
                tasks.cancel_scope.cancel()
        finally:
            watch.stop()
        if outcome is None:
            outcome = _too_long(watch.taken, seconds)
        if isinstance(outcome, dict) and outcome["type"] != _CANCELLED:
            self._refused(outcome["type"])
        return outcome

    @staticmethod
    def _outcome(service: Service, operation: Operation, arguments: Mapping[str, Any]) -> Telling | dict[str, Any]:
        try:
            refuse_half_characters(dict(arguments))
            _refuse_unknown(operation, arguments)
            asked = operation.asked.model_validate(dict(arguments))
            return tell(operation.run(service, asked))
        except (BioMatrixError, ValidationError) as error:
            return placed_error(error)
        except Stopped:
            return {"type": _CANCELLED, "message": "cancelled", "where": None, "limit": None}
        except Exception as error:
            log.exception("the tool %s", operation.name)
            return placed_error(error)


def _refuse_unknown(operation: Operation, arguments: Mapping[str, Any]) -> None:
    """Raise ConfigurationError where an argument is none of the input's: one that is ignored would mislead."""
    fields = operation.asked.model_fields
    if operation.asked.model_config.get("extra") == "allow":
        return
    known = [field.alias or name for name, field in fields.items()]
    for name in arguments:
        if name not in known:
            raise ConfigurationError(f"{operation.name} takes no argument {name!r:.80}; {choices(name, known)}")


def _too_long(taken: float, seconds: float) -> dict[str, Any]:
    message = f"it took longer than {seconds:g} s, which this server allows one call; ask for less at once"
    limit = {"name": "seconds", "actual": seconds_past(taken, seconds), "allowed": seconds}
    return {"type": "limit", "message": message, "where": None, "limit": limit}


async def _report(session: ServerSession, watch: Watch) -> None:
    """Tell a caller that asked for it how much is written, until this is cancelled."""
    told = 0
    while True:
        await anyio.sleep(_REPORT_SECONDS)
        if watch.tokens > told:
            told = watch.tokens
            await session.report_progress(told, None, f"{told} tokens written")
