"""The processes of the demo: a CRM of its own, and a sender that can be killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx

from console.demo.invariants import CrmAddress
from console.errors import FoundError
from ledger.postgres import Database
from sync.simulator import PARTNER_TOKEN, USER_TOKEN

COMPANY_ID = 1
# Ten times the vendor's pace on both sides, so that an outage fits into a minute.
SPACING_SECONDS, PER_SECOND, PER_MINUTE = 0.03, 50, 2000
REQUEST_SECONDS, SETTLE_SECONDS = 1.0, 2.0
CRM_DELAY_SECONDS = 0.05


@contextmanager
def simulated_crm(zone: str) -> Iterator[SimulatedCrm]:
    """A simulator in a process of its own, reached over HTTP only."""
    command = [sys.executable, "-m", "sync.simulator", "--port", "0", "--company", str(COMPANY_ID), "--zone", zone]
    command += ["--per-second", str(PER_SECOND), "--per-minute", str(PER_MINUTE), "--delay", str(CRM_DELAY_SECONDS)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None  # noqa: S101  asked for above
        url = process.stdout.readline().strip()
        if not url.startswith("http"):
            raise FoundError("the simulated CRM did not start")
        yield SimulatedCrm(url)
    finally:
        process.terminate()
        process.wait(timeout=10)


class SimulatedCrm:
    """The simulator's address and its switches."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.address = CrmAddress(url, COMPANY_ID, f"Bearer {PARTNER_TOKEN}, User {USER_TOKEN}")

    def set_mode(self, mode: str, *, drop_share: float = 1.0, seed: int = 0) -> None:
        self._post("/simulator/mode", {"mode": mode, "drop_share": drop_share, "seed": seed})

    def seen(self) -> dict[str, Any]:  # the simulator's own JSON
        answer = httpx.get(f"{self.url}/simulator", trust_env=False).raise_for_status()
        seen: dict[str, Any] = answer.json()
        return seen

    def add_by_hand(self, record: Mapping[str, object]) -> None:
        self._post("/simulator/records", record)

    def remove_by_hand(self, record_id: int) -> None:
        self._post(f"/simulator/records/{record_id}/delete", {})

    def settings(self) -> dict[str, str]:
        """The environment of a process that is to use this CRM."""
        return {
            "YCLIENTS_URL": self.url,
            "YCLIENTS_PARTNER_TOKEN": PARTNER_TOKEN,
            "YCLIENTS_USER_TOKEN": USER_TOKEN,
            "YCLIENTS_COMPANY_ID": str(COMPANY_ID),
            "CATALOG_SOURCE": "file",
            "SYNC_SPACING_SECONDS": str(SPACING_SECONDS),
            "SYNC_REQUEST_SECONDS": str(REQUEST_SECONDS),
            "SYNC_SETTLE_SECONDS": str(SETTLE_SECONDS),
        }

    def _post(self, path: str, body: Mapping[str, object]) -> None:
        httpx.post(f"{self.url}{path}", json=dict(body), trust_env=False).raise_for_status()


class SyncProcess:
    """`zapisnik sync run` as a process of its own; `kill_in_a_write` ends it with SIGKILL between the two events."""

    def __init__(self, environment: Mapping[str, str], database: Database) -> None:
        self._environment = {**os.environ, **environment, "LOG_LEVEL": "ERROR"}
        self._database = database
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen([sys.executable, "-m", "console", "sync", "run"], env=self._environment)

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(timeout=30)
            self._process = None

    def check(self) -> None:
        """Raises FoundError when the sender ended by itself."""
        if self._process is not None and self._process.poll() is not None:
            raise FoundError(f"the sync process ended by itself with code {self._process.returncode}")

    def kill_in_a_write(self, give_up: threading.Event) -> bool:
        """Waits for an attempt without an outcome and kills the sender; True when the attempt stayed open."""
        while not give_up.is_set():
            attempt = self._open_attempt()
            if attempt is None or self._process is None:
                time.sleep(0.002)
                continue
            self._process.send_signal(signal.SIGKILL)
            self._process.wait(timeout=10)
            self._process = None
            return self._open_attempt() == attempt
        return False

    def operator(self, *arguments: str) -> None:
        """Runs a command as an operator would."""
        command = [sys.executable, "-m", "console", *arguments]
        done = subprocess.run(command, env=self._environment, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise FoundError(f"zapisnik {' '.join(arguments)} failed: {done.stderr.strip()}")

    def _open_attempt(self) -> int | None:
        """The attempt in the log's last event, if nothing has followed it for this booking."""
        with self._database.transaction() as connection:
            row = connection.execute(
                """SELECT (a.data -> 'facts' ->> 'attempt_id')::bigint FROM events a
                   WHERE a.type = 'sync_attempted' AND a.position > (SELECT max(position) - 50 FROM events)
                       AND NOT EXISTS (
                           SELECT 1 FROM events o WHERE o.position > a.position
                           AND o.type IN ('sync_succeeded', 'sync_failed')
                           AND o.data -> 'facts' ->> 'attempt_id' = a.data -> 'facts' ->> 'attempt_id')
                   ORDER BY a.position DESC LIMIT 1"""
            ).fetchone()
        return row[0] if row else None
