"""The built-in tasks by name: those on symbols, and those on numbers, which have a group and a slash in their name."""

from difflib import get_close_matches

from pellucid.data.old_tasks.base import Task
from pellucid.data.old_tasks.dyck import DYCK_TASKS
from pellucid.data.old_tasks.induction import INDUCTION
from pellucid.data.old_tasks.mips import MIPS_TASKS
from pellucid.data.old_tasks.numeric import NumericTask
from pellucid.data.old_tasks.physics import PHYSICS_TASKS
from pellucid.data.old_tasks.symbols import SYMBOL_TASKS
from pellucid.errors import PellucidError
from pellucid.values import show

_TASKS: dict[str, Task] = {task.name: task for task in (*SYMBOL_TASKS, *DYCK_TASKS, INDUCTION)}
_NUMERIC: dict[str, NumericTask] = {task.name: task for task in (*MIPS_TASKS, *PHYSICS_TASKS)}


def task_names() -> tuple[str, ...]:
    """Names of the built-in tasks on symbols, in the order they are listed to a reader."""
    return tuple(_TASKS)


def all_tasks() -> tuple[Task, ...]:
    """The built-in tasks on symbols themselves."""
    return tuple(_TASKS.values())


def get_task(name: str) -> Task:
    """The built-in task on symbols of that name.

    Raises:
        PellucidError: there is none; the nearest names of any task are given.
    """
    if name in _TASKS:
        return _TASKS[name]
    if name in _NUMERIC:
        raise PellucidError(f"task {name} is on number sequences; expected one on symbols: {', '.join(_TASKS)}")
    raise _unknown(name)


def numeric_names(group: str | None = None) -> tuple[str, ...]:
    """Names of the built-in tasks on numbers, or of one group of them, such as "mips" or "physics"."""
    return tuple(task.name for task in numeric_tasks(group))


def numeric_tasks(group: str | None = None) -> tuple[NumericTask, ...]:
    """The built-in tasks on numbers themselves, or those of one group."""
    return tuple(task for task in _NUMERIC.values() if group in (None, task.group))


def get_numeric_task(name: str) -> NumericTask:
    """The built-in task on numbers of that name.

    Raises:
        PellucidError: there is none; the nearest names of any task are given.
    """
    if name in _NUMERIC:
        return _NUMERIC[name]
    if name in _TASKS:
        raise PellucidError(f"task {name} is on symbols; the tasks on numbers are named mips/NAME and physics/NAME")
    raise _unknown(name)


def find_task(name: str) -> Task | NumericTask:
    """The built-in task of that name, on symbols or on numbers.

    Raises:
        PellucidError: there is none; the nearest names are given.
    """
    return get_numeric_task(name) if name in _NUMERIC else get_task(name)


def _unknown(name: str) -> PellucidError:
    near = get_close_matches(name.lower(), (*_TASKS, *_NUMERIC), n=3, cutoff=0.5)
    near = near or [known for known in _NUMERIC if known.endswith(f"/{name.lower()}")]
    hint = f"did you mean {' or '.join(near)}? " if near else ""
    groups = dict.fromkeys(f"{task.group}/NAME" for task in _NUMERIC.values())
    known = ", ".join((*_TASKS, *groups))
    return PellucidError(f"unknown task {show(name)}; {hint}the tasks are {known} (`pellucid tasks` lists them all)")
