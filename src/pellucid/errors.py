"""The exceptions a user of Pellucid is meant to read."""

from __future__ import annotations

from typing import Any


class PellucidError(ValueError):
    """What was wrong with something the user gave, in one clear line.

    The line names the file, line or argument, what came, and what was expected. The command line prints it and
    leaves with exit code 2; from Python it is an ordinary `ValueError`.
    """


class MismatchError(PellucidError):
    """Model, IR and emitted text do not agree; nothing was written. `verdict` holds the counterexample."""

    def __init__(self, verdict: Any) -> None:
        super().__init__(f"model and program disagree, nothing was written: {verdict}")
        self.verdict = verdict
