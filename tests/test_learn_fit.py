"""Training end to end on tiny data: finds the answer, repeats itself, keeps to its budget, survives Ctrl-C."""

import time

import numpy as np
import pytest

from pellucid.learners.transformer import train as train_module
from pellucid.learners.transformer.programs.config import ProgramsConfig, TrainConfig
from pellucid.learners.transformer.programs.fit import fit
from pellucid.learners.transformer.programs.hard_model import predict
from pellucid.learners.transformer.programs.hardened import accuracy, evaluate_numpy

CONFIG = ProgramsConfig(n_symbols=4, n_tokens=3, n_classes=3, width=5, layers=1, heads_cat=2, heads_num=1, hidden=16)
QUICK = TrainConfig(seeds=2, group=2, steps=400, batch=32, chunk=25, budget=60.0)


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


@pytest.fixture(scope="module")
def learned():
    shares: list[float] = []
    done = fit(TRAIN, VALID, CONFIG, QUICK, lambda share, message: shares.append(share))
    assert shares
    assert all(0.0 <= share <= 1.0 for share in shares)
    return done


def test_fit_learns_and_repeats_itself(learned):
    again = fit(TRAIN, VALID, CONFIG, QUICK)
    assert learned.stopped == "perfect on validation"
    assert accuracy(predict(learned.hardened, VALID[0]), VALID[1])["sequence"] == 1.0
    assert (learned.hardened.readout_cat == again.hardened.readout_cat).all()
    assert all((learned.params[name] == again.params[name]).all() for name in learned.params)
    assert learned.history == again.history
    assert learned.hardened.readout_cat.dtype.kind == "i"
    assert set(learned.seconds) == {"compile", "train", "refine"}


def test_history_has_a_column_per_measure(learned):
    columns = learned.history["seeds"][str(learned.best_seed)]
    names = {"step", "loss", "hard_loss", "hard_token", "hard_sequence", "entropy", "agreement"}
    assert set(columns) == names
    assert len({len(column) for column in columns.values()}) == 1
    assert columns["agreement"][-1] == 1.0
    assert 0.0 <= columns["entropy"][-1] <= columns["entropy"][0] <= 1.0


def test_budget_is_kept():
    noisy = (
        TRAIN[0],
        np.where(TRAIN[1] >= 0, np.random.default_rng(123).integers(0, 3, TRAIN[1].shape), -1).astype(np.int32),
    )
    began = time.monotonic()
    settings = TrainConfig(seeds=64, group=2, steps=100_000, batch=32, chunk=25, budget=12.0)
    done = fit(noisy, noisy, CONFIG, settings)
    assert time.monotonic() - began < 18.0
    assert done.stopped == "budget spent"


def test_interrupt_keeps_the_best_so_far():
    calls = []

    def stop(share: float, message: str) -> None:
        calls.append(share)
        if len(calls) == 3:
            raise KeyboardInterrupt

    done = fit(TRAIN, VALID, CONFIG, QUICK, stop)
    assert done.stopped == "interrupted"
    assert evaluate_numpy(done.hardened, VALID[0]).shape == VALID[0].shape


def test_pooled_classification():
    config = ProgramsConfig(
        n_symbols=4, n_tokens=3, n_classes=2, width=5, kind="classification", layers=1, heads_cat=1, heads_num=1
    )
    tokens, _ = shifted(200, 2)
    tokens[::3, 4] = -1
    labels = (tokens == 2).any(1).astype(np.int32)
    done = fit((tokens, labels), (tokens, labels), config, QUICK)
    assert accuracy(predict(done.hardened, tokens), labels)["token"] > 0.9


def test_weeding_keeps_the_better_half():
    settings = TrainConfig(seeds=4, group=1, steps=100, batch=16, chunk=25, budget=60.0)
    engine = train_module.population.build(CONFIG, 16, 1.0)
    data = tuple(np.asarray(x) for x in TRAIN)
    trainer = train_module.Trainer(
        engine, settings, data, VALID, train_module.Clock(60.0), 1.0, lambda share, message: None
    )
    found = list(trainer.round((0, 1, 2, 3), 100))[-1]
    assert len(found) == 1
    assert found[0].steps == 100


@pytest.mark.parametrize("seed", [0, 7])
def test_a_seed_does_not_depend_on_its_companions(seed):
    engine = train_module.population.build(CONFIG, 16, 1.0)
    alone, together = (train_module.population.start(engine, seeds) for seeds in ((seed,), (3, seed)))
    assert (np.asarray(alone.params[0]) == np.asarray(together.params[1])).all()
