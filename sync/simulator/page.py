"""The simulator's page for people: look into the CRM's diary, write in it by hand, and break things on purpose."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

import jinja2
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from sync.simulator import page_words as words
from sync.simulator.account import LICENCE_STATUSES
from sync.simulator.diary import NoSuchRecordError
from sync.simulator.entries import NewEntry
from sync.simulator.exchange import Json
from sync.simulator.faults import FAULTS, Fault, Faults, Rule
from sync.simulator.gate import MODES
from sync.simulator.page_view import view

if TYPE_CHECKING:
    from sync.simulator.crm import Simulator

ADDRESS = "/simulator/page"
_TEMPLATE = Path(__file__).with_name("page.html")
_MOST_FIELDS = 200
_LONGEST_MINUTES = 12 * 60
Form = Mapping[str, str]


class Page:
    """The page and its forms; whatever a form cannot do is said on top of the page."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator

    def routes(self) -> list[Route]:
        """All outside `/api/`, as the levers are."""
        return [
            Route("/", self._to_the_page, methods=["GET"]),
            Route(ADDRESS, self._show, methods=["GET"]),
            _form("/mode", self._turn_switch, self._answer),
            _form("/faults", self._set_faults, self._answer),
            _form("/account", self._set_account, self._answer),
            _form("/records", self._add, self._answer),
            _form("/records/{record:int}/move", self._move, self._answer),
            _form("/records/{record:int}/delete", self._delete, self._answer),
        ]

    async def _to_the_page(self, _: Request) -> Response:
        return RedirectResponse(ADDRESS)

    async def _show(self, request: Request) -> Response:
        return self._page(_day(request.query_params.get("day", "")) or self._simulator.now().date())

    async def _answer(self, request: Request, do: Callable[[Form, int], date | None]) -> Response:
        form = dict(parse_qsl((await request.body()).decode(errors="replace"), max_num_fields=_MOST_FIELDS))
        day = _day(form.get("shown", "")) or self._simulator.now().date()
        try:
            day = do(form, request.path_params.get("record", 0)) or day
        except ValueError as error:
            return self._page(day, trouble=str(error), status=422)
        except NoSuchRecordError:
            return self._page(day, trouble="Этой записи уже нет.", status=404)
        return RedirectResponse(f"{ADDRESS}?day={day}", status_code=303)

    def _turn_switch(self, form: Form, _: int) -> None:
        mode = next((one for one in MODES if one == form.get("mode")), None)
        if mode is None:
            raise ValueError("Выберите состояние из списка.")
        self._simulator.set_mode(mode)

    def _set_faults(self, form: Form, _: int) -> None:
        """Shares in percent; what is empty does not happen."""
        shares: dict[Fault, float] = {}
        for fault in FAULTS:
            percent = _percent(form.get(fault) or "0")
            if percent:
                shares[fault] = percent / 100
        self._simulator.set_faults(Faults(_number(form.get("seed") or "0", "Зерно: целое число."), shares))

    def _set_account(self, form: Form, _: int) -> None:
        account = self._simulator.account
        for right in words.RIGHTS:
            (account.grant if right in form else account.withdraw)(right)
        status = next((one for one in LICENCE_STATUSES if str(one) == form.get("licence")), None)
        account.renew_licence() if status is None else account.end_licence(status)
        self._simulator.minds_own_time = "minds_own_time" in form

    def _add(self, form: Form, _: int) -> date:
        minutes = _number(form.get("minutes", ""), "Длительность: сколько минут, целым числом.")
        if not 0 < minutes <= _LONGEST_MINUTES:
            raise ValueError(f"Длительность: от 1 до {_LONGEST_MINUTES} минут.")
        client: Json = {name: form[name] for name in ("name", "phone") if form.get(name)}
        starts_at = _moment(form)
        new = NewEntry(
            staff_id=_staff_id(form),
            starts_at=starts_at,
            seconds=minutes * 60,
            services=self._services(form),
            client=client,
            comment=form.get("comment", ""),
        )
        self._simulator.add_by_hand(new)
        return starts_at.date()

    def _services(self, form: Form) -> tuple[Json, ...]:
        chosen = [one for one in self._simulator.catalog.services() if str(one.service_id) == form.get("service_id")]
        return tuple({"id": one.service_id, "first_cost": one.price, "cost": one.price} for one in chosen)

    def _move(self, form: Form, record_id: int) -> date:
        starts_at = _moment(form)
        self._simulator.move_by_hand(record_id, starts_at, _staff_id(form))
        return starts_at.date()

    def _delete(self, _: Form, record_id: int) -> None:
        if self._simulator.remove_by_hand(record_id) is None:
            raise NoSuchRecordError

    def _page(self, day: date, *, trouble: str = "", status: int = 200) -> Response:
        faults = self._simulator.faults
        plain = {rule.fault: f"{rule.share * 100:g}" for rule in faults.rules if rule == Rule(rule.fault, rule.share)}
        html = _template().render(
            address=ADDRESS,
            crm=self._simulator,
            account=self._simulator.account,
            faults=faults,
            shares=plain,
            narrowed=len(faults.rules) - len(plain),
            trouble=trouble,
            view=view(self._simulator, day),
            words=words,
        )
        return HTMLResponse(html, status_code=status, headers={"cache-control": "no-store"})


@cache
def _template() -> jinja2.Template:
    """Compiled when somebody looks: most simulators are never looked at, and there are thousands of them."""
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
    return environment.from_string(_TEMPLATE.read_text("utf-8"))


def _form(
    path: str,
    do: Callable[[Form, int], date | None],
    answer: Callable[[Request, Callable[[Form, int], date | None]], Awaitable[Response]],
) -> Route:
    async def handle(request: Request) -> Response:
        return await answer(request, do)

    return Route(f"{ADDRESS}{path}", handle, methods=["POST"])


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _moment(form: Form) -> datetime:
    """The day and the time, naive, on the branch's clock. Raises ValueError."""
    try:
        moment = datetime.fromisoformat(f"{form.get('day', '')}T{form.get('start', '')}")
    except ValueError:
        raise ValueError("Укажите день и время, например 25.11.2026 и 14:30.") from None
    return moment.replace(tzinfo=None)


def _staff_id(form: Form) -> int:
    number = _number(form.get("staff_id", ""), "Выберите мастера.")
    if number <= 0:
        raise ValueError("Выберите мастера.")
    return number


def _percent(text: str) -> float:
    """Raises ValueError with the sentence for people."""
    try:
        percent = float(text.strip().replace(",", "."))
    except ValueError:
        percent = -1.0
    if not 0 <= percent <= 100:
        raise ValueError("Доля: число от 0 до 100.")
    return percent


def _number(text: str, trouble: str) -> int:
    """Raises ValueError with the sentence for people."""
    try:
        return int(text.strip())
    except ValueError:
        raise ValueError(trouble) from None
