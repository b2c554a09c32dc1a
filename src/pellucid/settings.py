"""`--set key=value`: text turned into values, those keys taken that somebody knows, others refused."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from typing import Any

from pellucid.errors import PellucidError

WORDS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}


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
