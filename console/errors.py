"""What the command line can end with.

ConsoleError
├── UsageError                  used wrongly: a setting, an argument, a file; exit 2
│   └── EmbeddedDatabaseError   the embedded PostgreSQL cannot be had; exit 2
├── FoundError                  it worked, and found something that is not as it should be; exit 1
└── BadRowError                 a row of an older table that cannot be taken; never leaves the import
"""

from __future__ import annotations


class ConsoleError(Exception):
    """The base; its text is the one sentence a person reads."""

    exit_code = 1


class UsageError(ConsoleError):
    """A setting, an argument or a file is wrong; the text names it and the remedy."""

    exit_code = 2


class EmbeddedDatabaseError(UsageError):
    """The embedded server cannot be had: a sentence with the remedy, then what PostgreSQL said, if anything."""

    def __init__(self, trouble: str, said: str = "") -> None:
        remedy = f"{trouble}, or set DATABASE_URL to a PostgreSQL server of your own."
        super().__init__("\n".join(filter(None, [remedy, said.strip()[-2000:]])))


class FoundError(ConsoleError):
    """The command did its work and found something wrong."""


class BadRowError(ConsoleError):
    """A row cannot be taken; the text says why and repeats nothing of the row, which may be personal."""
