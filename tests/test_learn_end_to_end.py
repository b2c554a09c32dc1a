"""One short real `learn` from the command line, and everything that can be done with the folder it writes."""

import json
import shutil
import subprocess
import sys
from dataclasses import replace

import pytest
from click.testing import CliRunner

import pellucid
from pellucid.data import write_jsonl
from pellucid.data.old_tasks import get_task
from pellucid.first.cli import main
from pellucid.program.ir import Assign, Lookup

SIZES = ["--set", "vocab=6", "--set", "length=6"]
TASK = get_task("hist").build(vocab=6, length=6)


def learn(folder, *more):
    arguments = ["learn", "hist", "--model", "programs", "--seed", "0", *SIZES, "--out", str(folder), *more]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    return result


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("learned") / "hist"
    learn(place)
    return place


@pytest.fixture
def copy(folder, tmp_path):
    return shutil.copytree(folder, tmp_path / "copy")


def program(folder, *arguments, given=""):
    command = [sys.executable, "-I", "-S", str(folder / "program.py"), *arguments]
    return subprocess.run(command, input=given, capture_output=True, text=True, check=False)


def test_folder_holds_the_files_of_the_design(folder):
    names = {
        "front.json",
        "program.py",
        "program.json",
        "model.json",
        "model.safetensors",
        "report.json",
        "history.json",
    }
    assert {p.name for p in folder.iterdir()} == names
    assert not [p for p in folder.parent.iterdir() if p != folder]


def test_report_says_what_was_learnt_and_checked(folder):
    report = json.loads((folder / "report.json").read_text())
    assert report["task"] == "hist"
    assert report["model"] == "programs"
    assert report["seed"] == 0
    assert report["accuracy"]["test"] == {"token": 1.0, "sequence": 1.0}
    expected = {"checked": TASK.domain_size, "mismatches": 0, "exhaustive": True, "bound": 0.0}
    assert {key: report["faithful"][key] for key in expected} == expected
    assert {"ast_nodes", "lines", "variables"} <= {*report["size"]}
    assert {"total", "compile", "train", "extract", "simplify", "verify"} <= {*report["seconds"]}
    assert {"pellucid", "jax", "numpy"} <= {*report["versions"]}


def test_history_records_the_course_of_every_seed(folder):
    history = json.loads((folder / "history.json").read_text())
    for columns in history["seeds"].values():
        assert len({len(values) for values in columns.values()}) == 1
        assert {"step", "loss", "entropy", "agreement"} <= {*columns}


def test_program_is_right_on_every_input(folder):
    inputs = list(TASK.enumerate())
    told = program(folder, "--jsonl", given="".join(json.dumps(s) + "\n" for s in inputs)).stdout
    assert [tuple(json.loads(line)) for line in told.splitlines()] == [TASK.oracle(s) for s in inputs]


def test_program_from_the_command_line(folder):
    assert program(folder, "3", "1", "3").stdout == "2 1 2\n"
    wrong = program(folder, "3", "9")
    assert wrong.returncode == 2
    assert "unknown token '9'" in wrong.stderr


def test_run_and_eval(folder, tmp_path):
    assert CliRunner().invoke(main, ["run", str(folder), "3", "1", "3"]).stdout == "2 1 2\n"
    assert CliRunner().invoke(main, ["run", str(folder)], input="[3, 3]\n[1]\n").stdout == "[2, 2]\n[1]\n"
    write_jsonl(tmp_path / "fresh.jsonl", TASK.label([(0, 1, 2), (1, 1)]))
    for what in (folder, folder / "program.py"):
        told = CliRunner().invoke(main, ["eval", str(what), str(tmp_path / "fresh.jsonl"), "--json"]).stdout
        assert json.loads(told) == {"token": 1.0, "sequence": 1.0}


def test_verify_agrees_with_what_learn_wrote(folder):
    result = CliRunner().invoke(main, ["verify", str(folder), "--json"])
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["mismatches"] == 0


def test_verify_catches_an_altered_program(copy):
    text = (copy / "program.py").read_text()
    (copy / "program.py").write_text(text.replace("output = [", "output = [1 if q == 2 else ", 1))
    result = CliRunner().invoke(main, ["verify", str(copy), "--json"])
    assert result.exit_code == 1
    told = json.loads(result.stdout)
    assert told["mismatches"] > 0
    assert told["counterexample"]["outputs"]["program.py"] != told["counterexample"]["outputs"]["model"]


def test_verify_catches_an_altered_model_file(copy):
    data = json.loads((copy / "program.json").read_text())
    data["vocabulary"]["max_length"] -= 1
    (copy / "program.json").write_text(json.dumps(data))
    assert CliRunner().invoke(main, ["verify", str(copy)]).exit_code in (1, 2)


class Fitted:
    """A trained model as the pipeline sees it, taken from a folder instead of from training."""

    def __init__(self, learned):
        self.learned = learned
        self.seconds, self.summary, self.history = {"compile": 0.0, "train": 0.0}, {}, {}

    def extract(self, vocab):
        return self.learned.program

    def predictor(self, vocab):
        return self.learned.predictor

    def files(self, vocab):
        return {}


def wrong(program):
    """The program with another label for one value."""
    lookup = Lookup((program.output,), (((2,), 1),), 3)
    return replace(program, assignments=(*program.assignments, Assign("wrong", lookup)), output="wrong")


def test_learn_stops_at_a_program_that_is_not_its_model(folder, tmp_path, monkeypatch):
    fitted = Fitted(pellucid.load(folder))
    monkeypatch.setattr("pellucid.learners.transformer.programs.problem.fit_programs", lambda *arguments: fitted)
    monkeypatch.setattr("pellucid.pipeline._simplified", lambda program, how, facts: wrong(program))
    result = CliRunner().invoke(main, ["learn", "hist", *SIZES, "--out", str(tmp_path / "new")])
    assert result.exit_code == 1
    assert "nothing was written" in result.stderr
    assert "input [0]: model: [1], program.json: [3], program.py: [3]" in result.stderr
    assert not list(tmp_path.iterdir())


def test_python_interface(folder):
    learned = pellucid.load(folder)
    assert learned.run([3, 1, 3]) == [2, 1, 2]
    assert learned.run(["3", "1", "3"]) == [2, 1, 2]
    assert str(learned) == (folder / "program.py").read_text()
    with pytest.raises(pellucid.PellucidError, match="unknown token"):
        learned.run([9])


def test_an_existing_folder_is_never_overwritten(folder):
    before = {p.name: p.read_bytes() for p in folder.iterdir()}
    result = CliRunner().invoke(main, ["learn", "hist", *SIZES, "--out", str(folder)])
    assert result.exit_code == 2
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == before


@pytest.mark.slow
def test_same_seed_same_program(folder, tmp_path):
    learn(tmp_path / "again")
    for name in ("program.py", "program.json", "model.safetensors"):
        assert (tmp_path / "again" / name).read_bytes() == (folder / name).read_bytes()
