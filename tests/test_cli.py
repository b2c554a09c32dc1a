"""Bad input on the command line: one clear line, exit code 2, nothing written. No training here."""

import json
import subprocess
import sys

import pytest
from click.testing import CliRunner

from pellucid.cli import main
from pellucid.data.tasks import task_names

GOOD = '{"input": [1, 2], "output": [1, 2]}\n'

BAD = [
    (["learn", "absent.jsonl"], "absent.jsonl: no such file"),
    (["learn", "empty.jsonl"], "the file is empty"),
    (["learn", "broken.jsonl"], "broken.jsonl:2: not JSON"),
    (["learn", "uneven.jsonl"], "uneven.jsonl:1: input has 2 symbols, output 1"),
    (["learn", "few.jsonl"], "at least 10"),
    (["learn", "sortt"], "did you mean sort?"),
    (["learn"], "WHAT or --train"),
    (["learn", "sort", "--out", "full"], "--out full: exists and is not empty"),
    (["learn", "sort", "--out", "empty.jsonl"], "is a file"),
    (["learn", "sort", "--set", "vocap=3"], "did you mean vocab?"),
    (["learn", "sort", "--set", "vocab=many"], "--set vocab=many: expected a whole number"),
    (["learn", "sort", "--set", "vocab=1"], "vocab is 1; expected at least 5"),
    (["learn", "sort", "--set", "hidden"], "expected key=value"),
    (["learn", "sort", "--set", "causal=true"], "--set causal"),
    (["learn", "sort", "--set", "layers=-1"], "layers"),
    (["learn", "sort", "--set", "lr=0"], "lr: expected a positive number"),
    (["learn", "sort", "--model", "bert"], "--model bert: expected one of"),
    (["learn", "sort", "--simplify", "wildly"], "--simplify wildly: expected one of"),
    (["learn", "sort", "--valid", "few.jsonl"], "--valid, --test and --longer go with a data file"),
    (["learn", "sort", "--steps", "0"], "steps: expected a positive number, got 0"),
    (["learn", "sort", "--seed", "x"], "is not a valid integer"),
    (["learn", "sort", "--seed", "-1"], "--seed -1: expected 0 or more"),
    (["learn", "sort", "--budget", "nan"], "budget: expected a positive number, got nan"),
    (["learn", "sort", "--set", "lr=nan"], "lr: expected a positive number, got nan"),
    (["learn", "sort", "--set", "heads=100000000"], "expected a number from 0 to 1024"),
    (["learn", "sort", "--set", "k=1"], "--set k=1: too small"),
    (["learn", "sort", "--sed", "1"], "No such option"),
    (["eval", "full", "few.jsonl"], "report.json: no such file"),
    (["eval", "absent", "few.jsonl"], "absent: no such folder"),
    (["eval", "notes.py", "few.jsonl"], "notes.py: not a program written by pellucid"),
    (["verify", "absent"], "absent: no such folder"),
    (["run", "absent", "1"], "absent: no such folder"),
    (["explode"], "No such command"),
]


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty.jsonl").touch()
    (tmp_path / "broken.jsonl").write_text(GOOD + "not json\n")
    (tmp_path / "uneven.jsonl").write_text('{"input": [1, 2], "output": [1]}\n')
    (tmp_path / "few.jsonl").write_text(GOOD * 3)
    (tmp_path / "notes.py").write_text("print('hello')\n")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").touch()
    return tmp_path


@pytest.mark.parametrize(("arguments", "told"), BAD, ids=[" ".join(a) for a, _ in BAD])
def test_bad_input_is_one_line_and_exit_code_2(place, arguments, told):
    before = sorted(p.name for p in place.rglob("*"))
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert line.startswith("error: ")
    assert told in line
    assert sorted(p.name for p in place.rglob("*")) == before


def test_tasks_lists_every_task():
    told = CliRunner().invoke(main, ["tasks"]).stdout.splitlines()
    assert [line.split()[0] for line in told] == list(task_names())
    assert {*json.loads(CliRunner().invoke(main, ["tasks", "--json"]).stdout)} == {*task_names()}


def test_import_and_help_load_nothing_heavy():
    code = (
        "import sys, pellucid, pellucid.cli\n"
        "heavy = {'jax', 'numpy', 'sympy', 'sklearn', 'optax', 'rich'} & set(sys.modules)\n"
        "sys.exit(f'loaded {heavy}' if heavy else 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
