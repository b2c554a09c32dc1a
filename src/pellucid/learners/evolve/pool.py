"""Seeds searched in processes of their own, all cores at once; what comes out does not depend on how many there are.

A process is `python -m pellucid.learners.evolve.pool FOLDER SEED EFFORT`: it reads what `write_data` wrote there, and
writes one JSON object a line, its progress or a program found.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from pellucid.learners.evolve.columns import Batch
from pellucid.learners.evolve.genes import Bank, Gene
from pellucid.learners.evolve.model import PARTS
from pellucid.learners.evolve.seek import Data, Found, seek, variant
from pellucid.learners.stored import packed, unpacked

POLL = 0.05  # seconds
OTHERS, SIMPLE = 2, 20.0  # times the effort of the first right program that others have, unless its price is below
ARRAYS, SETTINGS = "search.npz", "search.json"
CLASSES = {part.__name__: part for part in (Found, Data, Batch, Bank, *PARTS)}


@dataclass
class Job:
    """A seed with the effort (programs scored) it may spend, and what came of it."""

    seed: int
    effort: int
    found: list[Found] = field(default_factory=list)
    spent: int = 0
    fit: float = 1.0

    @property
    def right(self) -> Found | None:
        """The first program without a miss on the training data."""
        return next((f for f in self.found if not f.misses), None)

    @property
    def exact_at(self) -> int | None:
        """Effort after which it was found."""
        return None if self.right is None else self.right.effort


def available_cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class InterruptedSearchError(Exception):
    """Ctrl-C while searching; the jobs hold what was found."""


def run_jobs(
    folder: Path, jobs: Sequence[Job], end: float, on_progress: Callable[[int, float], None], cores: int | None = None
) -> None:
    """Run the jobs, filling in what they find.

    A job that has found an exact program limits the others to its effort, or `OTHERS` times that where it is not
    simple, however many run at once; so the programs kept are the same on any machine, unless the time `end` (of
    `time.monotonic`) cuts them off.

    Raises:
        InterruptedSearchError: on Ctrl-C.
    """
    waiting, running = list(jobs), []
    cores = cores or available_cores()
    try:
        while waiting or running:
            limit = _limit(jobs)
            while waiting and len(running) < cores and time.monotonic() < end:
                running.append(_Process(folder, waiting.pop(0), limit))
            if time.monotonic() >= end:
                break
            for process in running:
                if limit is not None and process.job.exact_at is None and process.job.spent >= limit:
                    process.stop()
            running = [p for p in running if not p.finished()]
            on_progress(sum(j.spent for j in jobs), min(j.fit for j in jobs))
            time.sleep(POLL)
    except KeyboardInterrupt:
        raise InterruptedSearchError from None
    finally:
        for process in running:
            process.stop()
    limit = _limit(jobs)
    for job in jobs:
        # an exact program found later than the first one by another seed may depend on when that was stopped
        if limit is not None and (job.exact_at is None or job.exact_at > limit):
            job.found = [f for f in job.found if f.effort <= limit]


def _limit(jobs: Sequence[Job]) -> int | None:
    """The effort up to which programs count, once one of the jobs has found an exact one."""
    first = [job.right for job in jobs if job.right is not None]
    return min((f.effort * (1 if f.price < SIMPLE else OTHERS) for f in first), default=None)


class _Process:
    """One worker and the thread that reads it."""

    def __init__(self, folder: Path, job: Job, limit: int | None) -> None:
        self.job = job
        effort = job.effort if limit is None else min(job.effort, limit)
        threads = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")}
        command = [sys.executable, "-m", "pellucid.learners.evolve.pool", str(folder), str(job.seed), str(effort)]
        self._errors = (folder / f"errors-{job.seed}").open("w+")
        self._process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=self._errors, text=True, env=os.environ | threads
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            told = json.loads(line)
            if "found" in told:
                found = found_of(told)
                self.job.found.append(found)
                self.job.spent = max(self.job.spent, found.effort)
            else:
                self.job.spent, self.job.fit = told["effort"], told["fit"]

    def finished(self) -> bool:
        """Whether the worker has ended and all it said is read.

        Raises:
            RuntimeError: it failed.
        """
        if self._process.poll() is None:
            return False
        self._reader.join()
        self._process.stdout.close()  # pyright: ignore[reportOptionalMemberAccess]
        if self._process.returncode > 0:
            self._errors.seek(0)
            last = self._errors.read().strip().splitlines()
            self._errors.close()
            raise RuntimeError(f"search worker of seed {self.job.seed} failed: {last[-1] if last else 'no message'}")
        self._errors.close()
        return True

    def stop(self) -> None:
        """End the worker now."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        self._reader.join()
        self._process.stdout.close()  # pyright: ignore[reportOptionalMemberAccess]
        self._errors.close()


# ---------------------------------------------------------------- the process of a seed


def write_data(folder: Path, data: Data, library: Sequence[tuple[Gene, ...]] = ()) -> None:
    """The files that a process reads; `library`: programs to start from."""
    config, arrays = packed((data, tuple(library)))
    np.savez(folder / ARRAYS, allow_pickle=False, **arrays)
    (folder / SETTINGS).write_text(json.dumps(config))


def read_data(folder: Path) -> tuple[Data, tuple[tuple[Gene, ...], ...]]:
    """What `write_data` wrote."""
    with np.load(folder / ARRAYS, allow_pickle=False) as arrays:
        return unpacked(json.loads((folder / SETTINGS).read_text()), arrays, CLASSES)


def found_json(found: Found) -> dict[str, Any]:
    """A program found, as one JSON object."""
    config, arrays = packed(found)
    return {"found": config, "arrays": {name: array.tolist() for name, array in arrays.items()}}


def found_of(told: dict[str, Any]) -> Found:
    """The program that `found_json` told."""
    return unpacked(told["found"], {k: np.array(v, np.int64) for k, v in told["arrays"].items()}, CLASSES)


def main(folder: Path, seed: int, effort: int) -> None:
    """Search and print."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's business: it keeps what was found
    data, library = read_data(folder)

    def say(line: dict[str, Any]) -> None:
        print(json.dumps(line), flush=True)

    # programs of a library are over the base variables of seed 0
    base = variant(0 if library else seed, data)
    for found in seek(data, base, seed, effort, lambda done, fit: say({"effort": done, "fit": fit}), library):
        say(found_json(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
