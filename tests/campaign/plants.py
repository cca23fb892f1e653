"""Bugs to be found: each a small alteration of the real code at run time, of the kind people really write."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from unittest.mock import patch

from ledger import leases
from ledger.recorder import PostgresRecorder
from sync import errors, look_up
from sync.calls import Calls
from sync.inbound.brake import Brake
from sync.inbound.reading import DiaryReader
from sync.outcomes import Outcomes


def _repeat_create_without_look_up() -> AbstractContextManager[object]:
    """A create whose answer was lost is taken for one that never left, and sent again."""
    real = Outcomes.fail

    def fail(self: Outcomes, attempt, failure, lease):  # type: ignore[no-untyped-def]  # stands in for a method as it is
        if attempt.operation == "create" and isinstance(failure, errors.UnknownOutcomeError):
            failure = errors.NotSentError(detail=failure.detail)
        real(self, attempt, failure, lease)

    return patch.object(Outcomes, "fail", fail)


def _take_busy_for_a_conflict() -> AbstractContextManager[object]:
    """A busy answer is believed, without a look at who stands there."""

    def settle_busy(self: Outcomes, state, attempt, phone, busy, lease):  # type: ignore[no-untyped-def]  # as above
        self._refuse_busy(attempt, busy, "slot_busy", [], lease)

    return patch.object(Outcomes, "settle_busy", settle_busy)


def _trust_api_id_alone() -> AbstractContextManager[object]:
    """A record without our number is nobody's of ours."""
    return patch.object(look_up, "_is_alike", lambda *_: False)


def _follow_redirect_on_write() -> AbstractContextManager[object]:
    """The HTTP client goes wherever it is sent."""
    real = Calls.__init__

    def build(self: Calls, *given, **named):  # type: ignore[no-untyped-def]  # as above
        real(self, *given, **named)
        ask = self._http.request
        self._http.request = lambda method, *rest, **more: ask(  # type: ignore[method-assign]  # as above
            method, *rest, follow_redirects=method != "GET", **more
        )

    return patch.object(Calls, "__init__", build)


def _treat_an_empty_list_as_all_deleted() -> AbstractContextManager[object]:
    """What a list does not show is gone: neither the brake nor a look at the record itself is asked."""
    stack = ExitStack()
    stack.enter_context(patch.object(Brake, "lets_pass", lambda *_, **__: True))
    stack.enter_context(
        patch.object(DiaryReader, "_settled", lambda self, one, _lease: self._taking.changes.of_gone(one.record_id))
    )
    return stack


def _ignore_the_lease_epoch() -> AbstractContextManager[object]:
    """Who once had the lease goes on as if nobody had taken over."""
    real = PostgresRecorder.append_if_unchanged

    def append(self: PostgresRecorder, *given, lease=None, **named):  # type: ignore[no-untyped-def]
        return real(self, *given, **named)

    stack = ExitStack()
    stack.enter_context(patch.object(leases, "confirm", lambda *_: None))
    stack.enter_context(patch.object(PostgresRecorder, "append_if_unchanged", append))
    return stack


PLANTS: Mapping[str, Callable[[], AbstractContextManager[object]]] = {
    "repeat-create": _repeat_create_without_look_up,
    "busy-is-conflict": _take_busy_for_a_conflict,
    "api-id-alone": _trust_api_id_alone,
    "follow-redirect": _follow_redirect_on_write,
    "empty-is-deleted": _treat_an_empty_list_as_all_deleted,
    "ignore-epoch": _ignore_the_lease_epoch,
}


@contextmanager
def planted(name: str) -> Iterator[None]:
    """While it lasts, the code has this bug."""
    with PLANTS[name]():
        yield


__all__ = ["PLANTS", "planted"]
