"""The built-in tasks by name."""

from difflib import get_close_matches

from pellucid.data.tasks.base import Task
from pellucid.data.tasks.dyck import DYCK_TASKS
from pellucid.data.tasks.induction import INDUCTION
from pellucid.data.tasks.symbols import SYMBOL_TASKS
from pellucid.data.tokens import show
from pellucid.errors import PellucidError

_TASKS: dict[str, Task] = {task.name: task for task in (*SYMBOL_TASKS, *DYCK_TASKS, INDUCTION)}


def task_names() -> tuple[str, ...]:
    """Names of the built-in tasks, in the order they are listed to a reader."""
    return tuple(_TASKS)


def all_tasks() -> tuple[Task, ...]:
    """The built-in tasks themselves."""
    return tuple(_TASKS.values())


def get_task(name: str) -> Task:
    """The built-in task of that name.

    Raises:
        PellucidError: there is none; the nearest names are given.
    """
    if name in _TASKS:
        return _TASKS[name]
    near = get_close_matches(name.lower(), _TASKS, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(near)}? " if near else ""
    raise PellucidError(f"unknown task {show(name)}; {hint}The tasks are {', '.join(_TASKS)}")
