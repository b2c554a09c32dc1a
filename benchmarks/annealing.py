"""The course of the annealing on five tasks: soft loss first, then the gap to the hard model.

    python benchmarks/annealing.py [TASK ...]

Runs `pellucid learn TASK --model discrete --seed 0` and draws `pellucid history DIR --plot docs/annealing/TASK.svg`.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from common import learn

FIGURES = Path(__file__).parent.parent / "docs" / "annealing"
TASKS = {
    "mips/sum_last2": (),
    "mips/diff_last2": (),
    "mips/parity_last2": (),
    "mips/maximum_prev2": (),
    "mips/newton_spring": ("--feedback", "2"),
}


def main() -> None:
    FIGURES.mkdir(exist_ok=True)
    for task in sys.argv[1:] or TASKS:
        with tempfile.TemporaryDirectory() as scratch:
            out = Path(scratch, "learned")
            learn(task, 0, out, "--model", "discrete", *TASKS[task])
            figure = FIGURES / f"{task.split('/')[1]}.svg"
            subprocess.run([sys.executable, "-m", "pellucid", "history", str(out), "--plot", str(figure)], check=True)


if __name__ == "__main__":
    main()
