"""Every moment at which a sender can be killed, by name: the code passes them by, the tests stop a process at each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Literal

Doing = Literal["create", "move", "cancel", "remove", "skip", "look_up", "conflict", "pause"]


class Point(StrEnum):
    """How far the sender has come with one item."""

    PLANNED = "planned"
    """Chosen from the plan; nothing is done yet."""
    LOOKED = "looked"
    """The CRM was read; nothing of it is written down."""
    TURN_TAKEN = "turn_taken"
    """A request may leave; its attempt is not written down."""
    ATTEMPT_STORED = "attempt_stored"
    """The attempt is written down; the request has not left."""
    REQUEST_LEFT = "request_left"
    """On the wire: the CRM has it and has not acted."""
    CRM_WROTE = "crm_wrote"
    """On the wire: the CRM has acted, its answer has not left."""
    ANSWER_ARRIVED = "answer_arrived"
    """The answer is here and not written down."""
    OUTCOME_STORED = "outcome_stored"
    """What became of it is written down."""
    PAUSED = "paused"
    """The refusal is written down, and so is the pause it means."""


ON_THE_WIRE = frozenset({Point.REQUEST_LEFT, Point.CRM_WROTE})
"""Where the sender's own code is waiting; all other points it passes by itself."""

_WRITE = (
    Point.TURN_TAKEN,
    Point.ATTEMPT_STORED,
    Point.REQUEST_LEFT,
    Point.CRM_WROTE,
    Point.ANSWER_ARRIVED,
    Point.OUTCOME_STORED,
)
STEPS: Mapping[Doing, tuple[Point, ...]] = {
    "create": (Point.PLANNED, *_WRITE),
    "move": (Point.PLANNED, Point.LOOKED, *_WRITE),
    "cancel": (Point.PLANNED, *_WRITE),
    "remove": (Point.PLANNED, *_WRITE),
    "skip": (Point.PLANNED, Point.OUTCOME_STORED),
    "look_up": (Point.PLANNED, Point.LOOKED, Point.OUTCOME_STORED),
    "conflict": (Point.LOOKED, Point.OUTCOME_STORED),
    "pause": (Point.OUTCOME_STORED, Point.PAUSED),
}
"""The points of each thing the sender does, in their order."""

At = Callable[[Doing, Point], None]


def pass_by(_doing: Doing, _point: Point) -> None:
    """What the product does at every point: nothing."""
