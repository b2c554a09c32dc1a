"""Stages of a run: the time spent in each, and how their progress is shown."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

OnProgress = Callable[[str, float, str], None]  # a stage, the share of it done (0..1), a short message
EVERY = 10.0  # seconds between lines in a pipe


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
        self.seconds[name] = round(self.seconds.get(name, 0.0) + time.monotonic() - start, 3)

    @property
    def total(self) -> float:
        """Seconds since the run began."""
        return round(time.monotonic() - self.began, 3)


@contextmanager
def shown(quiet: bool) -> Iterator[OnProgress]:
    """A callback that shows progress on standard error: a bar on a terminal, now and then a line in a pipe."""
    if quiet:
        yield lambda stage, share, message: None
        return
    if not sys.stderr.isatty():
        yield _lines()
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description:<9}"), BarColumn(), TimeElapsedColumn(), TextColumn("left at most"),
               TimeRemainingColumn(), TextColumn("{task.fields[message]}"))  # fmt: skip
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task("start", total=1.0, message="")
        yield lambda stage, share, message: progress.update(bar, description=stage, completed=share, message=message)


def _lines() -> OnProgress:
    began = last = time.monotonic()

    def tell(stage: str, share: float, message: str) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= EVERY or message.startswith(("interrupted", "resumed")):
            last = now
            print(f"{now - began:5.0f} s  {stage} {share:.0%}  {message}".rstrip(), file=sys.stderr, flush=True)

    return tell
