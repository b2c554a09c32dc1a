"""Training end to end on tiny data: finds the answer, repeats itself, keeps to its budget, survives Ctrl-C."""

import time
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import pytest

from pellucid.learners.base import Run
from pellucid.learners.transformer import population
from pellucid.learners.transformer.config import PROGRAMS, ProgramsConfig
from pellucid.learners.transformer.programs.fit import ProgramsTrainer, relaxed
from pellucid.learners.transformer.programs.hardened import accuracy, predict
from pellucid.learners.transformer.trainer import Round, Trainer
from pellucid.learners.transformer.training import Measured, Training

CONFIG = ProgramsConfig(n_symbols=4, n_tokens=3, n_classes=3, width=5, layers=1, heads_cat=2, heads_num=1, hidden=16)
QUICK = replace(PROGRAMS, seeds=2, group=2, steps=400, batch=32, chunk=25, budget=60.0)


def shifted(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Every token answers with the token before it; the first one with itself... of class 0."""
    rng = np.random.default_rng(seed)
    tokens = rng.integers(0, 3, (n, 5)).astype(np.int32)
    tokens[:, 0] = 3
    labels = np.full_like(tokens, -1)
    labels[:, 2:] = tokens[:, 1:-1]
    labels[:, 1] = 0
    return tokens, labels


TRAIN, VALID = shifted(150, 0), shifted(60, 1)


class Fitted(NamedTuple):
    found: Any
    report: dict[str, Any]
    history: dict[str, Any]


def fit(train, valid, config, settings, on_progress=lambda share, message: None):
    run = Run(on_progress=on_progress)
    return Fitted(ProgramsTrainer(train, valid, config, settings, run).run(), run.report, run.history)


@pytest.fixture(scope="module")
def learned():
    shares: list[float] = []
    done = fit(TRAIN, VALID, CONFIG, QUICK, lambda share, message: shares.append(share))
    assert shares
    assert all(0.0 <= share <= 1.0 for share in shares)
    return done


def test_fit_learns_and_repeats_itself(learned):
    again = fit(TRAIN, VALID, CONFIG, QUICK)
    (hardened, params), (hardened_again, params_again) = learned.found, again.found
    assert learned.report["stopped"] == "perfect on validation"
    assert accuracy(predict(hardened, VALID[0]), VALID[1])["sequence"] == 1.0
    assert all(map(np.array_equal, hardened_again.readout, hardened.readout))
    assert all((params[name] == params_again[name]).all() for name in params)
    assert learned.history == again.history
    assert all(weights.dtype.kind == "i" for weights in hardened.readout)
    assert min(learned.report["seconds"]["compile"], learned.report["seconds"]["train"]) > 0


def test_history_has_a_column_per_measure(learned):
    columns = learned.history["seeds"][str(learned.report["best_seed"])]
    names = {"step", "loss", "hard_loss", "hard_token", "hard_sequence", "gap", "tau", "entropy", "agreement"}
    assert set(columns) == names
    assert len({len(column) for column in columns.values()}) == 1
    assert columns["step"][0] == 0
    assert columns["agreement"][-1] == 1.0
    assert 0.0 <= columns["entropy"][-1] <= columns["entropy"][0] <= 1.0


def test_budget_is_kept():
    noisy = (
        TRAIN[0],
        np.where(TRAIN[1] >= 0, np.random.default_rng(123).integers(0, 3, TRAIN[1].shape), -1).astype(np.int32),
    )
    began = time.monotonic()
    settings = replace(PROGRAMS, seeds=64, group=2, steps=100_000, batch=32, chunk=25, budget=12.0)
    done = fit(noisy, noisy, CONFIG, settings)
    assert time.monotonic() - began < 18.0
    assert done.report["stopped"] == "budget spent"


def test_interrupt_keeps_the_best_so_far():
    calls = []

    def stop(share: float, message: str) -> None:
        calls.append(share)
        if len(calls) == 3:
            raise KeyboardInterrupt

    done = fit(TRAIN, VALID, CONFIG, QUICK, stop)
    assert done.report["stopped"] == "interrupted"
    assert predict(done.found[0], VALID[0]).shape == VALID[0].shape


def test_pooled_classification():
    config = ProgramsConfig(
        n_symbols=4, n_tokens=3, n_classes=2, width=5, kind="classification", layers=1, heads_cat=1, heads_num=1
    )
    tokens, _ = shifted(200, 2)
    tokens[::3, 4] = -1
    labels = (tokens == 2).any(1).astype(np.int32)
    done = fit((tokens, labels), (tokens, labels), config, QUICK)
    assert accuracy(predict(done.found[0], tokens), labels)["token"] > 0.9


class Weighed(Trainer):
    """Measures nothing and keeps what it is given."""

    name = "weighed"

    def __init__(self, settings: Training) -> None:
        super().__init__(settings, Run())
        shapes = [((16, *array.shape[1:]), np.int32) for array in TRAIN]
        self.engine = population.build(relaxed(CONFIG, 1.0), shapes)

    def set_up(self, number):
        return Round(self.engine, self.settings, (0, 1, 2, 3), lambda at: (TRAIN, 16))

    def measure(self, params, tau):
        return Measured({}, 0.0)

    def finish(self, found, quick=False):
        self.kept = found

    def result(self):
        return self.kept


def test_weeding_keeps_the_better_half():
    trainer = Weighed(replace(PROGRAMS, seeds=4, group=1, steps=100, batch=16, chunk=25, budget=60.0))
    kept = trainer.run()
    assert [trained.steps for trained in kept] == [100]
    steps = [trainer.history[seed].rows[-1]["step"] for seed in range(4)]
    assert sorted(steps) == [25, 25, 50, 100]
    best = kept[0].seed
    assert steps[best] == 100


@pytest.mark.parametrize("seed", [0, 7])
def test_a_seed_does_not_depend_on_its_companions(seed):
    engine = Weighed(QUICK).engine
    plan = QUICK.plan(16, 0, len(TRAIN[0]))
    alone, together = (
        population.run_steps(engine, population.start(engine, seeds), TRAIN, plan)[0] for seeds in ((seed,), (3, seed))
    )
    np.testing.assert_allclose(alone.params[0], together.params[1], atol=2e-3)
    assert not np.allclose(together.params[0], together.params[1])


def test_a_merged_group_trains_as_its_members_did():
    engine = Weighed(QUICK).engine
    plans = [QUICK.plan(16, at, len(TRAIN[0])) for at in (0, QUICK.chunk)]
    groups = [population.run_steps(engine, population.start(engine, (i, i + 1)), TRAIN, plans[0])[0] for i in (0, 2)]
    merged = population.merge([(groups[1], 1), (groups[0], 0)])
    assert merged.seeds == (3, 0)
    after = population.run_steps(engine, merged, TRAIN, plans[1])[0]
    whole = population.run_steps(engine, groups[0], TRAIN, plans[1])[0]
    np.testing.assert_allclose(after.params[1], whole.params[0], atol=2e-3)
