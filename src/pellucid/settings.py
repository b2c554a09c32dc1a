"""`--set key=value`: which keys there are, and to what part of a run each belongs."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from pellucid.errors import PellucidError

DATA = {"size": int, "causal": bool, "markers": str}
MODEL = {
    "layers": int,
    "heads": int,
    "mlps": int,
    "heads_cat": int,
    "heads_num": int,
    "mlps_cat": int,
    "mlps_num": int,
    "hidden": int,
    "variables": int,
    "k": int,
    "nested_counts": bool,
    "free_counts": bool,
    "mlp": int,
    "dropout": float,
}
TRAINING = {
    "batch": int,
    "lr": float,
    "tau_start": float,
    "tau_end": float,
    "group": int,
    "refine": bool,
    "refined": int,
    "refine_effort": float,
    "refine_slices": int,
    "refine_patience": int,
}
SERIES = {  # of the Discrete Transformer and its training
    "layers": int, "heads": int, "units": int, "hidden": int, "before": int, "knots": int, "encoding": int,
    "content": bool, "group": int, "batch": int, "lr": float, "gate_lr": float, "decay": float, "tau_start": float,
    "tau_end": float, "noise_end": float, "attention_noise": float, "rounds": int, "regression": bool,
}  # fmt: skip
SERIES_DATA = {"length": int, "size": int, "noise": float}
TEXT_DATA = {"least": int, "most": int, "forms": bool}
TEXT_MODEL = {
    "layers": int, "heads": int, "heads_cat": int, "heads_num": int, "mlps_cat": int, "hidden": int, "variables": int,
    "k": int, "mlp": int, "dropout": float, "queries": bool, "kinds": int, "phrases": int,
}  # fmt: skip
TEXT_TRAINING = {
    "batch": int, "lr": float, "tau_start": float, "tau_end": float, "group": int, "word_dropout": float,
}  # fmt: skip
WORDS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}


@dataclass(frozen=True)
class Settings:
    """Settings by the part of the run that reads them."""

    task: Mapping[str, Any]
    data: Mapping[str, Any]
    model: Mapping[str, Any]
    training: Mapping[str, Any]

    def to_json(self) -> dict[str, Any]:
        """All of them as one flat object."""
        return {**self.task, **self.data, **self.model, **self.training}


def parse(pairs: Mapping[str, Any], task_keys: Mapping[str, int]) -> Settings:
    """Sort settings by part, text turned into numbers and truth values.

    Args:
        pairs: key -> value, text or already of the right type.
        task_keys: settings of the built-in task, empty for a data file.

    Raises:
        PellucidError: an unknown key, with the nearest known one; a value of the wrong form.
    """
    groups = {"task": dict.fromkeys(task_keys, int), "data": DATA, "model": MODEL, "training": TRAINING}
    return Settings(**_sorted(pairs, groups))


def parse_text(pairs: Mapping[str, Any]) -> Settings:
    """Settings of a run on texts, by part.

    Raises:
        PellucidError: as `parse`.
    """
    groups = {"task": {}, "data": TEXT_DATA, "model": TEXT_MODEL, "training": TEXT_TRAINING}
    return Settings(**_sorted(pairs, groups))


def split_series_settings(
    pairs: Mapping[str, Any], task_keys: Collection[str]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Settings of a run on numbers: those of the learner, and those of the built-in task (`task_keys`).

    Raises:
        PellucidError: as `parse`.
    """
    own = {key: SERIES_DATA[key] for key in task_keys}
    found = _sorted(pairs, {"model": SERIES, "task": own})
    return found["model"], found["task"]


def _sorted(pairs: Mapping[str, Any], groups: Mapping[str, Mapping[str, type]]) -> dict[str, dict[str, Any]]:
    """The settings by group, as values of the right type."""
    found: dict[str, dict[str, Any]] = {name: {} for name in groups}
    for key, value in pairs.items():
        group = next((name for name, keys in groups.items() if key in keys), None)
        if group is None:
            known = sorted({k for keys in groups.values() for k in keys})
            near = difflib.get_close_matches(key, known, 1)
            hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(known)}"
            raise PellucidError(f"--set {key}: unknown setting; {hint}")
        found[group][key] = _value(key, value, groups[group][key])
    return found


def split_pair(text: str) -> tuple[str, str]:
    """`key=value` as a pair."""
    key, sign, value = text.partition("=")
    if not sign or not key.strip():
        raise PellucidError(f"--set {text}: expected key=value")
    return key.strip(), value.strip()


def _value(key: str, value: Any, kind: type) -> Any:
    if kind is bool and str(value).lower() in WORDS:
        return WORDS[str(value).lower()]
    try:
        if kind is not bool and not (kind is int and isinstance(value, float)):
            return kind(value)
    except (TypeError, ValueError):
        pass
    what = {int: "a whole number", float: "a number", bool: "true or false", str: "text"}[kind]
    raise PellucidError(f"--set {key}={value}: expected {what}")


def taken(pairs: Mapping[str, Any], known: Mapping[str, type]) -> dict[str, Any]:
    """Those of the settings that are known here, as values of the right type.

    Args:
        pairs: key -> value, text or already of the right type.
        known: type of each setting that is looked for.

    Raises:
        PellucidError: a value of the wrong form.
    """
    return {key: _value(key, value, known[key]) for key, value in pairs.items() if key in known}


def check_known(pairs: Mapping[str, Any], known: Collection[str]) -> None:
    """Refuse settings that nobody knows.

    Raises:
        PellucidError: an unknown key, with the nearest known one.
    """
    for key in pairs:
        if key not in known:
            near = difflib.get_close_matches(key, known, 1)
            hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(sorted(known))}"
            raise PellucidError(f"--set {key}: unknown setting; {hint}")
