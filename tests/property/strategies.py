"""Any event at all, for properties that must hold for every one of them."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any, get_args
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from ledger import events as e
from ledger.codec import STORED_NAMES
from ledger.values import ID_BITS, Actor, Sealed, Slot

ids = st.integers(1, (1 << ID_BITS) - 1)
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20)
ZONES = [ZoneInfo(name) for name in ("Europe/Moscow", "UTC", "Asia/Kathmandu", "America/St_Johns", "Europe/Berlin")]
drawn = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.sampled_from(ZONES))  # noqa: DTZ001  the zone is drawn
# Fixed offsets: an instant at a change of clocks equals none in another zone, not even itself (PEP 495).
instants = drawn.map(lambda moment: datetime.fromisoformat(moment.isoformat()))
dates = st.dates(date(2020, 1, 1), date(2040, 1, 1))
wall_times = st.times(time(0), time(23, 59))


@st.composite
def slots(draw: st.DrawFn) -> Slot:
    starts_at = draw(instants)
    return Slot(draw(ids), starts_at, starts_at + timedelta(minutes=draw(st.integers(1, 24 * 60))))  # type: ignore[arg-type]  # any id


st.register_type_strategy(Slot, slots())
st.register_type_strategy(Sealed, st.builds(Sealed, texts, texts))
_DRAWN: dict[object, st.SearchStrategy[Any]] = {  # Any: a strategy for each type of a field
    int: st.integers(-(1 << 62), 1 << 62),
    str: texts,
    datetime: instants,
    date: dates,
    time: wall_times,
    bool: st.booleans(),
}
for _type, _strategy in _DRAWN.items():
    st.register_type_strategy(_type, _strategy)  # type: ignore[arg-type]  # they are types

intervals = st.lists(st.builds(e.Interval, wall_times, wall_times), max_size=3).map(tuple)
SHIFTS = st.builds(
    e.ShiftsPublished,
    st.sampled_from(["file", "yclients"]),
    ids,
    st.dictionaries(st.sampled_from(get_args(e.Weekday)), intervals),
    st.dictionaries(dates, intervals, max_size=3),
)


def any_event(name: str) -> st.SearchStrategy[e.AnyEvent]:
    """Any event stored under this name."""
    # Hypothesis takes msgspec's default of a dict for a value of the field.
    return SHIFTS if name == "shifts_published" else st.from_type(STORED_NAMES[name])


actors = st.builds(Actor, st.sampled_from(["client", "staff", "operator", "system", "crm"]), texts)
