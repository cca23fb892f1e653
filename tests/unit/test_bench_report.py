"""What a run of the bench says about its figures: ratios, targets, noise, and what became worse."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench import kept
from bench.__main__ import exit_code, main
from bench.kept import Kept, KeptRatio
from bench.report import Report
from bench.rounds import Contest, Figure, interleaved, percentile
from bench.rows import Row, Target
from bench.sizes import FULL, QUICK

RED = "\x1b[31m"


def row(
    *ours: float, name: str = "append-1", bare: tuple[float, ...] = (1000.0,), targets: tuple[Target, ...] = ()
) -> Row:
    """Rates a second; the yardstick is `bare psycopg`."""
    yardstick, figure = (
        Figure("bare psycopg", rounds=list(bare * len(ours))[: len(ours)]),
        Figure("ours", rounds=list(ours)),
    )
    return Row(name, "append, one by one", [yardstick, figure], figure, yardstick, targets)


def slow_row(*milliseconds: float) -> Row:
    yardstick, figure = (
        Figure("a bare query", "ms", [1.0] * len(milliseconds)),
        Figure("ours", "ms", list(milliseconds)),
    )
    return Row("free-slots", "free slots", [yardstick, figure], figure, yardstick)


def keeping(ratio: float, name: str = "append-1", yardstick: str = "bare psycopg") -> Kept:
    return Kept({}, {name: KeptRatio("ours", yardstick, "more", ratio, (ratio, ratio))})


def report(*rows: Row, before: Kept | None = None, is_full: bool = True) -> Report:
    return Report({"cores": 2}, before or Kept({}, {}), is_full, list(rows))


def test_a_figure_is_the_median_of_its_rounds_and_a_ratio_that_of_the_rounds_own_ratios() -> None:
    # A machine that halves its speed in the second round halves both.
    measured = row(500.0, 250.0, 480.0, bare=(1000.0, 500.0, 1000.0))

    assert measured.ours.value == 480.0
    assert measured.ratios == [0.5, 0.5, 0.48]
    assert measured.ratio == 0.5


def test_in_a_round_everybody_has_a_turn_and_the_first_round_does_not_count() -> None:
    turns: list[str] = []

    def contest(name: str) -> Contest:
        def measure() -> list[float]:
            turns.append(name)
            return [float(len(turns))]

        return Contest([Figure(name)], measure)

    contests = [contest("bare"), contest("ours")]
    interleaved(2, contests, lambda _: None, "tests")

    assert turns == ["bare", "ours"] * 3
    assert [one.figures[0].rounds for one in contests] == [[3.0, 5.0], [4.0, 6.0]]


def test_the_99th_percentile_is_passed_by_one_value_in_a_hundred() -> None:
    values = [float(value) for value in range(1, 1001)]

    assert sum(1 for value in values if value > percentile(values, 99)) == 10
    assert percentile([3.0, 1.0, 2.0], 50) == 2.0


@pytest.mark.parametrize(
    ("target", "missed_by"),
    [
        (Target(100.0, 100.0, "/s"), 0.0),
        (Target(100.0, 80.0, "/s"), 0.2),
        (Target(5.0, 5.0, "ms", "at most"), 0.0),
        (Target(5.0, 7.0, "ms", "at most"), 0.4),
        (Target(0.0, 0.0, "answers 429", "at most"), 0.0),
        (Target(0.0, 1.0, "answers 429", "at most"), float("inf")),
    ],
)
def test_a_missed_target_says_by_how_much(target: Target, missed_by: float) -> None:
    assert target.missed_by == pytest.approx(missed_by)
    assert target.is_met == (missed_by == 0)


def test_a_missed_target_stands_in_the_table_and_is_no_error() -> None:
    told = report(row(400.0, targets=(Target(0.55, 0.4, "x bare"), Target(0.3, 0.4, "x library"))))

    assert "target at least 0.55 x bare: 0.40, MISSED by 27%" in told.text()
    assert "target at least 0.30 x library: 0.40, met" in told.text()
    assert exit_code(told, strict=True) == 0


@pytest.mark.parametrize(("rate", "is_regression"), [(400.0, True), (401.0, False), (500.0, False), (900.0, False)])
def test_a_rate_that_lost_more_than_a_fifth_of_its_ratio_is_a_regression(rate: float, is_regression: bool) -> None:
    told = report(row(rate - 0.1), before=keeping(0.5))

    assert (told.regressions == ["append-1"]) == is_regression
    assert ("REGRESSION" in told.text()) == is_regression


@pytest.mark.parametrize(("milliseconds", "is_regression"), [(2.39, False), (2.41, True), (1.0, False)])
def test_a_time_that_grew_by_more_than_a_fifth_is_a_regression(milliseconds: float, is_regression: bool) -> None:
    told = report(slow_row(milliseconds), before=keeping(2.0, "free-slots", "a bare query"))

    assert (told.regressions == ["free-slots"]) == is_regression


def test_a_regression_is_red_in_a_terminal_and_a_word_everywhere() -> None:
    told = report(row(300.0), before=keeping(0.5))

    assert "40% worse, REGRESSION" in told.text()
    assert RED not in told.text()
    assert told.text(coloured=True).count(f"{RED}40% worse, REGRESSION") == 2, "beside its row and in the summary"


def test_what_became_better_is_said_and_is_not_red() -> None:
    text = report(row(750.0), before=keeping(0.5)).text(coloured=True)

    assert "50% better" in text
    assert RED not in text


def test_a_regression_fails_only_a_strict_run() -> None:
    told = report(row(300.0), before=keeping(0.5))

    assert exit_code(told, strict=False) == 0
    assert exit_code(told, strict=True) == 1


def test_a_ratio_to_another_yardstick_is_not_compared() -> None:
    told = report(row(300.0), before=keeping(0.5, yardstick="an older baseline"))

    assert told.regressions == []
    assert json.loads(told.json())["rows"][0]["kept"] is None


def test_a_yardstick_that_swings_makes_its_own_row_unquotable_and_no_other() -> None:
    noisy, quiet = row(500.0, 500.0, bare=(1000.0, 1600.0)), row(500.0, 500.0, name="read")
    told = report(noisy, quiet)

    assert [one["quotable"] for one in json.loads(told.json())["rows"]] == [False, True]
    assert "bare psycopg itself varied 1.6-fold" in told.text()
    assert not told.is_quotable
    assert report(quiet).is_quotable


def test_a_run_of_smaller_sizes_is_never_to_be_quoted() -> None:
    assert FULL.are_full
    assert not QUICK.are_full
    assert not report(row(500.0), is_full=False).is_quotable
    assert "DO NOT QUOTE" in report(row(500.0), is_full=False).text()


def test_json_has_what_the_table_has() -> None:
    told = report(row(300.0, 320.0, 280.0, targets=(Target(0.0, 1.0, "answers 429", "at most"),)), before=keeping(0.5))
    found = json.loads(told.json())

    assert found["regressions"] == ["append-1"]
    assert found["surroundings"] == {"cores": 2}
    (one,) = found["rows"]
    assert (one["name"], one["ours"], one["yardstick"], one["better"]) == ("append-1", "ours", "bare psycopg", "more")
    assert (one["ratio"], one["kept"], one["worse_by"], one["regression"]) == (0.3, 0.5, pytest.approx(0.4), True)
    assert one["figures"][1] == {
        "name": "ours",
        "unit": "/s",
        "value": 300.0,
        "rounds": [300.0, 320.0, 280.0],
        "times_yardstick": 0.3,
    }
    assert one["targets"][0]["met"] is False
    assert one["targets"][0]["missed_by"] is None, "JSON has no infinity"


def test_kept_ratios_are_read_back_and_those_not_measured_stay(tmp_path: Path) -> None:
    file = tmp_path / "kept.json"
    kept.save([row(500.0, 520.0, 480.0), row(100.0, name="read")], {"cores": 2}, file)

    kept.save([row(600.0)], {"cores": 4}, file)

    again = kept.load(file)
    assert again.measured_on == {"cores": 4}
    assert again.ratios["append-1"].ratio == 0.6
    assert again.ratios["read"].ratio == 0.1
    assert kept.load(tmp_path / "none.json") == Kept({}, {})


def test_the_spread_of_a_kept_ratio_is_that_of_its_rounds(tmp_path: Path) -> None:
    kept.save([row(500.0, 520.0, 480.0)], {}, tmp_path / "kept.json")

    assert kept.load(tmp_path / "kept.json").ratios["append-1"].spread == (0.48, 0.52)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--keep", "--quick"], "--keep needs a full run"),
        (["--keep", "--stored", "1000"], "--keep needs a full run"),
        (["--only", "nothing"], "invalid choice: 'nothing'"),
        (["--rounds", "0"], "0 is less than 1"),
        (["--seconds", "0"], "--seconds must be above 0"),
        (["--json", "/nowhere/at/all.json"], "there is no directory"),
    ],
)
def test_wrong_use_is_said_before_anything_is_measured(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)

    assert ended.value.code == 2
    assert said in capsys.readouterr().err
