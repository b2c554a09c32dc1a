"""Time spent per stage of a run, and its progress."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

OnProgress = Callable[[str, float, str], None]


@dataclass
class Stages:
    """Reports stages as they begin, and keeps how long each took."""

    on_progress: OnProgress
    seconds: dict[str, float] = field(default_factory=dict)
    began: float = field(default_factory=time.monotonic)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """One stage."""
        self.on_progress(name, 0.0, "")
        start = time.monotonic()
        yield
        self.seconds[name] = round(time.monotonic() - start, 3)

    @property
    def total(self) -> float:
        """Seconds since the run began."""
        return round(time.monotonic() - self.began, 3)
