"""`zapisnik simulator`, as people start it."""

from __future__ import annotations

import signal
from pathlib import Path

import httpx
import pytest

from sync.simulator.faults_file import FaultsFileError, load_faults
from tests.shell import ROOT, Shell, refused
from tests.simulated import AUTHORIZATION

EXAMPLE = ROOT / "docs/examples/faults.toml"


@pytest.fixture
def plain_shell() -> Shell:
    """Without a salon: the simulator needs none."""
    return Shell()


def test_it_answers_with_its_faults_and_stops_in_order(plain_shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "faults.toml"
    file.write_text('[[rules]]\nfault = "html_before"\nfrom_request = 2\nuntil_request = 2\n', "utf-8")
    with plain_shell.start(
        "simulator", "--port", "0", "--seed", "7", "--faults", str(file), "--company", "9", "--zone", "Asia/Omsk"
    ) as program:
        try:
            assert program.stdout is not None
            assert program.stderr is not None
            url = program.stdout.readline().strip()
            with httpx.Client(base_url=url, headers={"Authorization": AUTHORIZATION}, trust_env=False) as http:
                statuses = [http.get("/api/v1/company/9/").status_code for _ in range(3)]
                zone = http.get("/api/v1/company/9/").json()["data"]["timezone_name"]
                page = http.get("/", follow_redirects=True)
            program.send_signal(signal.SIGTERM)
            # Not communicate(): what readline() has taken ahead would be forgotten.
            said, trouble = program.stdout.read(), program.stderr.read()
            program.wait(timeout=10)
        finally:
            program.kill()

    assert (statuses, zone) == ([200, 502, 200], "Asia/Omsk")
    assert 'name="seed" value="7"' in page.text
    assert f"YCLIENTS_URL={url} YCLIENTS_COMPANY_ID=9 YCLIENTS_PARTNER_TOKEN=" in said
    assert (program.returncode, trouble) == (0, "")


def test_a_wrong_file_zone_or_port_is_one_sentence(plain_shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "faults.toml"
    refused(plain_shell.run("simulator", "--faults", str(file)), str(file), "is not there")
    file.write_text("[shares]\nlatte = 0.5\n", "utf-8")
    refused(plain_shell.run("simulator", "--faults", str(file)), str(file), "'latte' is not a fault; there are")
    refused(plain_shell.run("simulator", "--zone", "Mars"), "--zone", "'Mars'")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("seed = ", "is not TOML"),
        ("speed = 1", "unknown field `speed`"),
        ('[shares]\nlate = "often"', r"shares\[...\]"),
        ("[shares]\nlate = 2.0", "late: a share is a number from 0 to 1"),
        ('[[rules]]\nfault = "latte"', r"'latte' - at `\$.rules\[0\].fault`; there are unreachable"),
        ('[[rules]]\nfault = "late"\nmethod = "GET"', "unknown field `method`"),
        ("slow_seconds = -1", "not below 0"),
    ],
)
def test_what_is_wrong_in_a_file_of_faults_is_named(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "faults.toml"
    file.write_text(text, "utf-8")

    with pytest.raises(FaultsFileError, match=said):
        load_faults(file)


def test_the_example_is_read_and_a_seed_overrides_its_own() -> None:
    example = load_faults(EXAMPLE)

    assert example.seed == 2025
    assert {rule.fault for rule in example.rules} > {"empty_listing", "late", "dropped_after"}
    assert load_faults(EXAMPLE, seed=3).seed == 3
