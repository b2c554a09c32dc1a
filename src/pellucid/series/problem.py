"""What a run on numbers learns: a built-in task of numbers, a file of numbers, or series in memory."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pellucid.data import Series
from pellucid.data.numeric_files import SUFFIXES, check_columns, is_numeric_file, load_series_splits, read_series
from pellucid.data.old_tasks import get_numeric_task, numeric_names
from pellucid.data.series import SeriesSplits, check_learnable, constant_columns, same_types, split_series
from pellucid.errors import PellucidError
from pellucid.numeric import Bias, SeriesProblem
from pellucid.settings import split_series_settings

GROUPS = {name.split("/")[0] for name in numeric_names()}
LONGER = 500  # sequences of three times the length on which programs for a built-in task are judged


def on_numbers(what: Any, model: str, asked: bool) -> bool:
    """Whether a run is on numbers: what is learned says so, or the learner or an option that only they have.

    Args:
        what: as for `learn`.
        model: the learner asked for.
        asked: whether an option was given that only numbers have.
    """
    if isinstance(what, Series | SeriesSplits):
        return True
    if not isinstance(what, str | Path):
        return False
    if _named(what):
        return True
    is_file = str(what).lower().endswith(SUFFIXES) and os.path.isfile(what)
    return is_file and (asked or model == "discrete" or is_numeric_file(what))


def _named(what: str | Path) -> bool:
    """Whether this is the name of a task on numbers, or meant as one."""
    return str(what) in numeric_names() or (str(what).split("/")[0] in GROUPS and not os.path.exists(what))


def resolve_series(
    what: str | Path | Series | SeriesSplits,
    pairs: Mapping[str, Any],
    seed: int,
    bias: Bias,
    outputs: Sequence[str] | None = None,
    valid: str | Path | None = None,
    test: str | Path | None = None,
    longer: str | Path | None = None,
) -> SeriesProblem:
    """The problem that `what` names.

    Args:
        what: name of a numeric task, path of a data file, or series in memory.
        pairs: settings as given with `--set`.
        seed: of the generator of a task and of the division of a file.
        bias: which pieces a program may be made of.
        outputs: output columns of a table with one step a row.
        valid, test: files with held-out data.
        longer: file with sequences longer than those.

    Raises:
        PellucidError: in one line, for anything that cannot be learned from.
    """
    if isinstance(what, str | Path) and _named(what):
        get_numeric_task(str(what))  # says what the names are where there is none of it
    if isinstance(what, str) and what in numeric_names():
        if valid or test or longer or outputs:
            raise PellucidError(f"--valid, --test, --longer and --outputs go with a data file; {what} is a task")
        return _task(what, pairs, seed, bias)
    settings, of_task = split_series_settings(pairs, ())
    assert not of_task
    if isinstance(what, Series | SeriesSplits):
        splits, name = what if isinstance(what, SeriesSplits) else _divided(what, seed, "data"), "data"
    else:
        name = os.path.basename(what)
        splits = load_series_splits(what, valid, test, seed, outputs)
    check_learnable(splits.train)
    beyond = {} if longer is None else {os.path.basename(longer): _longer(longer, splits.train, outputs)}
    problem = _problem(name, splits, beyond, bias, settings)
    constant = [n for n in constant_columns(splits.train) if n in splits.train.output_names]
    if len(constant) == len(splits.train.output_names):
        raise PellucidError(f"{name}: output {constant[0]} is the same number everywhere; there is nothing to learn")
    return problem


def _divided(series: Series, seed: int, name: str) -> SeriesSplits:
    try:
        return split_series(series, seed)
    except PellucidError as error:
        raise PellucidError(f"{name}: {error}") from None


def _task(name: str, pairs: Mapping[str, Any], seed: int, bias: Bias) -> SeriesProblem:
    task = get_numeric_task(name)
    settings, own = split_series_settings(pairs, (*task.defaults, "size"))
    splits = split_series(task.dataset(seed, **own), seed)
    length = own.get("length", task.length)
    clean = {key: value for key, value in own.items() if key not in ("size", "length", "noise")}
    longer = task.dataset(seed + 1_000_003, LONGER, 3 * length, **clean)
    label = "3T without noise" if own.get("noise") else "3T"
    return _problem(name, splits, {label: longer}, bias, {**settings, **own})


def _problem(
    name: str, splits: SeriesSplits, longer: Mapping[str, Series], bias: Bias, settings: Mapping[str, Any]
) -> SeriesProblem:
    bias.check(splits.train.input_names, splits.train.output_names)
    whole = splits.train.whole_outputs
    return SeriesProblem(name, splits.train, splits.valid, splits.test, longer, bias, whole, settings)


def _longer(path: str | Path, train: Series, outputs: Sequence[str] | None) -> Series:
    found = read_series(path, outputs)
    check_columns(f"{path}: ", found, train)
    return same_types([train, found])[1]
