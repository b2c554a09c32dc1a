"""A killed training goes on where it was, and ends as one that was never killed."""

import numpy as np
import pytest

from pellucid.errors import PellucidError
from pellucid.learners.transformer.programs.config import ProgramsConfig, ProgramsTraining
from pellucid.learners.transformer.programs.fit import fit

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


def killed_after(calls: int):
    count = [0]

    def on_progress(*told) -> None:
        count[0] += 1
        if count[0] > calls:
            raise KilledError

    return on_progress


@pytest.fixture(scope="module")
def whole():
    return fit(TRAIN, VALID, CONFIG, SETTINGS)


@pytest.mark.parametrize("calls", [3, 13])
def test_resumed_training_ends_with_the_same_program(whole, tmp_path, calls):
    place = tmp_path / "state"
    with pytest.raises(KilledError):
        fit(TRAIN, VALID, CONFIG, SETTINGS, killed_after(calls), place)
    again = fit(TRAIN, VALID, CONFIG, SETTINGS, checkpoint=place, resume=True)
    assert again.summary == whole.summary
    assert again.history == whole.history
    assert all(map(np.array_equal, again.hardened.readout, whole.hardened.readout))
    assert all((again.params[name] == whole.params[name]).all() for name in whole.params)


def test_a_checkpoint_of_another_run_is_refused(tmp_path):
    place = tmp_path / "state"
    with pytest.raises(KilledError):
        fit(TRAIN, VALID, CONFIG, SETTINGS, killed_after(7), place)
    with pytest.raises(PellucidError, match="other data or settings"):
        fit(VALID, VALID, CONFIG, SETTINGS, checkpoint=place, resume=True)
    place.write_bytes(b"not a checkpoint")
    with pytest.raises(PellucidError, match="not a readable checkpoint"):
        fit(TRAIN, VALID, CONFIG, SETTINGS, checkpoint=place, resume=True)
