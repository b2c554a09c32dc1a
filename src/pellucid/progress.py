"""A progress bar with the time left, on a terminal only; nothing in a pipe."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


def _tell(message: str) -> None:
    """What a user must know even without a bar."""
    if message.startswith("interrupted"):
        print(message, file=sys.stderr, flush=True)


@contextmanager
def progress_bar(quiet: bool) -> Iterator[Callable[[str, float, str], None]]:
    """A callback `(stage, share, message)` that draws on standard error, or does nothing."""
    if quiet or not sys.stderr.isatty():
        yield lambda stage, share, message: _tell(message) if not quiet else None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description:<9}"), BarColumn(), TimeElapsedColumn(), TextColumn("left at most"),
               TimeRemainingColumn(), TextColumn("{task.fields[message]}"))  # fmt: skip
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task("start", total=1.0, message="")
        yield lambda stage, share, message: progress.update(bar, description=stage, completed=share, message=message)
