"""The clock of a run: a budget divided among stages, and stages that go on stopped by it, or by Ctrl-C."""

import math
import os
import signal
import time

import pytest

from pellucid.errors import PellucidError
from pellucid.progress import INTERRUPTED, Budget, Stages, TimeIsUpError, shown, stopped


def test_a_budget_is_divided_and_kept():
    budget = Budget(20.0, began=100.0)
    ends = [budget.end(stage) for stage in ("learn", "simplify", "verify", "baseline")]
    assert 110.0 < ends[0] < ends[1] < ends[2] < ends[3] < 120.0


@pytest.mark.parametrize("seconds", [9.9, 0.0, -1.0, math.inf, math.nan])
def test_a_budget_that_cannot_be_kept_is_refused(seconds):
    with pytest.raises(PellucidError, match=r"--budget .*: expected at least 10 seconds"):
        Budget(seconds)


def test_what_goes_on_is_stopped_and_what_was_stopped_within_ends_the_outer_one_later():
    began, told = time.monotonic(), []

    def sleep(seconds, then=lambda: None):
        try:
            with stopped(began + seconds):
                then()
                time.sleep(5)
        except TimeIsUpError:
            told.append(time.monotonic() - began)

    sleep(0.3, lambda: sleep(0.1))
    assert 0.1 <= told[0] < 0.3 <= told[1] < 2
    time.sleep(0.01)  # nothing rings later
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_ctrl_c_is_answered_at_once_and_leaves_no_time_for_the_rest():
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it
    told = []
    stages = Stages(lambda *said: told.append(said))

    def press():
        with stages.interruptible(), stages.stage("simplify"):
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(5)

    with pytest.raises(KeyboardInterrupt):
        press()
    assert told[-1] == ("simplify", 1.0, INTERRUPTED)
    assert stages.end("verify") <= time.monotonic()
    assert signal.signal(signal.SIGINT, before) is signal.default_int_handler


def test_in_a_pipe_every_stage_says_a_line(capsys):
    with shown(False) as tell:
        for stage in ("evolve", "simplify", "verify"):
            tell(stage, 0.0, "")
            tell(stage, 0.5, "half")
            tell(stage, 0.9, "nearly all")
    assert [line.split()[2] for line in capsys.readouterr().err.splitlines()] == ["evolve", "simplify", "verify"]
