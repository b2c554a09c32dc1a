"""State merging: the smallest machine of examples, over texts, numbers and several columns, and its tables as terms."""

import numpy as np
import pytest

from learner_problems import agrees, best, drawn, found_by, learned, problem_of, rule_problem, task_problem
from pellucid.bias import Bias
from pellucid.learners.automaton.learner import AUTOMATON, Alphabet, by_letter, tabled, terms_of
from pellucid.learners.automaton.machine import Machine, merged, minimised
from pellucid.learners.base import Run
from pellucid.learners.enumerate.bank import Bank
from pellucid.learners.formulas.grid import Coding
from pellucid.learners.formulas.terms import Carry, Col, Table, show
from pellucid.semantics import reference

PARITY = Machine(((0, 1), (1, 0)), ((0, 1), (1, 0)))
X = Col("x")


def words(length: int) -> list[list[int]]:
    return [[(n >> i) & 1 for i in range(length)] for n in range(2**length)]


def test_merging_finds_the_machine_of_the_examples():
    inputs = words(5)
    found = merged(inputs, [PARITY.run(word) for word in inputs], 2, 8)
    assert found is not None
    assert found == PARITY
    assert found.run([1, 1, 1, 0, 1, 1, 1]) == [1, 0, 1, 1, 0, 1, 0]


def test_merging_finds_the_machine_of_one_label_a_sequence():
    inputs = [word for length in range(6) for word in words(length)]
    found = merged(inputs, [[sum(word) % 3] for word in inputs], 2, 8, last=True)
    assert found is not None
    assert found.labels == (0, 1, 2)
    assert found.entered() == (0, 1, 2)


def test_steps_whose_label_is_not_known_are_left_out():
    inputs = words(6)
    wanted = [[label if i % 2 else None for i, label in enumerate(PARITY.run(word))] for word in inputs]
    found = merged(inputs, wanted, 2, 8)
    assert found is not None
    assert all(found.run(word)[5] == PARITY.run(word)[5] for word in inputs)


def test_contradicting_examples_have_no_machine():
    assert merged([[0], [0]], [[0], [1]], 2, 8) is None


def test_too_many_states_are_given_up():
    inputs = words(8)
    outputs = [[int(w[: i + 1] == w[i::-1]) for i in range(8)] for w in inputs]
    assert merged(inputs, outputs, 2, 5) is None


def test_minimised_machines_have_no_equal_states():
    doubled = Machine(((2, 1), (3, 0), (0, 3), (1, 2)), ((0, 1), (1, 0), (0, 1), (1, 0)))
    assert minimised(doubled) == PARITY


@pytest.mark.parametrize(
    ("name", "program"),
    [
        ("mips/bit_addition", "carry(state := (((state + x1) + x2) // 2) from 0; (((state + x1) + x2) % 2))"),
        ("mips/base_7_addition", "carry(state := (((state + x1) + x2) // 7) from 0; (((state + x1) + x2) % 7))"),
        ("mips/div_3", "carry(state := (((2 * state) + x) % 3) from 0; (((2 * state) + x) // 3))"),
        ("mips/div_7", "carry(state := (((2 * state) + x) % 7) from 0; (((2 * state) + x) // 7))"),
    ],
)
def test_machines_are_written_as_formulas(name, program):
    assert best(AUTOMATON, task_problem(name, 1500)) == program


def alphabet(letters, labels, numbers=()) -> Alphabet:
    coding = Coding(v for v in (*letters, *labels) if isinstance(v, str))
    values = np.array([[coding.number(v)] for v in letters]) if numbers else np.zeros((len(letters), 0))
    return Alphabet((X,), [(v,) for v in letters], list(labels), tuple(numbers), values, coding)


def test_a_machine_without_short_formulas_stays_a_table():
    step = ((3, 1), (4, 0), (1, 2), (0, 4), (2, 3))
    out = ((0, 1), (1, 1), (0, 0), (1, 0), (0, 1))
    machine = minimised(Machine(step, out))
    terms = terms_of(machine, alphabet((0, 1), (0, 1), (X,)), Bank((), ()), (), Run())
    assert tabled(machine, alphabet((0, 1), (0, 1))) in terms
    assert all(isinstance(term, Carry) for term in terms)


def test_a_machine_is_told_by_what_its_letters_do():
    turnstile = Machine(((1, 0, 0), (1, 0, 1)), ((1, 0, 0), (1, 0, 1)))
    term = by_letter(turnstile, alphabet(("coin", "push", "wait"), ("locked", "open")))
    assert isinstance(term, Table)
    assert show(term.args[0]) == "carry(state := where((x == 'coin'), 1, where((x == 'push'), 0, state)) from 0)"


LAMP = ("red", "green", "blue")


def lamp(x):
    y, s = [], 0
    for word in x:
        s = {"next": (s + 1) % 3, "flip": 2 * s % 3, "wait": s}[word]
        y.append(LAMP[s])
    return y


def is_home(x):
    """The state is not in the output: two of three look alike."""
    return ["home" if colour == "red" else "away" for colour in lamp(x)]


def turns(x):
    """Mixed tokens: a number turns a dial of five, a text turns it back; one number a sequence."""
    dial = 0
    for token in x:
        dial = 0 if token == "reset" else (dial + token) % 5
    return dial


@pytest.mark.parametrize(
    ("rule", "values"),
    [
        (lamp, ("next", "flip", "wait")),
        (is_home, ("next", "flip", "wait")),
        (lambda x: lamp(x)[-1], ("next", "flip", "wait")),
        (lambda x: is_home(x)[-1], ("next", "flip", "wait")),
        (turns, (1, 2, "reset")),
        (lambda x: ["odd" if sum(x[: i + 1]) % 2 else "even" for i in range(len(x))], (3, 4, 8)),
    ],
)
def test_labels_per_step_and_per_sequence_over_texts_and_numbers(rule, values):
    program = learned(AUTOMATON, rule_problem(rule, values)).program
    assert agrees(program, drawn(values, 50, 36), rule)


def test_several_columns_are_one_letter():
    def rule(x):
        on, y = False, []
        for word, number in x:
            on = (word == "set") if number else on
            y.append("on" if on else "off")
        return y

    values = [(word, number) for word in ("set", "clear") for number in (0, 1)]
    program = learned(AUTOMATON, rule_problem(rule, values)).program
    assert agrees(program, drawn(values, 50, 30), rule)


def test_the_start_state_answers_the_empty_sequence():
    problem = rule_problem(lambda x: "odd" if x.count("a") % 2 else "even", "ab")
    program = learned(AUTOMATON, problem).program
    assert program.when == "last"
    assert reference.run(program, []) == "even"


def test_unbounded_counts_reals_and_forbidden_states_give_no_machine():
    assert found_by(AUTOMATON, task_problem("mips/balanced_parenthesis")) == []
    assert found_by(AUTOMATON, task_problem("mips/parity", bias=Bias.parse(modes="sum"))) == []
    assert "expected symbols" in str(AUTOMATON.refuses(task_problem("physics/spring", 50)))
    contradicting = problem_of([["a"]] * 10, [["x"], ["y"]] * 5)
    assert found_by(AUTOMATON, contradicting) == []
