"""Reading a hardened model off: hypotheses about heads, formulas for sub-MLPs, refitting, assembly, the figure."""

import xml.etree.ElementTree as ElementTree
from fractions import Fraction

import numpy as np
import pytest

from pellucid.annealing import plot_history
from pellucid.bias import MODES, Bias
from pellucid.data.data import Data
from pellucid.data.split import Splits
from pellucid.errors import PellucidError
from pellucid.explain.words import text
from pellucid.language.nodes import Let
from pellucid.language.operators import OPERATORS
from pellucid.learners.enumerate.pool import made as placed
from pellucid.learners.formulas.affine import weighted_sum
from pellucid.learners.formulas.terms import Col, Over, Term, readable, show
from pellucid.learners.transformer.config import DiscreteConfig
from pellucid.learners.transformer.discrete import regress
from pellucid.learners.transformer.discrete.extract import Sources, extract
from pellucid.learners.transformer.discrete.fit import judge
from pellucid.learners.transformer.discrete.formulas import Grammar, Question, best, terms
from pellucid.learners.transformer.discrete.frame import Scaling, columns_for, make_frame
from pellucid.learners.transformer.discrete.hardened import harden
from pellucid.learners.transformer.discrete.hypotheses import Attention, judge_head
from pellucid.learners.transformer.discrete.linear import Least
from pellucid.learners.transformer.discrete.model import init_params
from pellucid.problem import Problem

RNG = np.random.default_rng(1)
BEFORE, STEPS, N = 4, 8, 60
HERE = np.arange(BEFORE + STEPS)
KEY = np.concatenate([np.zeros((N, BEFORE)), RNG.integers(0, 50, (N, STEPS))], 1)
VALUE = np.concatenate([np.zeros((N, BEFORE)), RNG.integers(1, 90, (N, STEPS))], 1)
SMALL = np.concatenate([np.zeros((N, BEFORE)), RNG.integers(0, 3, (N, STEPS))], 1)


def attention(chosen, key=KEY, value=VALUE, weights=None) -> Attention:
    chosen = np.broadcast_to(chosen, (N, BEFORE + STEPS))
    if weights is None:
        weights = np.eye(BEFORE + STEPS)[chosen]
    return Attention(chosen, key, value, weights, np.ones((N, STEPS), bool), BEFORE)


def found(head: Attention, modes=frozenset(MODES), window: int = 4):
    return judge_head(head, modes, window)[0]


def extremum(window: int | None, sign: int = 1, key=KEY) -> np.ndarray:
    keys = np.zeros((N, BEFORE + STEPS), int)
    for i in range(BEFORE + STEPS):
        first = 0 if window is None else max(i - window + 1, 0)
        first = min(max(first, BEFORE), i)
        keys[:, i] = first + (sign * key[:, first : i + 1]).argmax(1)
    return keys


def test_fixed_offset():
    for amount in (0, 1, 3):
        tested = found(attention(np.maximum(HERE - amount, 0)))
        assert tested.matched
        assert (tested.statistic, tested.agreement) == (1.0, 1.0)
        assert tested.hypothesis.words == (f"fixed offset {amount}" if amount else "this step")


def test_windowed_extrema():
    assert found(attention(extremum(3))).hypothesis.words == "argmax of the last 3 steps"
    assert found(attention(extremum(None, -1))).hypothesis.words == "argmin so far"
    own = attention(extremum(2, key=VALUE), VALUE, VALUE)
    assert found(own).hypothesis.words == "max of the last 2 steps"


def test_first_and_last_where():
    assert found(attention(np.full(BEFORE + STEPS, BEFORE))).hypothesis.words == "first step"
    held = (SMALL == 2) & (HERE >= BEFORE)
    last = np.maximum.accumulate(np.where(held, HERE, 0), 1)
    tested = found(attention(last, SMALL))
    assert tested.hypothesis.words == "last step where the key == 2"
    assert tested.agreement == 1.0


def test_a_mean_where_soft_averaging_survives():
    weights = np.tri(BEFORE + STEPS)
    weights[BEFORE:, :BEFORE] = 0
    weights = np.broadcast_to(weights / weights.sum(1, keepdims=True), (N, *weights.shape))
    assert found(attention(np.zeros(BEFORE + STEPS, int), weights=weights)).hypothesis.words == "mean so far"


def test_an_unmatched_head_is_said_so():
    chosen = np.minimum(RNG.integers(0, 12, (N, BEFORE + STEPS)), HERE)
    tested = found(attention(chosen))
    assert not tested.matched
    assert tested.to_json()["matched"] is False
    assert tested.agreement < tested.to_json()["threshold"]


def test_only_the_modes_allowed_are_hypotheses():
    tested = judge_head(attention(np.maximum(HERE - 1, 0)), frozenset({"first"}), 4)
    assert {t.hypothesis.kind for t in tested} == {"copy", "first"}
    assert not tested[0].matched


A, B = RNG.integers(0, 3, 300).astype(float), RNG.integers(0, 3, 300).astype(float)
P, Q = RNG.normal(size=300), RNG.normal(size=300)
EMPTY = np.zeros((300, 1))
FREE = Bias()


def shortest(a, b, target, whole, operators=frozenset(OPERATORS), basis=EMPTY) -> str:
    matches = best(terms(a, b, Grammar(operators, whole)), [Question(target, basis)], 4)[0]
    assert matches[0].share == pytest.approx(1.0)
    return shown(matches[0].term)


def shown(term: Term) -> str:
    return show(placed(term, (Col("a"), Col("b"))))


def test_enumeration_finds_small_formulas_up_to_an_affine_function():
    assert shortest(A, B, (A + B) % 3, True) == "((a + b) % 3)"
    assert shortest(A, B, 2 + 5 * (A == B), True) == "(a == b)"
    assert shortest(A, B, 7 * np.maximum(A, B) - 3, True) == "max(a, b)"
    assert shortest(P, Q, 3 * np.sin(P) * Q + 1, False) == "(sin(a) * b)"
    assert shortest(P, P, np.abs(P) - 2 * P, False, basis=P[:, None]) == "abs(a)"


def test_only_the_operators_allowed_are_used():
    allowed = frozenset({"+", "%"})
    for term, _ in terms(A, B, Grammar(allowed, True)):
        assert set(shown(term)) <= set("ab+%*() 0123456789")
    assert not list(terms(P, Q, Grammar(frozenset(), False)))


def test_least_squares_leaves_out_and_snaps():
    x = RNG.normal(size=(400, 4))
    y = 1.5 * x[:, :1] - 0.9713 * x[:, 2:3] + 2
    least = Least(np.column_stack([x, np.ones(400)]), y, np.arange(400) < 300)
    fit = least.sparse([1, 1, 1, 1, 0.5], 0)
    assert fit.columns == (0, 2, 4)
    assert least.snapped(fit, 0) == [Fraction(3, 2), -0.9713, Fraction(2)]
    assert fit.error < 1e-20


def test_noise_does_not_hide_whole_constants_nor_spoil_others():
    x = RNG.normal(size=(2000, 2))
    y = x[:, :1] + 0.973 * x[:, 1:] + 0.01 * RNG.normal(size=(2000, 1))
    least = Least(x, y, np.arange(2000) < 1500)
    first, second = least.snapped(least.sparse([1, 1], 0), 0)
    assert first == 1
    assert second == pytest.approx(0.973, rel=1e-2)


def test_rational_weights_become_one_division():
    third, p, q = Fraction(1, 3), Col("p"), Col("q")
    assert show(weighted_sum([third, -third], [p, q])) == "((p - q) / 3)"
    assert show(weighted_sum([Fraction(-1), Fraction(1)], [p, q], Fraction(2))) == "((q - p) + 2)"
    assert show(weighted_sum([0.25], [p])) == "(0.25 * p)"
    assert show(weighted_sum([], [])) == "0"


def made(config: DiscreteConfig, data: Data, tree, bias: Bias = FREE, feedback: int = 0):
    columns = columns_for(data.schema, bias, feedback)
    frame = make_frame(data, columns, config.before)
    allow = np.ones((len(columns), frame.values.shape[2]), bool)
    problem = Problem("made", Splits(data, data, data), bias=bias)
    sources = Sources(frame, 2 * len(data) // 3, Scaling.of(frame, config.before), problem, 0.1)
    return extract(harden(tree, config, allow), sources)


def doubled(rule, high: int = 20) -> Data:
    x = RNG.integers(0, high, (90, 8))
    return Data.of(x.tolist(), [rule(row).tolist() for row in x])


def formula(program) -> str:
    node = program[program.results[0]]
    assert isinstance(node, Let)
    return text(node.expression)


def wired(config: DiscreteConfig):
    """A model whose head copies the step before, whose sub-MLP reads both and whose readout reads all."""
    tree = init_params(np.random.default_rng(0), config)
    heads, units = tree["layers"][0]["heads"], tree["layers"][0]["units"]
    heads["bias"][:] = 0.0
    heads["bias"][:, 1] = 9.0
    heads["lift"][:] *= 0.01
    units["gates"][:] = 0.0
    units["gates"][:, 0, 0] = units["gates"][:, 1, 1] = 1.0
    tree["head"]["w"][:] = 1.0
    return tree


ONE = DiscreteConfig(1, 1, heads=1, units=1, hidden=3, before=3)


def test_a_linear_law_comes_out_without_the_rest():
    data = doubled(lambda row: row - np.append(0, row[:-1]))
    extraction = made(ONE, data, wired(ONE))
    program = extraction.program
    assert judge(program, data).exact
    assert formula(program) == "x - x_before"
    assert extraction.report["heads"][0]["hypothesis"] == "fixed offset 1"
    assert extraction.report["heads"][0]["agreement"] == 1.0
    assert extraction.report["read_off"]["max_difference"] < 1e-9


def test_a_unit_becomes_the_formula_the_outputs_need():
    data = doubled(lambda row: (row + np.append(0, row[:-1])) % 3, 3)
    extraction = made(ONE, data, wired(ONE))
    assert judge(extraction.program, data).exact
    assert formula(extraction.program) == "(x + x_before) % 3"
    assert extraction.report["units"][0]["how"] == "formula"


def test_without_operators_a_small_domain_gives_a_table():
    table = np.array([[1, 4, 2], [0, 5, 5], [3, 1, 2]])
    data = doubled(lambda row: table[row, np.append(0, row[:-1])], 3)
    bias = Bias(operators=frozenset())
    extraction = made(ONE, data, wired(ONE), bias)
    assert judge(extraction.program, data).exact
    assert extraction.report["units"][0]["how"] == "table"


def test_what_no_formula_fits_stays_the_network():
    config, tree = ONE, wired(ONE)
    x = [RNG.normal(size=8) for _ in range(90)]
    same = Data.of([row.tolist() for row in x], [row.tolist() for row in x])
    frame = make_frame(same, columns_for(same.schema, Bias(), 0), config.before)
    scale = Scaling.of(frame, config.before).columns[0]
    u = tree["layers"][0]["units"]
    rows = [np.stack([row, np.append(0, row[:-1])]) / scale for row in x]
    y = [np.maximum(np.einsum("rt,rh->th", r, u["w1"][0]) + u["b1"][0], 0) @ u["w2"][0] for r in rows]
    data = Data.of(same.inputs, [v.tolist() for v in y])
    extraction = made(config, data, tree, Bias(operators=frozenset()))
    assert extraction.report["units"][0]["how"] == "network"
    assert judge(extraction.program, data).exact


def test_what_is_masked_is_not_read_by_a_detour():
    data = doubled(lambda row: row - np.append(0, row[:-1]))
    (term,) = made(ONE, data, wired(ONE)).terms
    assert readable(term, Bias(mask=frozenset({"x[t-2]", "y[t-1]"})))
    assert not readable(term, Bias(mask=frozenset({"x[t-1]"})))
    assert not readable(term, Bias(mask=frozenset({"x[t]"})))


def test_past_outputs_are_fed_back():
    data = doubled(np.cumsum)
    config = DiscreteConfig(2, 1, heads=0, units=0, before=2)
    extraction = made(config, data, init_params(np.random.default_rng(3), config), feedback=1)
    assert formula(extraction.program) == "x + y_before"
    assert judge(extraction.program, doubled(np.cumsum)).exact


def test_formulas_of_symbolic_regression_are_read_not_run():
    formula = regress.bare(regress.parsed("(0.2 + ((-0.489) * ((1.4 * X2) * sin(((-1.325) * X1)))))"))
    assert shown(formula) == "(b * sin((1.325 * a)))"
    with pytest.raises(PellucidError, match="cannot be read"):
        regress.parsed("__import__('os').system('true')")
    fitted = regress.with_constants(formula, P, Q, 0.7 * np.sin(1.3 * P) * Q + 1, np.ones((300, 1)))
    assert shown(fitted) == "(b * sin((1.3 * a)))"


def test_without_pyoperon_regression_says_what_to_install(monkeypatch):
    def missing(name):
        raise ImportError(name)

    monkeypatch.setattr(regress.importlib, "import_module", missing)
    with pytest.raises(PellucidError, match=r"pip install 'pellucid\[sr\]'"):
        regress.structures(P, Q, P * Q, frozenset(OPERATORS))


def columns_of(offset: float) -> dict[str, list[float]]:
    return {
        "step": [0, 50, 100],
        "loss": [1.0, 0.1, 1e-6 + offset],
        "hard_loss": [1.1, 0.5, 2e-6],
        "gap": [0.1, 0.4, 1e-6],
        "agreement": [0.3, 0.8, 1.0],
        "entropy": [1.0, 0.5, 0.1],
    }


def test_the_figure_of_one_run_and_of_a_population(tmp_path):
    for name, history in (
        ("one.svg", columns_of(0)),
        ("many.svg", {"seeds": {"0": columns_of(0), "1": columns_of(0.1), "2": {"step": [0]}}}),
    ):
        plot_history(history, tmp_path / name, "sum <of> two")
        root = ElementTree.fromstring((tmp_path / name).read_text())
        lines = [e for e in root if e.tag.endswith("polyline")]
        bands = [e for e in root if e.tag.endswith("polygon")]
        assert (len(lines), len(bands)) == (5, 5 if name == "many.svg" else 0)
    with pytest.raises(PellucidError, match=r"\.svg"):
        plot_history(columns_of(0), tmp_path / "figure.png")
    with pytest.raises(PellucidError, match="no records"):
        plot_history({"seeds": {}}, tmp_path / "none.svg")


def test_a_mask_reaches_into_windows():
    term = Over("max", Col("x"), window=3)
    assert not readable(term, Bias(mask=frozenset({"x[t-2]"})))
    assert readable(term, Bias(mask=frozenset({"x[t-3]"})))
