"""A killed training goes on where it was, and ends as one that was never killed."""

from dataclasses import replace

import numpy as np
import pytest

from pellucid.errors import PellucidError
from pellucid.learners.base import Run
from pellucid.learners.transformer.config import PROGRAMS, ProgramsConfig
from pellucid.learners.transformer.programs.fit import ProgramsTrainer

CONFIG = ProgramsConfig(n_symbols=4, n_tokens=3, n_classes=3, width=5, layers=1, heads_cat=2, heads_num=1, hidden=16)
# Labels are noise, so nothing is ever perfect and all rounds are run: first a pair, then two pairs with weeding.
SETTINGS = replace(
    PROGRAMS,
    seeds=6,
    group=2,
    steps=100,
    batch=32,
    chunk=25,
    budget=300.0,
    refined=1,
    refine_slices=1,
    refine_effort=0.01,
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


def fit(train=TRAIN, trainer=ProgramsTrainer, **how):
    run = Run(**how)
    return trainer(train, VALID, CONFIG, SETTINGS, run).run(), run


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
    told = []
    (hardened_again, params_again), again = fit(checkpoint=tmp_path, on_progress=lambda share, text: told.append(text))
    (hardened, params), run = whole
    assert told[0].startswith("resumed at step ")
    assert {**again.report, "seconds": 0} == {**run.report, "seconds": 0}
    assert again.history == run.history
    assert all(map(np.array_equal, hardened_again.readout, hardened.readout))
    assert all((params_again[name] == params[name]).all() for name in params)


class HastilyStopped(ProgramsTrainer):
    """Ctrl-C while its first round is being set up."""

    calls = 0

    def set_up(self, number):
        self.calls += 1
        if self.calls == 1:
            raise KeyboardInterrupt
        return super().set_up(number)


@pytest.mark.parametrize("calls", [3, 13])
@pytest.mark.parametrize("trainer", [ProgramsTrainer, HastilyStopped])
def test_a_resumed_run_that_is_stopped_at_once_keeps_what_there_was(tmp_path, calls, trainer):
    with pytest.raises(KilledError):
        fit(on_progress=killed_after(calls), checkpoint=tmp_path)

    def stop(share: float, message: str) -> None:
        if message.startswith("resumed") and trainer is ProgramsTrainer:
            raise KeyboardInterrupt

    (hardened, _), run = fit(trainer=trainer, on_progress=stop, checkpoint=tmp_path)
    assert run.report["stopped"] == "interrupted"
    assert hardened.marked
    assert (tmp_path / "programs.safetensors").exists()


def test_a_checkpoint_of_another_run_is_refused(tmp_path):
    with pytest.raises(KilledError):
        fit(on_progress=killed_after(7), checkpoint=tmp_path)
    with pytest.raises(PellucidError, match="other data or settings"):
        fit(VALID, checkpoint=tmp_path)
    (tmp_path / "programs.safetensors").write_bytes(b"not a checkpoint")
    with pytest.raises(PellucidError, match="not a readable checkpoint"):
        fit(checkpoint=tmp_path)
