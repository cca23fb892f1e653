"""Webhooks of the simulated CRM: what is told to whom, once, never again, and not necessarily in order.

As seen by outside teams: one attempt, no signature, no number or time in a notice, one change told four times over.
"""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable, Mapping

import httpx
import msgspec

from sync.simulator.account import NO_RIGHT, Account
from sync.simulator.bodies import decoded
from sync.simulator.diary import Change
from sync.simulator.exchange import Answer, Asked, Json, good, invalid, refused
from sync.simulator.faults import Drawn, Faults

FLAGS = (
    "salon",
    "service_category",
    "service",
    "good",
    "master",
    "client",
    "record",
    "goods_operations_sale",
    "goods_operations_receipt",
    "goods_operations_consumable",
    "goods_operations_stolen",
    "goods_operations_move",
    "finances_operation",
    "self_sending",
)
_MOST_URLS = 10
_TIMES_REPEATED = 4
_PATIENCE_SECONDS = 15.0
_IDLE_SECONDS = 5.0
_LATEST = 100
Carry = Callable[[str, Json], None]
"""Brings a notice to a URL; it must not raise for a receiver that is away."""


class HookSettings(msgspec.Struct, frozen=True):
    """Where notices go, and about what; with `self_sending` also about what the API's own callers change."""

    urls: tuple[str, ...] = ()
    active: bool = True
    flags: frozenset[str] = frozenset({"record"})


class Delivery(msgspec.Struct, frozen=True):
    """One attempt by HTTP: the status that came back, None when nothing did."""

    resource_id: object
    status: int | None


class Hooks:
    """The settings, the API's calls about them, and the notices that follow from changes.

    `carry` brings them; a notice that is to be overtaken waits for the next one, `held_seconds` at most if given.
    """

    def __init__(
        self,
        company_id: int,
        account: Account,
        faults: Callable[[], Faults],
        carry: Carry,
        *,
        held_seconds: float | None,
    ) -> None:
        self._company_id, self._account, self._faults, self._carry = company_id, account, faults, carry
        self._held_seconds = held_seconds
        self._lock = threading.Lock()
        self._held: list[Json] = []
        self.settings = HookSettings()

    def show(self, _: Asked, __: tuple[int, ...], ___: Drawn) -> Answer:
        """`GET /api/v1/hooks_settings/{company_id}`, from the vendor's older blueprint."""
        return good(self._shown()) if self._account.may("webhook_read_access") else refused(NO_RIGHT)

    def change(self, asked: Asked, _: tuple[int, ...], __: Drawn) -> Answer:
        """`POST /api/v1/hooks_settings/{company_id}`: one set of flags for all URLs, and a flag left out is off."""
        if not self._account.may("webhook_read_access"):
            return refused(NO_RIGHT)
        try:
            self.settings = _read_settings(asked.body)
        except (msgspec.DecodeError, ValueError):
            return invalid({"urls": "Неверное значение"})
        return good(self._shown(), status=201)

    def tell(self, change: Change) -> None:
        """What follows from a change, if anybody is to hear of it."""
        settings = self.settings
        is_wanted = change.is_by_hand or "self_sending" in settings.flags
        if not (settings.urls and settings.active and "record" in settings.flags and is_wanted):
            return
        notice: Json = {
            "company_id": self._company_id,
            "resource": "record",
            "resource_id": change.record["id"],
            "status": change.status,
            "data": change.record,
        }
        drawn = self._faults().for_notice()
        if drawn.takes("hook_lost"):
            return
        if drawn.takes("hook_overtaken"):
            self._hold(notice)
            return
        self._send([notice] * (_TIMES_REPEATED if drawn.takes("hook_repeated") else 1))
        self.flush()

    def flush(self) -> None:
        """Sends what was held back to be overtaken."""
        with self._lock:
            held, self._held = self._held, []
        self._send(held)

    def _hold(self, notice: Json) -> None:
        with self._lock:
            self._held.append(notice)
        if self._held_seconds is not None:
            timer = threading.Timer(self._held_seconds, self.flush)
            timer.daemon = True
            timer.start()

    def _send(self, notices: list[Json]) -> None:
        for url in self.settings.urls:
            for notice in notices:
                self._carry(url, notice)

    def _shown(self) -> Json:
        settings = self.settings
        flags = {name: int(name in settings.flags) for name in FLAGS}
        return {"urls": list(settings.urls), "active": int(settings.active), **flags}


class HookPost:
    """Brings notices by HTTP from a thread of its own, which ends when there has been nothing to do for a while."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: queue.Queue[tuple[str, Json]] = queue.Queue()
        self._thread: threading.Thread | None = None
        self._deliveries: deque[Delivery] = deque(maxlen=_LATEST)
        self.attempts = 0

    def __call__(self, url: str, notice: Json) -> None:
        """Leaves the notice to the thread."""
        with self._lock:
            self._waiting.put((url, notice))
            if self._thread is None:
                self._thread = threading.Thread(target=self._deliver, name="webhooks", daemon=True)
                self._thread.start()

    def deliveries(self) -> list[Delivery]:
        """The latest attempts, oldest first."""
        return list(self._deliveries)

    def _deliver(self) -> None:
        while True:
            try:
                url, notice = self._waiting.get(timeout=_IDLE_SECONDS)
            except queue.Empty:
                with self._lock:
                    if self._waiting.empty():
                        self._thread = None
                        return
                continue
            self.attempts += 1
            self._deliveries.append(Delivery(notice["resource_id"], _posted(url, notice)))


def _posted(url: str, notice: Json) -> int | None:
    headers = {"content-type": "application/json"}
    try:
        answer = httpx.post(
            url, content=msgspec.json.encode(notice), headers=headers, timeout=_PATIENCE_SECONDS, trust_env=False
        )
    except (httpx.HTTPError, httpx.InvalidURL):
        return None
    return answer.status_code


def _read_settings(body: bytes) -> HookSettings:
    """Raises msgspec.DecodeError, ValueError."""
    raw = decoded(body)
    urls = raw.get("urls") if isinstance(raw, dict) else None
    if not isinstance(raw, dict) or not isinstance(urls, list) or not all(isinstance(url, str) for url in urls):
        raise ValueError("urls must be a list of texts")
    if len(urls) > _MOST_URLS:
        raise ValueError(f"at most {_MOST_URLS} urls")
    return HookSettings(tuple(urls), active=_is_on(raw, "active"), flags=frozenset(n for n in FLAGS if _is_on(raw, n)))


def _is_on(raw: Mapping[str, object], name: str) -> bool:
    return raw.get(name) in (1, True, "1")
