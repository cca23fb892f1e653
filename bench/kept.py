"""Ratios kept from an earlier run, checked in, so that a change that makes something slower is seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from bench.rows import Row

FILE = Path(__file__).with_name("kept.json")
ALLOWANCE = 0.2
"""A ratio worse by more than this share is a regression; less is a day's noise."""


class KeptRatio(msgspec.Struct, frozen=True):
    """Ours beside its yardstick as it once was: the median of the rounds, and the least and greatest of them."""

    ours: str
    yardstick: str
    better: str
    ratio: float
    spread: tuple[float, float]


class Kept(msgspec.Struct, frozen=True):
    """Ratios by the names of their rows, and what machine they were measured on."""

    measured_on: dict[str, str | int | float]
    ratios: dict[str, KeptRatio]


class Change(msgspec.Struct, frozen=True):
    """What became of a kept ratio; `worse_by` is a share of it, below zero for one that became better."""

    kept: KeptRatio
    worse_by: float

    @property
    def is_regression(self) -> bool:
        return self.worse_by > ALLOWANCE


def load(file: Path = FILE) -> Kept:
    """Nothing kept when there is no file."""
    if not file.exists():
        return Kept({}, {})
    return msgspec.json.decode(file.read_bytes(), type=Kept)


def save(rows: Sequence[Row], measured_on: Mapping[str, str | int | float], file: Path = FILE) -> None:
    """Keeps these rows' ratios; those of rows that were not measured stay as they are."""
    ratios = load(file).ratios | {
        row.name: KeptRatio(
            row.ours.name,
            row.yardstick.name,
            "more" if row.is_more_better else "less",
            _rounded(row.ratio),
            (_rounded(min(row.ratios)), _rounded(max(row.ratios))),
        )
        for row in rows
    }
    text = msgspec.json.encode(Kept(dict(measured_on), dict(sorted(ratios.items()))))
    file.write_bytes(msgspec.json.format(text, indent=2) + b"\n")


def compare(row: Row, kept: Kept) -> Change | None:
    """None for a row without a kept ratio, or whose ratio is now that of other things."""
    before = kept.ratios.get(row.name)
    if before is None or (before.ours, before.yardstick) != (row.ours.name, row.yardstick.name):
        return None
    grown_by = row.ratio / before.ratio - 1
    # A rate is worse by the share it lost, a time by the share it gained.
    return Change(before, -grown_by if row.is_more_better else grown_by)


def _rounded(ratio: float) -> float:
    return float(f"{ratio:.4g}")
