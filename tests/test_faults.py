"""What the first edition's three stacks had in two versions, and one of them wrong."""

import ast
import json
import os
import re
import tomllib
from pathlib import Path

import numpy as np
import pytest

from made_folders import call, folder_of
from pellucid import folder, load
from pellucid.emit.emit import emit
from pellucid.explain import slices
from pellucid.explain.slices import given
from pellucid.language.expressions import Apply, Const, Var
from pellucid.language.json import dumps, loads
from pellucid.language.nodes import Aggregate, Column, Let, Select
from pellucid.language.operators import OPERATORS
from pellucid.language.operators import apply as meaning
from pellucid.language.types import real, whole
from pellucid.learners.evolve import pool
from pellucid.learners.formulas import kernels
from pellucid.semantics import reference
from verify_samples import made

ROOT = Path(__file__).parent.parent
TWO = (Column("a", whole(-9, 9)), Column("b", real()))
BOTH = made(
    TWO,
    ("s", Let(Apply("min", (Var("a"), Const(5))))),
    ("d", Let(Apply("*", (Var("b"), Const(0.001))))),
    outputs=("s", "d"),
)
STEPS = [[[i % 19 - 9, i / 4], [(i * 7) % 19 - 9, 1.5]] for i in range(40)]
TABLE = "sequence,a,b,s,d\n1,9,1000.5,5,1.0005\n1,2,500.0,2,0.6\n2,-3,0.5,4,0.0005\n"  # two cells wrong


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """A learned folder with two columns and two outputs, a large one and a small one; and a table like its own."""
    place = tmp_path_factory.mktemp("both")
    (place / "table.csv").write_text(TABLE)
    return folder_of(place / "learned", STEPS, BOTH)


def test_a_search_that_finds_nothing_in_its_time_ends_in_one_line(tmp_path):
    for model in ("cases", "automaton"):
        done = call("learn", "hist", "--model", model, "--set", "size=60", "--out", tmp_path / "d")
        assert (done.exit_code, done.stderr.count("error: ")) == (2, 1)
        last = done.stderr.splitlines()[-1]  # after the stages that were told
        assert last.startswith(f"error: hist: no program was found by {model}; ")
    assert not list(tmp_path.iterdir())


def test_several_outputs_are_judged_on_a_table_like_their_own(both):
    found = json.loads(call("eval", both, both.parent / "table.csv", "--details", "--json").output)
    assert found["token"] == pytest.approx(1 / 3)
    assert {name: row["token"] for name, row in found["columns"].items()} == {
        "s": pytest.approx(2 / 3),
        "d": pytest.approx(2 / 3),
    }


def test_eval_and_errors_agree_on_what_is_right(both):
    """A tolerance for all columns together would let the small one be wrong."""
    shares = json.loads(call("eval", both, both.parent / "table.csv", "--json").output)
    groups = json.loads(call("errors", both, both.parent / "table.csv", "--json").output)
    assert (groups["answers"], groups["wrong"]) == (3, 2)
    assert shares["token"] == pytest.approx(1 - groups["wrong"] / groups["answers"])
    assert shares["sequence"] == pytest.approx(1 - groups["wrong_examples"] / groups["examples"])
    assert {case["column"] for group in groups["groups"] for case in group["smallest"]} == {"s", "d"}


def changed_throughout(place: Path, old: str, new: str) -> None:
    """Another constant in program.json and program.py, digests made anew: nothing but what it says tells."""
    text = (place / folder.IR).read_text()
    program = loads(text.replace(old, new))
    assert dumps(program) != text
    docstring = ast.get_docstring(ast.parse((place / folder.PROGRAM).read_text()), clean=False) or ""
    files = {folder.IR: dumps(program), folder.PROGRAM: emit(program, docstring)}
    report = json.loads((place / folder.REPORT).read_text())
    for name, content in files.items():
        (place / name).write_text(content)
        report["sha256"][name] = folder.digest(content)
    (place / folder.REPORT).write_text(folder.dump(report))


def test_a_bound_changed_in_all_its_files_is_found(tmp_path):
    clipped = made(whole(-9, 9), ("y", Let(Apply("min", (Var("x"), Const(5))))), longest=3)
    place = folder_of(tmp_path / "learned", [[i % 19 - 9, i % 5] for i in range(30)], clipped)
    assert call("verify", place).exit_code == 0
    changed_throughout(place, "5", "6")
    assert load(place).run([9]) == [6]
    done = call("verify", place)
    assert done.exit_code == 1
    assert "SHA-256" not in done.output


def test_a_slice_for_an_output_is_compared_before_it_is_shown(both):
    data = both.parent / "table.csv"
    found = json.loads(call("circuit", both, "--label", "s", "--data", data, "--json").output)
    assert (found["slice"], found["checked"]["inputs"], found["checked"]["mismatches"]) == ("output", 2, 0)
    scope = given(BOTH, STEPS, "some inputs")
    part = slices.for_output(BOTH, "s", scope)
    assert part.check.mismatches == 0
    assert [reference.run(part.program, x) for x in STEPS] == [
        [row[0] for row in reference.run(BOTH, x)] for x in STEPS
    ]
    wrong = slices.for_output(BOTH, "s", scope, lambda _: made(TWO, ("s", Let(Var("a")))))
    assert wrong.check.mismatches > 0


def test_pick_of_no_candidate_writes_nothing_after_learning_either(tmp_path):
    done = call("learn", "mips/sum", "--model", "linear", "--set", "size=60", "--pick", 99, "--out", tmp_path / "d")
    assert done.exit_code == 2
    assert re.fullmatch(r"error: .*--pick 99: there .* candidates?.*", done.stderr.splitlines()[-1])
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("cores", "most"), [(1, 1), (3, 3), (None, 2)])
@pytest.mark.parametrize("affinity", [True, False])
def test_the_pool_runs_as_many_at_once_as_it_is_told(monkeypatch, tmp_path, cores, most, affinity):
    running, seen = set(), []

    class Worker:
        def __init__(self, place, job, limit):
            self.job = job
            running.add(job.seed)
            seen.append(len(running))

        def finished(self):
            running.discard(self.job.seed)
            return True

        def stop(self):
            running.discard(self.job.seed)

    monkeypatch.setattr(pool, "_Process", Worker)
    monkeypatch.setattr(pool, "POLL", 0)
    if affinity:
        monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1}, raising=False)
    else:
        monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    pool.run_jobs(tmp_path, [pool.Job(seed, 1) for seed in range(6)], 1e18, lambda effort, fit: None, cores)
    assert max(seen) == most
    assert len(seen) == 6


@pytest.mark.parametrize("name", ["sqrt", "//", "%", "/", "log", "abs", "exp"])
def test_search_and_language_have_one_meaning(name):
    """The root of a negative number was NaN in the search and 0 in the language."""
    if name not in OPERATORS:
        pytest.skip("no such operator")
    numbers = [-4.0, -1.0, 0.0, 0.25, 3.0]
    arity = OPERATORS[name].arity[0]
    rows = [(a,) if arity == 1 else (a, b) for a in numbers for b in (numbers if arity > 1 else [0.0])]
    found = kernels.apply(name, *(np.array(column) for column in zip(*rows, strict=True)))
    for row, value in zip(rows, found.tolist(), strict=True):
        right = meaning(name, list(row))
        assert np.isnan(value) if right is None else value == pytest.approx(right, rel=1e-15), row


def neumaier(values, start=0):
    """`sum` as Python has it from 3.12 on: floats are compensated."""
    total, lost = start, 0.0
    for x in values:
        t = total + x
        if isinstance(t, float):
            lost += (total - t) + x if abs(total) >= abs(x) else (x - t) + total
        total = t
    return total + lost if lost else total


@pytest.mark.parametrize("how", ["sum", "mean"])
@pytest.mark.parametrize(
    "select", [Select(reach="upto", window=2), Select(reach="upto"), Select()], ids=["window", "past", "all"]
)
def test_means_of_real_numbers_are_the_same_on_all_versions_of_python(how, select):
    program = made(real(), ("y", Aggregate(select, how, "x", Const(0.0))))
    rng = np.random.default_rng(3)
    inputs = [[1e16, 1.0, -1e16, 1.0], *rng.normal(size=(20, 9)).tolist()]
    assert neumaier(inputs[0]) != (1e16 + 1.0 - 1e16) + 1.0
    old, new = {"__name__": "a"}, {"__name__": "b", "sum": neumaier}
    for namespace in (old, new):
        exec(emit(program), namespace)
    for x in inputs:
        right = reference.run(program, x)
        assert old["run"](x) == right
        assert new["run"](x) == right


# ---------------------------------------------------------------- what is installed


OTHER_NAMES = {"z3-solver": "z3", "scikit-learn": "sklearn", "pytest-xdist": "xdist", "import-linter": "importlinter"}
COMMANDS = {"pytest", "xdist", "ruff", "pyright", "importlinter"}  # called, not imported
BY_FORM = {"gpu"}  # another build of what is there already


def imported(*folders: str) -> set[str]:
    """The packages that code imports, `importorskip` included."""
    found = set()
    for path in (p for name in folders for p in (ROOT / name).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Import(names):
                    found |= {alias.name.split(".")[0] for alias in names}
                case ast.ImportFrom(module=str(name), level=0):
                    found.add(name.split(".")[0])
                case ast.Call(ast.Attribute(attr="importorskip"), [ast.Constant(str(name)), *_]):
                    found.add(name.split(".")[0])
    return found


def modules(requirements: list[str]) -> set[str]:
    """What is imported of packages that are required."""
    names = {re.split(r"[^\w-]", one)[0] for one in requirements}
    return {OTHER_NAMES.get(name, name) for name in names}


def test_a_dependency_is_there_because_code_imports_it():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    needed, extras = modules(project["dependencies"]), project["optional-dependencies"]
    source = imported("src")
    assert needed <= source
    for name in set(extras) - {"test"} - BY_FORM:
        assert modules(extras[name]) <= source, name
    assert modules(extras["test"]) - COMMANDS <= imported("src", "tests", "benchmarks", "docs")
