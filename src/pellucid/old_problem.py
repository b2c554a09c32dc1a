"""From what the user names (a built-in task, files, or data in memory) to a problem ready to learn."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from pellucid.data import Dataset, Splits, Vocab, load_splits, read_file, split
from pellucid.data.old_readers import SUFFIXES
from pellucid.data.old_tasks import get_task, task_names
from pellucid.data.old_tasks.base import LARGEST, TaskInstance
from pellucid.errors import PellucidError
from pellucid.settings import Settings, parse

LONGER = 1000  # longer inputs drawn to judge a program on
DEFAULT_SIZES = {"layers": 2, "heads_cat": 4, "heads_num": 4, "mlps_cat": 2, "mlps_num": 2}


@dataclass(frozen=True)
class Problem:
    """Data split three ways with its vocabulary, and the settings that go with it.

    name: the task or file; model, training: defaults that suit it, which the settings override. longer: data with
    inputs longer than any of the splits', by what it is; programs are only judged on it.
    """

    name: str
    splits: Splits
    vocab: Vocab
    model: Mapping[str, Any]
    training: Mapping[str, Any]
    settings: Settings
    longer: Mapping[str, Dataset] = field(default_factory=dict)


def resolve(
    what: str | Path | Dataset | Splits,
    pairs: Mapping[str, Any],
    seed: int,
    valid: str | Path | None = None,
    test: str | Path | None = None,
    longer: str | Path | None = None,
) -> Problem:
    """The problem that `what` names.

    Args:
        what: name of a built-in task, path of a data file, or data in memory.
        pairs: settings as given with `--set`.
        seed: of the generator of a task and of the split of a file.
        valid, test: files with the validation and test data of a data file.
        longer: file with inputs longer than those, on which programs that take them are judged.
    """
    beyond = {} if longer is None else {os.path.basename(longer): read_file(longer)}
    if isinstance(what, Dataset):
        return _from_data("data", split(what, seed), pairs, beyond)
    if isinstance(what, Splits):
        return _from_data("data", what, pairs, beyond)
    if isinstance(what, Path) or _looks_like_file(str(what)):
        return _from_data(os.path.basename(what), load_splits(what, valid, test, seed=seed), pairs, beyond)
    if valid or test or longer:
        raise PellucidError(f"--valid, --test and --longer go with a data file; {what} is not one")
    task = get_task(str(what))
    settings = parse(pairs, task.defaults)
    instance = task.build(**settings.task)
    splits = instance.splits(seed, settings.data.get("size", task.examples))
    for key in ("causal", "markers"):
        if key in settings.data:
            raise PellucidError(f"--set {key}: a built-in task has its own; set it for data files only")
    return Problem(
        str(what),
        splits,
        instance.vocab(),
        {**DEFAULT_SIZES, **instance.model},
        instance.training,
        settings,
        longer_data(instance, seed),
    )


def longer_data(instance: TaskInstance, seed: int) -> dict[str, Dataset]:
    """Fresh inputs of a task at twice and four times its `length`, only those longer than its own longest."""
    found = {}
    longest = instance.domain.lengths[-1]
    for factor in (2, 4):
        size = instance.settings.get("length", 0) * factor
        if not 0 < size <= LARGEST:
            continue
        wide = _at_length(instance, size) or _at_length(instance, size + 1)
        if wide is None:
            continue
        rng = np.random.default_rng([seed, factor])
        least = longest if factor == 2 else 2 * longest
        fresh = dict.fromkeys(x for x in wide.domain.draw(rng, 4 * LONGER) if len(x) > least)
        if inputs := list(fresh)[:LONGER]:
            found[f"{factor}N"] = wide.label(inputs)
    return found


def _at_length(instance: TaskInstance, length: int) -> TaskInstance | None:
    """The task at another `length`; None where it has no meaning for it."""
    try:
        return instance.task.build(**{**instance.settings, "length": length})
    except PellucidError:
        return None


def _from_data(name: str, splits: Splits, pairs: Mapping[str, Any], longer: Mapping[str, Dataset]) -> Problem:
    settings = parse(pairs, {})
    if "size" in settings.data:
        raise PellucidError("--set size: how many examples to draw; goes with a built-in task, not with a data file")
    markers = settings.data.get("markers", "both")
    if markers not in ("begin", "both"):
        raise PellucidError(f"--set markers={markers}: expected begin or both")
    vocab = Vocab.from_dataset(splits, causal=settings.data.get("causal", False), markers=markers)
    for where, data in longer.items():
        if data.kind != vocab.kind:
            raise PellucidError(f"{where}: the data is for {data.kind}; the training data is for {vocab.kind}")
    matched = {where: vocab.match_dataset(data) for where, data in longer.items()}
    return Problem(name, splits, vocab, DEFAULT_SIZES, {}, settings, matched)


def _looks_like_file(what: str) -> bool:
    """Anything with a known data suffix, a path separator, or that exists and is no task."""
    if what in task_names():
        return False
    return what.lower().endswith(tuple(SUFFIXES)) or os.sep in what or os.path.exists(what)
