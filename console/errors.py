"""What the command line can end with.

ConsoleError
├── UsageError       used wrongly: a setting, an argument, a file; exit 2
└── FoundError       it worked, and found something that is not as it should be; exit 1
"""

from __future__ import annotations


class ConsoleError(Exception):
    """The base; its text is the one sentence a person reads."""

    exit_code = 1


class UsageError(ConsoleError):
    """A setting, an argument or a file is wrong; the text names it and the remedy."""

    exit_code = 2


class FoundError(ConsoleError):
    """The command did its work and found something wrong."""
