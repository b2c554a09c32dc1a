"""Built-in tasks: a generator, an exact oracle and, where small enough, the whole domain of each."""

from pellucid.data.old_tasks.base import ENUMERABLE as ENUMERABLE
from pellucid.data.old_tasks.base import Domain as Domain
from pellucid.data.old_tasks.base import Task as Task
from pellucid.data.old_tasks.base import TaskInstance as TaskInstance
from pellucid.data.old_tasks.numeric import NumericTask as NumericTask
from pellucid.data.old_tasks.registry import all_tasks as all_tasks
from pellucid.data.old_tasks.registry import find_task as find_task
from pellucid.data.old_tasks.registry import get_numeric_task as get_numeric_task
from pellucid.data.old_tasks.registry import get_task as get_task
from pellucid.data.old_tasks.registry import numeric_names as numeric_names
from pellucid.data.old_tasks.registry import numeric_tasks as numeric_tasks
from pellucid.data.old_tasks.registry import task_names as task_names
