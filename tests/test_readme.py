"""The README says what is: its test line is CI's, its tables and programs are the files they name."""

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from pellucid.data.tasks import get_task
from pellucid.emit.emit import ast_nodes
from pellucid.semantics.scores import figures
from pellucid.verify.outputs import run_text

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PROGRAMS = sorted((ROOT / "examples" / "learned").glob("*.py"))
MEASURED = json.loads((ROOT / "benchmarks" / "results" / "readability.json").read_text(encoding="utf-8"))
RESULTS = {task: runs["0"] for task, runs in MEASURED["default"].items()}


def test_ci_calls_the_test_line_of_the_readme():
    (line,) = re.findall(r"```sh\n(.*pytest)\n```", README)
    assert line in (ROOT / ".ci" / "run").read_text().splitlines()


def test_blocks_are_the_files_they_name():
    done = subprocess.run(
        [sys.executable, "benchmarks/update_docs.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_there_is_a_program_and_a_result_for_every_task():
    assert {p.stem for p in PROGRAMS} == set(RESULTS)


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda p: p.stem)
def test_learned_program_is_as_right_as_the_table_says(path):
    instance = get_task(path.stem).at()
    every = instance.enumerate()
    rng = np.random.default_rng(5)
    if every is None:
        data = instance.sample(rng, 400)
    else:
        inputs = list(every)
        data = instance.label([inputs[i] for i in rng.choice(len(inputs), 400, replace=False)])
    measured = figures(run_text(path.read_text(encoding="utf-8"), data.sequences), data.outputs, data.schema.when)
    assert measured["token"] == pytest.approx(RESULTS[path.stem]["judged"]["token"], abs=0.03)


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda p: p.stem)
def test_learned_program_has_the_size_the_table_says(path):
    assert ast_nodes(path.read_text(encoding="utf-8")) == RESULTS[path.stem]["size"]["ast_nodes"]


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda p: p.stem)
def test_learned_program_is_formatted(path):
    command = [sys.executable, "-m", "ruff", "format", "--isolated", "--check", "-"]
    text = path.read_text(encoding="utf-8")
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
