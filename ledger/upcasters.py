"""Shapes that events had in former times, each with one pure step towards what it says today.

A stored text never changes, so a name whose shape changed stays readable for ever under the shape of then; it is
never written again. `docs/evolution.md` goes through it step by step.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, get_args, get_type_hints

import msgspec

from ledger import events as e
from ledger.values import Actor


class Old(msgspec.Struct, frozen=True, gc=False):
    """Facts as they were once stored. A shape here never changes again."""


class CrmChangeReleased(Old, frozen=True):
    """The brake came off: an operator vouched for so many changes, or the CRM showed them no longer.

    Which of the two, only the one who recorded it told.
    """

    removed: int
    moved: int


def released(old: CrmChangeReleased, by: Actor) -> e.CrmChangeAccepted | e.CrmChangeSubsided:
    """A person's word, or the program's own observation."""
    if by.kind in ("operator", "staff"):
        return e.CrmChangeAccepted(old.removed, old.moved)
    return e.CrmChangeSubsided(old.removed, old.moved)


Step = Callable[[Any, Actor], Any]
"""Any: from its own old shape to a newer one or to an event of today, as its annotations say."""
UPCASTERS: Mapping[str, Step] = {
    "crm_change_released": released,
}
"""The step of each old name. Its first annotation is the shape of then, its result what that became."""


def shape_of(step: Step) -> type[Old]:
    """The old shape a step begins with."""
    shape: type[Old]
    shape, *_ = get_type_hints(step).values()
    return shape


def becomes(step: Step) -> tuple[type[e.AnyEvent] | type[Old], ...]:
    """Everything one step may come to."""
    result = get_type_hints(step)["return"]
    return get_args(result) or (result,)


class Steps:
    """The upcasters as one: any old facts to the event of today, however many steps lie between."""

    def __init__(self, upcasters: Mapping[str, Step]) -> None:
        self._names = {shape_of(step): name for name, step in upcasters.items()}
        self._steps = {shape_of(step): step for step in upcasters.values()}

    def today(self, facts: Old, by: Actor) -> e.AnyEvent:
        """What old facts say in today's words; `by` is who recorded them."""
        found: Any = facts  # an old shape, until the last step gives an event
        while isinstance(found, Old):
            found = self._steps[type(found)](found, by)
        event: e.AnyEvent = found
        return event

    def names_of(self, shape: type[e.AnyEvent] | type[Old]) -> tuple[str, ...]:
        """The old names under which facts may stand that are of this shape today, newest first."""
        before = [old for old, step in self._steps.items() if shape in becomes(step)]
        return tuple(name for old in before for name in (self._names[old], *self.names_of(old)))
