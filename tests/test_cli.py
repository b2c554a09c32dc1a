"""Bad input on the command line: one clear line, exit code 2, nothing written. No training here."""

import json
import re
import subprocess
import sys

import pytest
from click.testing import CliRunner

from inspect_samples import LAST, PROGRAMS, call, call_json, write_folder
from pellucid.data.old_tasks import numeric_names, task_names
from pellucid.first.candidates import table
from pellucid.first.cli import main

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
    every = [*task_names(), *numeric_names()]
    assert [line.split()[0] for line in told] == every
    assert {*json.loads(CliRunner().invoke(main, ["tasks", "--json"]).stdout)} == {*every}


def test_help_of_learn_has_the_defaults_and_the_keys_of_set():
    from pellucid.first.turns import BUDGET
    from pellucid.learners.transformer.programs.config import ProgramsTraining
    from pellucid.search.learn import SEEDS
    from pellucid.settings import DATA, MODEL, TRAINING

    told = " ".join(CliRunner().invoke(main, ["learn", "--help"]).stdout.split())
    assert f"Seconds for learning, at most. [default: {BUDGET:g}]" in told
    seeds = f"[default: {SEEDS} in a round of the search, {ProgramsTraining.seeds} of the gradient learner]"
    assert seeds in told
    assert f"[default: {ProgramsTraining.steps}; a built-in task may have its own]" in told
    keys = told[told.index("Keys of --set") :]
    for key in (*DATA, *MODEL, *TRAINING):
        assert re.search(rf"\b{key}\b", keys), key


@pytest.mark.parametrize("name", ["dyck", "last"])
def test_run_says_what_was_expected(tmp_path, name):
    place = write_folder(tmp_path / "learned", PROGRAMS[name])
    symbol, most = ("(", 8) if name == "dyck" else ("a", 4)
    assert f"{most + 1} tokens; expected 1 to {most}: the program takes no more" in call(
        "run", place, *[symbol] * (most + 1), code=2
    )
    lines = json.dumps([symbol]) + "\n\n[]\n"
    told = CliRunner().invoke(main, ["run", place], input=lines)
    assert (told.exit_code, told.stdout.count("\n")) == (2, 1)
    assert told.stderr == f"error: standard input, line 3: no tokens; expected 1 to {most}: the program takes no more\n"
    told = CliRunner().invoke(main, ["run", place], input="{}\n")
    assert told.stderr == "error: standard input, line 1: expected a JSON list, got '{}'\n"


def test_a_classifier_has_one_accuracy(tmp_path):
    place = write_folder(tmp_path / "learned", LAST)
    data = tmp_path / "data.jsonl"
    data.write_text('{"input": ["a"], "output": "yes"}\n{"input": ["b"], "output": "yes"}\n')
    for what in (place, f"{place}/program.py"):
        assert call("eval", what, data) == "accuracy 50.000%\n"
        assert call_json("eval", what, data) == {"token": 0.5, "sequence": 0.5}
    row = {"ast_nodes": 7, "valid": {"token": 0.5, "sequence": 0.5}, "longer": {}, "learner": "search"}
    assert table([row], 1, "classification").splitlines()[0].split() == ["#", "nodes", "valid", "accuracy", "learner"]
    assert table([row], 1).splitlines()[0].split() == ["#", "nodes", "valid", "tokens", "sequences", "learner"]


def test_import_and_help_load_nothing_heavy():
    code = (
        "import sys, pellucid, pellucid.first.cli\n"
        "heavy = {'jax', 'numpy', 'sympy', 'sklearn', 'optax', 'rich'} & set(sys.modules)\n"
        "sys.exit(f'loaded {heavy}' if heavy else 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
