"""Which call of the API is answered by what."""

from __future__ import annotations

import re
from collections.abc import Callable

from sync.simulator.branch_api import BranchApi
from sync.simulator.exchange import Answer, Asked, not_found
from sync.simulator.faults import Drawn
from sync.simulator.hooks import Hooks
from sync.simulator.records_api import RecordsApi

Handler = Callable[[Asked, tuple[int, ...], Drawn], Answer]
"""Gets the request, the numbers in its path, and the faults in store for it."""
_N = r"(\d{1,18})"


class Calls:
    """Every call under `/api/`; an unknown one is not found in the CRM's own words."""

    def __init__(self, records: RecordsApi, branch: BranchApi, hooks: Hooks) -> None:
        table: tuple[tuple[str, str, Handler], ...] = (
            ("GET", f"records/{_N}", records.list),
            ("POST", f"records/{_N}", records.create),
            ("GET", f"record/{_N}/{_N}", records.show),
            ("PUT", f"record/{_N}/{_N}", records.change),
            ("DELETE", f"record/{_N}/{_N}", records.delete),
            ("DELETE", f"client/{_N}/{_N}", records.forget_client),
            ("GET", f"company/{_N}/?", branch.company),
            ("GET", "companies", branch.companies),
            ("GET", f"user/permissions/{_N}", branch.permissions),
            ("GET", f"company/{_N}/services/?", branch.services),
            ("GET", f"company/{_N}/services/{_N}", branch.service),
            ("GET", f"book_services/{_N}", branch.book_services),
            ("GET", f"company/{_N}/staff/?", branch.staff),
            ("GET", f"company/{_N}/staff/schedule", branch.schedule),
            ("GET", f"company/{_N}/staff/{_N}", branch.master),
            ("GET", f"hooks_settings/{_N}", hooks.show),
            ("POST", f"hooks_settings/{_N}", hooks.change),
        )
        self._table = [(method, re.compile(f"/api/v1/{path}"), handler) for method, path, handler in table]

    def answer(self, asked: Asked, drawn: Drawn) -> Answer:
        """The work of one call."""
        for method, path, handler in self._table:
            if method == asked.method and (found := path.fullmatch(asked.path)):
                return handler(asked, tuple(map(int, found.groups())), drawn)
        return not_found()
