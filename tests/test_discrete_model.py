"""The Discrete Transformer: what it may read, what it routes, hardened as the relaxed model at temperature zero."""

from dataclasses import replace

import jax.numpy as jnp
import numpy as np
import pytest

from learner_problems import problem_of
from pellucid.bias import Bias
from pellucid.data.data import Data
from pellucid.errors import PellucidError
from pellucid.learners.formulas.terms import Col, Past, Pos
from pellucid.learners.transformer import population
from pellucid.learners.transformer.config import DISCRETE, DiscreteConfig
from pellucid.learners.transformer.discrete.fit import attempts, relaxed
from pellucid.learners.transformer.discrete.frame import allowed, columns_for, make_frame
from pellucid.learners.transformer.discrete.hardened import buckets, harden, live_choices, live_variables, outputs, run
from pellucid.learners.transformer.discrete.model import forward, init_params
from pellucid.learners.transformer.layers import NoiseTape
from pellucid.learners.transformer.learners import DISCRETE_SIZES, DISCRETE_TRAINING, Discrete
from pellucid.learners.transformer.training import with_given
from pellucid.settings import taken

CONFIG = DiscreteConfig(2, 1, layers=2, heads=2, units=2, hidden=4, before=3)
OPEN = np.ones((2, 9), bool)
VALUES = np.random.default_rng(0).normal(size=(2, 5, 9)).astype(np.float32)
VALUES[:, :, :3] = 0.0


def params(seed: int = 0, config: DiscreteConfig = CONFIG):
    return init_params(np.random.default_rng(seed), config)


def test_past_outputs_and_zeros_before_the_start():
    data = Data.of([[1, 2, 3], [4, 5, 6, 7]], [[10, 20, 30], [40, 50, 60, 70]])
    columns = columns_for(data.schema, Bias(readable_inputs=frozenset({"x", "position"})), 2)
    assert columns == (Col("x"), Pos(1), Past("y", 1), Past("y", 2))
    frame = make_frame(data, columns, before=2)
    assert frame.values[:, 0].tolist() == [
        [0, 0, 1, 2, 3, 0],
        [0, 0, 1, 2, 3, 0],
        [0, 0, 0, 10, 20, 0],
        [0, 0, 0, 0, 10, 0],
    ]
    assert frame.values[2, 1].tolist() == [0, 0, 0, 40, 50, 60]
    assert frame.scored.tolist() == [[True, True, True, False], [True] * 4]
    assert frame.targets[0].tolist() == [[10, 20, 30, 0], [40, 50, 60, 70]]


def test_one_output_per_sequence_counts_at_the_last_step():
    data = Data.of([[1, 2, 3], [4, 5]], [6, 9])
    frame = make_frame(data, columns_for(data.schema, Bias(), 0), before=1)
    assert frame.scored.tolist() == [[False, False, True], [False, True, False]]
    assert frame.targets[0].tolist() == [[0, 0, 6], [0, 9, 0]]


def test_rows_that_do_not_count_are_not_scored_and_long_inputs_are_cut():
    data = Data.of([[1, 2, 3], [4, 5, 6, 7]], [[10, None, 30], [40, 50, 60, 70]])
    frame = make_frame(data, columns_for(data.schema, Bias(), 0), before=0, longest=3)
    assert frame.scored.tolist() == [[True, False, True], [True] * 3]
    assert frame.targets[0].tolist() == [[10, 0, 30], [40, 50, 60]]


def test_it_takes_numbers_alone():
    def refusal(inputs, outputs):
        return Discrete().refuses(problem_of(inputs * 5, outputs * 5))

    assert refusal([[1, 2], [0.5]], [[1, 2], [3]]) is None
    assert refusal([[1, 2], [3]], [4, 5]) is None
    assert refusal([[1, 2], [3]], [["a", "b"], ["a"]]) == "column 'y': expected numbers"
    assert refusal([["a", "b"], ["a"]], [1, 2]) == "column 'x': expected numbers"
    problem = problem_of([[1, 2], [3]] * 5, [4, 5] * 5)
    empty = replace(problem.train, inputs=((), *problem.train.inputs[1:]))
    problem = replace(problem, splits=replace(problem.splits, train=empty))
    assert Discrete().refuses(problem) == "an output for an input without steps"


def test_a_masked_output_may_be_read_from_further_back():
    columns = (Col("x"), Past("y", 1), Past("y", 2))
    allow = allowed(columns, Bias(mask=frozenset({"y[t-1]", "y[t-2]"})), 4)
    assert allow.tolist() == [[True] * 4, [False, False, True, True], [False, True, True, True]]


def test_the_model_is_causal_and_blind_to_what_is_masked():
    allow = OPEN.copy()
    allow[1] = False
    told = np.asarray(forward(params(), jnp.asarray(VALUES), 0.5, NoiseTape(None), CONFIG, allow))
    later, masked = VALUES.copy(), VALUES.copy()
    later[:, :, 6:] += 1.0
    masked[1] += 1.0
    changed = [
        np.asarray(forward(params(), jnp.asarray(v), 0.5, NoiseTape(None), CONFIG, allow)) for v in (later, masked)
    ]
    np.testing.assert_allclose(changed[0][..., :6], told[..., :6])
    np.testing.assert_allclose(changed[1], told, atol=1e-6)


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("content", [False, True])
def test_hardened_is_the_limit_of_the_relaxed_model(masked, content):
    config = DiscreteConfig(2, 1, layers=2, heads=2, units=2, hidden=4, before=8, content=content)  # no shared biases
    allow = OPEN.copy()
    allow[1, :2] = not masked
    for seed in range(5):
        soft = forward(params(seed, config), jnp.asarray(VALUES), 1e-5, NoiseTape(None), config, allow)
        hard = harden(params(seed, config), config, allow)
        np.testing.assert_allclose(outputs(hard, run(hard, VALUES).stream), soft, atol=1e-3)


def test_a_head_copies_one_raw_scalar():
    hard = harden(params(), CONFIG, OPEN)
    done = run(hard, VALUES)
    heads = hard.layers[0][0]
    for h in range(CONFIG.heads):
        source = done.stream[heads.value[h]]
        copied = done.stream[2 + h]
        assert (done.chosen[0][h] <= np.arange(9)).all()
        assert all(copied[n, i] == source[n, done.chosen[0][h][n, i]] for n in range(5) for i in range(9))


def test_distances_have_a_bias_each_and_far_ones_share():
    config = DiscreteConfig(1, before=4)
    row = buckets(40, config)[39, ::-1].tolist()
    assert row[:9] == [0, 1, 2, 3, 4, 5, 5, 5, 6]
    assert row[16] == row[39] == config.buckets - 1


def test_sizes_of_zero_are_models_too():
    config = DiscreteConfig(2, 1, layers=1, heads=0, units=0, before=3)
    assert forward(params(0, config), jnp.asarray(VALUES), 1.0, NoiseTape(None), config, OPEN).shape == (1, 5, 9)
    hard = harden(params(0, config), config, OPEN)
    assert live_variables(hard, run(hard, VALUES).stream)
    with pytest.raises(PellucidError, match="--set heads=-1"):
        DiscreteConfig(2, heads=-1)


def test_liveness_goes_backwards_from_the_pruned_head():
    tree = params()
    tree["head"]["w"][:] = 0.0
    hard = harden(tree, CONFIG, OPEN)
    stream = run(hard, VALUES).stream
    assert live_variables(hard, stream) == []
    unit = CONFIG.readable(1, units=True)
    tree["head"]["w"][0, unit] = 1.0
    hard = harden(tree, CONFIG, OPEN)
    live = live_variables(hard, stream)
    assert unit in live
    assert set(hard.layers[1][1].reads[0].tolist()) <= set(live)
    assert unit + 1 not in live
    choices = live_choices(hard, stream)
    assert len(choices) == CONFIG.layers * (CONFIG.heads * 4 + CONFIG.units * 2)


def test_a_seed_does_not_depend_on_its_companions():
    settings = replace(DISCRETE, steps=4, chunk=2, batch=3)
    inputs = VALUES.swapaxes(0, 1)
    data = (inputs, inputs[:, :1, 3:], np.ones((5, 6), np.float32))
    engine = population.build(relaxed(CONFIG, settings, OPEN), [((3, *a.shape[1:]), a.dtype) for a in data])
    plan = settings.plan(3, 0, 5)
    both = population.run_steps(engine, population.start(engine, (3, 4)), data, plan)[0]
    alone = population.run_steps(engine, population.start(engine, (4,)), data, plan)[0]
    np.testing.assert_allclose(both.params[1], alone.params[0], atol=2e-3)
    assert not np.allclose(both.params[0], both.params[1])


def test_attempts_and_settings():
    plan = attempts(Bias(), {}, past=True)
    assert [(a.feedback, a.sizes["layers"]) for a in plan] == [(0, 1), (2, 1), (0, 2), (2, 2)]
    plan = attempts(Bias(units=0, feedback=1, window=3), {}, past=True)
    assert all(a.sizes["units"] == 0 and a.feedback == 1 and a.sizes["before"] == 3 for a in plan)
    given = {"lr": "0.02", "hidden": "8", "noise": 0.1}
    sizes, training = taken(given, DISCRETE_SIZES), taken(given, DISCRETE_TRAINING)
    assert (sizes, training) == ({"hidden": 8}, {"lr": 0.02})
    assert [a.feedback for a in attempts(Bias(), sizes, past=False)] == [0, 0]
    assert attempts(Bias(), sizes, past=False)[0].sizes["hidden"] == 8
    made = with_given(DISCRETE, {"seeds": 3, "steps": None}, training)
    assert (made.lr, made.seeds, made.group, made.steps) == (0.02, 3, 3, 1500)
    assert with_given(DISCRETE, {"seeds": 9}).seeds == 16
    with pytest.raises(PellucidError, match="--set steps: expected a positive number, got 0"):
        with_given(DISCRETE, {"steps": 0})
    with pytest.raises(PellucidError, match="--set depth"):
        with_given(DISCRETE, {"depth": 1})
