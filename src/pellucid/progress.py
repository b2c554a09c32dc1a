"""Stages of a run: how long each takes and may take, how they are shown, and what stops them: Ctrl-C, the clock."""

from __future__ import annotations

import math
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from pellucid.errors import PellucidError

OnProgress = Callable[[str, float, str], None]  # a stage, the share of it done (0..1), a short message
EVERY = 10.0  # seconds between lines in a pipe
LEAST = 10.0  # seconds of a budget: less is not enough to import, read, learn and verify
KEPT, SHARE = 3.0, 0.1  # seconds of a budget, and share of it, that are kept for what follows learning
ENDS = {"learn": 0.0, "simplify": 0.3, "verify": 0.6, "baseline": 0.93}  # shares of these that are spent after a stage
AGAIN = 0.5  # seconds after which a stage that went on is stopped again
INTERRUPTED = "interrupted: finishing with the best so far"


class TimeIsUpError(KeyboardInterrupt):
    """A stage took all of its time. Who takes in Ctrl-C, and keeps what there is, takes in this."""


@dataclass(frozen=True)
class Budget:
    """Seconds for all of a run, from when it `began` (`time.monotonic`)."""

    seconds: float
    began: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        """Refuse what cannot be kept."""
        if not LEAST <= self.seconds < math.inf:
            told = f"expected at least {LEAST:g} seconds, for learning, simplifying and verifying together"
            raise PellucidError(f"--budget {self.seconds:g}: {told}")

    def end(self, stage: str) -> float:
        """When (of `time.monotonic`) a stage must end."""
        return self.began + self.seconds - (KEPT + SHARE * self.seconds) * (1 - ENDS[stage])


@dataclass
class Stages:
    """Reports stages as they begin, keeps how long each took, and says until when it may go on.

    Args:
        on_progress: is told. budget: for all of them; None: there is no end.
        seconds: that each took. cut_short: those that ended before their work was done.
        interrupted: Ctrl-C was pressed; what is left is done in the shortest way.
    """

    on_progress: OnProgress
    budget: Budget | None = None
    seconds: dict[str, float] = field(default_factory=dict)
    cut_short: list[str] = field(default_factory=list)
    interrupted: bool = False
    began: float = field(default_factory=time.monotonic)
    now: str = "start"

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """One stage."""
        self.now = name
        self.on_progress(name, 0.0, "")
        start = time.monotonic()
        yield
        self.seconds[name] = round(self.seconds.get(name, 0.0) + time.monotonic() - start, 3)

    def end(self, name: str) -> float:
        """When (of `time.monotonic`) a stage must end."""
        if self.interrupted:
            return time.monotonic()
        return math.inf if self.budget is None else self.budget.end(name)

    def cut(self, name: str) -> None:
        """Note that a stage ended early."""
        if name not in self.cut_short:
            self.cut_short.append(name)

    @property
    def total(self) -> float:
        """Seconds since the run began."""
        return round(time.monotonic() - (self.began if self.budget is None else self.budget.began), 3)

    @contextmanager
    def interruptible(self) -> Iterator[None]:
        """Ctrl-C is answered at once, and then stops the stage that is at work as ever."""
        usual = signal.getsignal(signal.SIGINT)
        if usual is not signal.default_int_handler or not _is_main():
            yield
            return

        def stop(*given: Any) -> None:
            self.interrupted = True
            self.on_progress(self.now, 1.0, INTERRUPTED)
            raise KeyboardInterrupt

        signal.signal(signal.SIGINT, stop)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, usual)


@contextmanager
def stopped(at: float) -> Iterator[None]:
    """Raise `TimeIsUpError` in here once it is `at` (of `time.monotonic`).

    Only in the main thread, and where the system has timers; a stage looks at the clock itself, too.
    """
    if at == math.inf or not hasattr(signal, "setitimer") or not _is_main():
        yield
        return

    def ring(*given: Any) -> None:
        raise TimeIsUpError

    usual, began = signal.signal(signal.SIGALRM, ring), time.monotonic()
    left, every = signal.setitimer(signal.ITIMER_REAL, max(1e-3, at - began), AGAIN)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, usual or signal.SIG_DFL)
        if left:  # somebody else's timer, as of a stage around this one
            signal.setitimer(signal.ITIMER_REAL, max(1e-3, left - (time.monotonic() - began)), every)


def _is_main() -> bool:
    return threading.current_thread() is threading.main_thread()


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
    """A line where a stage has something to say first, and one now and then."""
    began = last = time.monotonic()
    told = ""

    def tell(stage: str, share: float, message: str) -> None:
        nonlocal last, told
        now = time.monotonic()
        if (message and stage != told) or now - last >= EVERY or message.startswith(("interrupted", "resumed")):
            last, told = now, stage
            print(f"{now - began:5.0f} s  {stage} {share:.0%}  {message}".rstrip(), file=sys.stderr, flush=True)

    return tell
