"""Which learner takes which data: a problem of each kind x all learners of the portfolio."""

import random
import time

import pytest

from learner_problems import problem_of, task_problem
from made_texts import questions, sentences
from pellucid.data.data import Data
from pellucid.emit.emit import emit
from pellucid.language.words import Words
from pellucid.learners.base import Run
from pellucid.learners.kept import Kept, Take
from pellucid.learners.portfolio import SEARCHES, TRANSFORMERS
from pellucid.reading_off import simplified
from pellucid.resolve import resolve
from pellucid.semantics import reference
from pellucid.verify import verify

RNG = random.Random(5)
LEARNERS = {learner.name: learner for learner in (*SEARCHES, *TRANSFORMERS)}
LETTERS = [[RNG.choice("abc") for _ in range(RNG.randint(1, 5))] for _ in range(60)]
WHOLE = [[RNG.randint(-500, 500) for _ in range(RNG.randint(2, 5))] for _ in range(40)]
REAL = [[RNG.uniform(-1, 1) for _ in range(RNG.randint(2, 5))] for _ in range(40)]
PAIRS = [[(RNG.uniform(-1, 1), RNG.uniform(-1, 1)) for _ in range(3)] for _ in range(40)]
MIXED = [[(RNG.choice(["buy", "sell"]), RNG.randint(0, 9)) for _ in range(3)] for _ in range(60)]


def worded(inputs, outputs):
    return resolve(Data.of(inputs, outputs, words=Words()))


PROBLEMS = {
    "symbols": lambda: problem_of(LETTERS, [x[::-1] for x in LETTERS]),
    "a label per sequence": lambda: problem_of(LETTERS, ["yes" if x[-1] == "a" else "no" for x in LETTERS]),
    "small whole numbers": lambda: task_problem("hist", 100, length=4),
    "whole numbers": lambda: problem_of(WHOLE, [[2 * v + 1 for v in x] for x in WHOLE]),
    "reals": lambda: problem_of(REAL, [[2 * v + 1 for v in x] for x in REAL]),
    "a number per sequence": lambda: problem_of(REAL, [x[-1] / 2 for x in REAL]),
    "several columns and outputs": lambda: problem_of(PAIRS, [[(a + b, a - b) for a, b in x] for x in PAIRS]),
    "a symbol and a number": lambda: problem_of(MIXED, [[n if s == "buy" else -n for s, n in x] for x in MIXED]),
    "texts": lambda: worded(*questions(60)),
    "words": lambda: worded(*sentences(60)),
}
FORMULAS = {
    "dynamics", "powers", "sparse", "linear", "starts", "guises", "windows", "cases", "carried", "accumulators",
    "approximate",
}  # fmt: skip
BOTH = FORMULAS | {"automaton", "enumerate", "evolve", "evidence"}  # small whole numbers are symbols and numbers
TAKEN = {
    "symbols": {"automaton", "enumerate", "evolve", "evidence", "programs"},
    "a label per sequence": BOTH | {"programs"},
    "small whole numbers": BOTH | {"programs", "discrete"},
    "whole numbers": BOTH | {"programs", "discrete"},
    "reals": FORMULAS | {"enumerate", "discrete"},
    "a number per sequence": FORMULAS | {"enumerate", "discrete"},
    "several columns and outputs": FORMULAS | {"enumerate", "discrete"},
    "a symbol and a number": BOTH,
    "texts": {"evidence", "words"},
    "words": {"evidence", "words"},
}
SOLVED = {  # a cheap learner that is right on it
    "a label per sequence": "automaton", "whole numbers": "dynamics", "reals": "dynamics",
    "several columns and outputs": "dynamics",
}  # fmt: skip
QUICK = [
    (kind, name)
    for kind, names in TAKEN.items()
    for name in LEARNERS
    if name in names - {"programs", "words", "discrete"} and (name != "evolve" or kind == "symbols")
    if (kind, name) != ("whole numbers", "evidence")  # a vote over a thousand numbers: slow
]


@pytest.fixture(scope="module")
def problems():
    return {kind: make() for kind, make in PROBLEMS.items()}


@pytest.mark.parametrize("kind", PROBLEMS)
def test_who_takes_what_and_who_says_why_not(problems, kind):
    reasons = {name: learner.refuses(problems[kind]) for name, learner in LEARNERS.items()}
    assert {name for name, why in reasons.items() if why is None} == TAKEN[kind] | {"simple"}
    assert all(isinstance(why, str) and why and "\n" not in why for why in reasons.values() if why is not None)


def kept_again(learner, found, place):
    """What a run that goes on is given back."""
    Kept(place, "mark").add(Take(learner.name, [(found, 1.0)]), 0)
    return Kept(place, "mark").take(learner, 0).found


@pytest.mark.parametrize(("kind", "name"), QUICK)
def test_every_taker_gives_only_programs_that_verify_and_can_be_kept(problems, kind, name, tmp_path):
    problem = problems[kind]
    run = Run(effort=0.01, deadline=time.monotonic() + 5, seeds=1)
    found = [one for one, _ in zip(filter(None, LEARNERS[name].learn(problem, run)), range(2), strict=False)]
    assert found or SOLVED.get(kind) != name
    for one in found:
        assert [c.name for c in one.program.inputs] == [f.name for f in problem.schema.inputs]
        program, _ = simplified(one.program, "none")
        (again, _), *_ = kept_again(LEARNERS[name], one, tmp_path)
        assert (again.program, again.learner, again.details.keys()) == (one.program, one.learner, one.details.keys())
        model = None if again.model is None else again.model.predict
        verdict = verify(program, emit(program), model, longest=3, known=problem.train.sequences[:20], samples=100)
        assert verdict.faithful, verdict


def test_what_is_simple():
    simple = LEARNERS["simple"]
    x = [["a", "b", "c", "a"], ["b", "b"], ["c", "a"]] * 10
    constant, table = simple.learn(problem_of(x, [[{"a": "p", "b": "q"}.get(v, "p") for v in row] for row in x]), Run())
    assert reference.run(constant.program, ["c", "b"]) == ["p", "p"]
    assert reference.run(table.program, ["c", "b"]) == ["p", "q"]
    numbers = problem_of([[i + 0.5] for i in range(40)], [i / 8 for i in range(40)])
    (mean,) = simple.learn(numbers, Run())
    assert reference.run(mean.program, [9.0]) == pytest.approx(sum(numbers.train.outputs) / len(numbers.train))
