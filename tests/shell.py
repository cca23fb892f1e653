"""Runs `zapisnik` in a process of its own, as people and scripts do."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import IO, Any

from sync.simulator import PARTNER_TOKEN, USER_TOKEN

ROOT = Path(__file__).parents[1]


class Shell:
    """Runs `zapisnik` in a process of its own, with only these settings."""

    def __init__(self, **settings: str) -> None:
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        self.environment = {**kept, "PYTHONUTF8": "1", **settings}

    def run(self, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        return self.run_for(60, *arguments, **settings)

    def run_for(self, seconds: float, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        """Like `run`, for what may take so long."""
        return subprocess.run(
            [sys.executable, "-m", "console", *arguments],
            env={**self.environment, **settings},
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )

    def start(self, *arguments: str, **settings: str) -> subprocess.Popen[str]:
        """A command that goes on until it is stopped; what it says is in its pipes."""
        return self.start_into(subprocess.PIPE, *arguments, **settings)

    def start_into(self, log: IO[str] | int, *arguments: str, **settings: str) -> subprocess.Popen[str]:
        """The same; what it says goes into this file, which no length of it can block."""
        return subprocess.Popen(
            [sys.executable, "-m", "console", *arguments],
            env={**self.environment, **settings},
            cwd=ROOT,
            stdout=log,
            stderr=log,
            text=True,
        )

    def json(self, *arguments: str) -> Any:
        """What a command that ends well prints."""
        done = self.run(*arguments, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def lines(self, *arguments: str) -> list[Any]:
        done = self.run(*arguments, "--json")
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]


def crm(url: str) -> dict[str, str]:
    return {
        "YCLIENTS_URL": url,
        "YCLIENTS_PARTNER_TOKEN": PARTNER_TOKEN,
        "YCLIENTS_USER_TOKEN": USER_TOKEN,
        "YCLIENTS_COMPANY_ID": "1",
    }


def refused(done: subprocess.CompletedProcess[str], *words: str, code: int = 2) -> None:
    """One sentence with these words, this exit code, and no traceback."""
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    sentences = [line for line in done.stderr.splitlines() if line.startswith("zapisnik: ")]
    assert len(sentences) == 1, done.stderr
    for word in words:
        assert word in sentences[0]
