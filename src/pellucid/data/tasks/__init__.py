"""Built-in tasks by name: a generator, an exact oracle and, where small enough, the whole domain of each."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches

from pellucid.data.tasks.base import ENUMERABLE as ENUMERABLE
from pellucid.data.tasks.base import Domain as Domain
from pellucid.data.tasks.base import Task as Task
from pellucid.data.tasks.base import TaskInstance as TaskInstance
from pellucid.data.tasks.mips import MIPS_TASKS
from pellucid.data.tasks.physics import PHYSICS_TASKS
from pellucid.data.tasks.symbols import SYMBOL_TASKS
from pellucid.errors import PellucidError
from pellucid.values import show

TASKS: Mapping[str, Task] = {task.name: task for task in (*SYMBOL_TASKS, *MIPS_TASKS, *PHYSICS_TASKS)}


def get_task(name: str) -> Task:
    """The built-in task of that name.

    Raises:
        PellucidError: there is none; the nearest names are given.
    """
    if name in TASKS:
        return TASKS[name]
    near = get_close_matches(name.lower(), TASKS, n=3, cutoff=0.5)
    near = near or [known for known in TASKS if known.endswith(f"/{name.lower()}")]
    hint = f"did you mean {' or '.join(near)}? " if near else ""
    known = ", ".join(dict.fromkeys(f"{task.group}/NAME" if task.group else task.name for task in TASKS.values()))
    raise PellucidError(f"unknown task {show(name)}; {hint}the tasks are {known} (`pellucid tasks` lists them all)")
