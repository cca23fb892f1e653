"""What a rebuild can end with, besides the ledger's own errors.

ProjectionError
├── RebuildRunningError    another process is building that read model anew
├── SwitchBlockedError     somebody keeps the live tables in use, so the new ones cannot take their place
└── BrokenRuleError        the log does not fit into the read model's own constraints
"""

from __future__ import annotations


class ProjectionError(Exception):
    """The base of all errors of the read models."""


class RebuildRunningError(ProjectionError):
    """Another process is building this read model anew."""


class SwitchBlockedError(ProjectionError):
    """The live tables were in use whenever the new ones were to take their place."""


class BrokenRuleError(ProjectionError):
    """Rows folded from the log break a constraint of their own tables."""
