"""The readout fit and the discrete refinement on a small known program."""

from dataclasses import replace

import numpy as np

from pellucid.learners.transformer.config import ProgramsConfig
from pellucid.learners.transformer.programs.hardened import (
    Hardened,
    accuracy,
    harden,
    live,
    predict,
    simple_predicate,
)
from pellucid.learners.transformer.programs.readout import fit_readout
from pellucid.learners.transformer.programs.refine import Effort, fit_block, refine
from pellucid.learners.transformer.programs.relaxed import init_params

CONFIG = ProgramsConfig(n_symbols=5, n_tokens=4, n_classes=4, width=6, layers=1, heads_cat=2, heads_num=1)


def reads_the_previous_token() -> Hardened:
    """Head 0 takes the token one position to the left; the rest of the program is random."""
    hardened = harden(init_params(np.random.default_rng(0), CONFIG, 0.0), CONFIG)
    modules = list(hardened.modules)
    modules[0] = replace(modules[0], reads=(1, 1, 0), table=simple_predicate(CONFIG.k, "before"))
    return replace(hardened, modules=tuple(modules))


def data(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    tokens = np.random.default_rng(seed).integers(0, 4, (n, 6)).astype(np.int32)
    tokens[:, 0] = 4
    labels = np.full_like(tokens, -1)
    labels[:, 2:] = tokens[:, 1:-1]
    return tokens, labels


TRAIN, VALID = data(200, 0), data(100, 1)


def score(hardened: Hardened) -> float:
    return accuracy(predict(hardened, VALID[0]), VALID[1])["sequence"]


def test_fit_readout_keeps_one_variable():
    fitted = fit_readout(reads_the_previous_token(), TRAIN, VALID)
    assert score(fitted) == 1.0
    assert fitted.marked == [2]
    assert live(fitted) == {0, 1, 2}


def test_refine_repairs_a_damaged_predicate():
    fitted = fit_readout(reads_the_previous_token(), TRAIN, VALID)
    modules = list(fitted.modules)
    table = modules[0].table.copy()
    table[3] = np.eye(CONFIG.k, dtype=bool)[5]
    modules[0] = replace(modules[0], table=table)
    damaged = replace(fitted, modules=tuple(modules))
    assert score(damaged) < 0.5
    repaired = fit_readout(refine(damaged, TRAIN, Effort(10e6, np.inf), seed=0), TRAIN, VALID, only_marked=True)
    assert score(repaired) == 1.0


def test_refine_repairs_a_wrong_gate():
    fitted = fit_readout(reads_the_previous_token(), TRAIN, VALID)
    modules = list(fitted.modules)
    modules[0] = replace(modules[0], reads=(1, 0, 0))
    damaged = replace(fitted, modules=tuple(modules))
    assert score(damaged) < 0.5
    repaired = fit_readout(refine(damaged, TRAIN, Effort(10e6, np.inf), seed=0), TRAIN, VALID, only_marked=True)
    assert score(repaired) == 1.0


def test_fit_block_learns_the_log_odds():
    rng = np.random.default_rng(0)
    variable = rng.integers(0, 2, (3, 500))
    labels = np.where(rng.random((3, 500)) < 0.9, variable, 1 - variable)
    block = fit_block(np.zeros((2, 3, 500), np.float32), variable, labels, k=4)
    assert abs(block[0, 0] - block[0, 1] - np.log(9)) < 0.3
    assert not block[2:].any()
