"""Learners in turn: who goes on, who waits, what is kept of what they find."""

import random
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from learner_problems import problem_of
from pellucid.errors import PellucidError
from pellucid.language.expressions import Apply, Const, Var
from pellucid.language.nodes import Let
from pellucid.learners import turns
from pellucid.learners.base import Found
from pellucid.learners.dynamics import DYNAMICS
from pellucid.learners.evolve.pool import available_cores
from pellucid.learners.kept import Kept
from pellucid.learners.turns import Asked, take_turns
from pellucid.values import counted

PROBLEM = problem_of([[1, 2, 5], [3, 0], [4, 4, 1], [2]] * 10, [[2, 4, 10], [6, 0], [8, 8, 2], [4]] * 10)
RIGHT = next(filter(None, DYNAMICS.learn(PROBLEM, turns.Run()))).program
(*OTHERS, LAST) = RIGHT.assignments
SHORT, LONG = (
    replace(RIGHT, assignments=(*OTHERS, replace(LAST, node=Let(wrong))))
    for wrong in (Const(7), Apply("+", (Apply("+", (Var("x"), Const(1))), Apply("+", (Var("x"), Const(2))))))
)


class Scripted:
    """A learner that gives programs, and pauses, as it was told."""

    def __init__(self, name, log, *steps):
        self.name, self.log, self.script = name, log, steps

    def refuses(self, problem):
        return None

    def learn(self, problem, run):
        for step in self.script:
            self.log.append(self.name)
            yield None if step is None else Found(step, self.name)
            run.report["stopped"] = "script done"


@pytest.fixture
def asked(monkeypatch):
    def ask(*learners, budget=None):
        monkeypatch.setattr(turns, "learners_of", lambda model: learners)
        return take_turns(PROBLEM, "search", Asked(budget=budget), lambda *told: None, None)

    return ask


def test_a_learner_that_pauses_lets_the_others_go_first(asked):
    log = []
    found = asked(Scripted("slow", log, LONG, None, LONG), Scripted("quick", log, LONG))
    assert log == ["slow", "slow", "quick", "slow"]
    assert found.report["slow"]["stopped"] == "script done"


def test_who_waits_does_not_go_on_once_a_program_is_right(asked):
    log = []
    found = asked(Scripted("slow", log, LONG, None, LONG), Scripted("quick", log, RIGHT), Scripted("last", log))
    assert log == ["slow", "slow", "quick"]
    assert "right" in found.report["slow"]["stopped"]
    assert "right" in found.report["last"]["skipped"]


def test_wrong_programs_are_shown_only_where_they_are_shorter(asked):
    assert turns.cost(SHORT) < turns.cost(RIGHT) <= turns.cost(LONG)
    found = asked(Scripted("one", [], SHORT, LONG, RIGHT))
    assert [f.program for f, _ in found.worth_showing()] == [SHORT, RIGHT]
    assert [f.program for f, _ in asked(Scripted("one", [], SHORT, LONG)).worth_showing()] == [SHORT, LONG]


@pytest.mark.parametrize(("budget", "begun"), [(5.0, False), (200.0, True), (None, True)])
def test_no_transformer_is_begun_that_cannot_be_compiled_in_time(asked, monkeypatch, budget, begun):
    log = []
    trained = Scripted("trained", log, SHORT)
    monkeypatch.setattr(turns, "TRANSFORMERS", (trained,))
    told = asked(Scripted("search", log, SHORT), trained, budget=budget)
    assert log == ["search"] + ["trained"] * begun
    assert ("skipped" in told.report["trained"]) != begun


@pytest.fixture
def busy():
    """The cores at work for somebody else."""
    loop = [sys.executable, "-c", "while True: pass"]
    others = [subprocess.Popen(loop) for _ in range(available_cores())]
    yield
    for other in others:
        other.kill()
        other.wait()


def searched():
    """What a search comes to, and what it reports."""
    rng = random.Random(3)
    inputs = [[rng.randint(-9, 9) for _ in range(6)] for _ in range(60)]
    rows = problem_of(inputs, [[max(x[: i + 1]) - min(x[: i + 1]) for i in range(6)] for x in inputs])
    found = take_turns(rows, "enumerate", Asked(effort=0.1), lambda *told: None, None)
    return [f.program for f, _ in found.found], {**found.report["enumerate"], "seconds": 0}


@pytest.fixture(scope="module")
def undisturbed():
    return searched()


def test_a_busy_machine_finds_the_same(undisturbed, busy):
    assert searched() == undisturbed


class KilledError(Exception):
    pass


def killed_after(turns_kept):
    """A way to keep turns that ends in a kill."""
    add = Kept.add

    def adding(self, take, number):
        add(self, take, number)
        turns_kept[0] -= 1
        if not turns_kept[0]:
            raise KilledError

    return adding


@pytest.mark.parametrize(("done", "at"), [(1, "quick"), (2, "late"), (3, "slow"), (4, "simplify")])
def test_a_killed_run_goes_on_where_it_was(monkeypatch, tmp_path, done, at):
    """Turns that were done are not done again, and it ends as a run that was never killed."""
    log, told = [], []

    def ask(checkpoint=tmp_path):
        learners = (
            Scripted("slow", log, LONG, None, SHORT),
            Scripted("quick", log, LONG),
            Scripted("late", log, SHORT),
        )
        monkeypatch.setattr(turns, "learners_of", lambda model: learners)
        found = take_turns(PROBLEM, "search", Asked(), lambda *said: told.append(said), checkpoint)
        return found.found, {name: told["stopped"] for name, told in found.report.items()}

    def same(found, report):
        return [one for one, _ in found], report

    whole = same(*ask(None))
    with monkeypatch.context() as patched:
        patched.setattr(Kept, "add", killed_after([done]))
        with pytest.raises(KilledError):
            ask()
    log.clear()
    assert same(*ask()) == whole
    slow = ["slow"] * 3  # comes to its pause again
    assert log == [[], ["quick", "late", *slow], ["late", *slow], slow, []][done]
    assert told == [(at, 0.0, f"resumed at {at}, after {counted(done, 'turn')} of learners")]


def test_a_damaged_checkpoint_is_told(monkeypatch, tmp_path):
    monkeypatch.setattr(turns, "learners_of", lambda model: (Scripted("one", [], LONG),))
    take_turns(PROBLEM, "search", Asked(), lambda *said: None, tmp_path)
    (file,) = tmp_path.rglob("*.safetensors")
    file.write_bytes(b"nothing")
    with pytest.raises(PellucidError, match="not a readable checkpoint"):
        take_turns(PROBLEM, "search", Asked(), lambda *said: None, tmp_path)


class Endless(Scripted):
    """A learner that gives its programs and then never looks at the clock, nor ends."""

    def learn(self, problem, run):
        yield from super().learn(problem, run)
        time.sleep(60)


def test_a_learner_that_does_not_look_at_the_clock_is_stopped_and_leaves_time_for_others(asked, monkeypatch):
    log, began = [], time.monotonic()
    last = Scripted("last", log, LONG)
    monkeypatch.setattr(turns, "LONG", (last,))
    found = asked(Endless("endless", log, SHORT), last, budget=1.5)
    assert time.monotonic() - began < 1.5
    assert [f.program for f, _ in found.found] == [SHORT, LONG]
    assert found.report["endless"]["stopped"] == "budget spent"
    assert found.cut_short == ["endless"]
    assert not found.interrupted
