"""From what the user names (a built-in task, files, or data in memory) to a problem ready to learn."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pellucid.data import Dataset, Splits, Vocab, load_splits, split
from pellucid.data.readers import SUFFIXES
from pellucid.data.tasks import get_task, task_names
from pellucid.errors import PellucidError
from pellucid.settings import Settings, parse

DEFAULT_SIZES = {"layers": 2, "heads_cat": 4, "heads_num": 4, "mlps_cat": 2, "mlps_num": 2}


@dataclass(frozen=True)
class Problem:
    """Data split three ways with its vocabulary, and the settings that go with it.

    name: the task or file; model, training: defaults that suit it, which the settings override.
    """

    name: str
    splits: Splits
    vocab: Vocab
    model: Mapping[str, Any]
    training: Mapping[str, Any]
    settings: Settings


def resolve(
    what: str | Path | Dataset | Splits,
    pairs: Mapping[str, Any],
    seed: int,
    valid: str | Path | None = None,
    test: str | Path | None = None,
) -> Problem:
    """The problem that `what` names.

    Args:
        what: name of a built-in task, path of a data file, or data in memory.
        pairs: settings as given with `--set`.
        seed: of the generator of a task and of the split of a file.
        valid, test: files with the validation and test data of a data file.
    """
    if isinstance(what, Dataset):
        return _from_data("data", split(what, seed), pairs)
    if isinstance(what, Splits):
        return _from_data("data", what, pairs)
    if isinstance(what, Path) or _looks_like_file(str(what)):
        return _from_data(os.path.basename(what), load_splits(what, valid, test, seed=seed), pairs)
    if valid or test:
        raise PellucidError(f"--valid and --test go with a data file; {what} is not one")
    task = get_task(str(what))
    settings = parse(pairs, task.defaults)
    instance = task.build(**settings.task)
    splits = instance.splits(seed, settings.data.get("size", task.examples))
    for key in ("causal", "markers"):
        if key in settings.data:
            raise PellucidError(f"--set {key}: a built-in task has its own; set it for data files only")
    return Problem(
        str(what), splits, instance.vocab(), {**DEFAULT_SIZES, **instance.model}, instance.training, settings
    )


def _from_data(name: str, splits: Splits, pairs: Mapping[str, Any]) -> Problem:
    settings = parse(pairs, {})
    if "size" in settings.data:
        raise PellucidError("--set size: how many examples to draw; goes with a built-in task, not with a data file")
    markers = settings.data.get("markers", "both")
    if markers not in ("begin", "both"):
        raise PellucidError(f"--set markers={markers}: expected begin or both")
    vocab = Vocab.from_dataset(splits, causal=settings.data.get("causal", False), markers=markers)
    return Problem(name, splits, vocab, DEFAULT_SIZES, {}, settings)


def _looks_like_file(what: str) -> bool:
    """Anything with a known data suffix, a path separator, or that exists and is no task."""
    if what in task_names():
        return False
    return what.lower().endswith(tuple(SUFFIXES)) or os.sep in what or os.path.exists(what)
