"""A killed training goes on where it was, and ends as one that was never killed."""

import numpy as np
import pytest

from pellucid.errors import PellucidError
from pellucid.learners.base import Run
from pellucid.learners.transformer.config import ProgramsConfig, ProgramsTraining
from pellucid.learners.transformer.programs.fit import ProgramsTrainer

CONFIG = ProgramsConfig(n_symbols=4, n_tokens=3, n_classes=3, width=5, layers=1, heads_cat=2, heads_num=1, hidden=16)
# Labels are noise, so nothing is ever perfect and all rounds are run: first a pair, then two pairs with weeding.
SETTINGS = ProgramsTraining(
    seeds=6, group=2, steps=100, batch=32, chunk=25, budget=300.0, refined=1, refine_slices=1, refine_effort=0.01
)


def noise(n: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(n)
    tokens = rng.integers(0, 3, (n, 5)).astype(np.int32)
    tokens[:, 0] = 3
    labels = rng.integers(0, 3, (n, 5)).astype(np.int32)
    labels[:, 0] = -1
    return tokens, labels


TRAIN, VALID = noise(150), noise(60)


class KilledError(Exception):
    pass


def fit(train=TRAIN, **how):
    return ProgramsTrainer(train, VALID, CONFIG, SETTINGS, Run(**how)).run()


def killed_after(calls: int):
    count = [0]

    def on_progress(*told) -> None:
        count[0] += 1
        if count[0] > calls:
            raise KilledError

    return on_progress


@pytest.fixture(scope="module")
def whole():
    return fit()


@pytest.mark.parametrize("calls", [3, 13])
def test_resumed_training_ends_with_the_same_program(whole, tmp_path, calls):
    with pytest.raises(KilledError):
        fit(on_progress=killed_after(calls), checkpoint=tmp_path)
    again = fit(checkpoint=tmp_path)
    assert again.report == whole.report
    assert again.history == whole.history
    (hardened_again, params_again), (hardened, params) = again.found, whole.found
    assert all(map(np.array_equal, hardened_again.readout, hardened.readout))
    assert all((params_again[name] == params[name]).all() for name in params)


def test_a_checkpoint_of_another_run_is_refused(tmp_path):
    with pytest.raises(KilledError):
        fit(on_progress=killed_after(7), checkpoint=tmp_path)
    with pytest.raises(PellucidError, match="other data or settings"):
        fit(VALID, checkpoint=tmp_path)
    (tmp_path / "programs.safetensors").write_bytes(b"not a checkpoint")
    with pytest.raises(PellucidError, match="not a readable checkpoint"):
        fit(checkpoint=tmp_path)
