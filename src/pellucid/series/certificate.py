"""The docstring of an emitted numeric program: what it was learned from, how right it is, what was checked."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from pellucid.program.numeric import NumericProgram
from pellucid.program.verify import Verdict

WIDTH = 84
LEARNERS = {
    "discrete": "Discrete Transformer",
    "search": "program search",
    "linear": "linear recurrence",
    "sparse": "sparse regression",
    "dynamics": "a linear law of its own past",
    "machine": "state merging",
}


def series_certificate(
    name: str,
    seed: int,
    learner: str,
    exact: bool,
    scores: Mapping[str, Mapping[str, float]],
    longer: Mapping[str, Mapping[str, float]],
    verdict: Verdict | None,
    program: NumericProgram,
    whole: bool,
    details: Mapping[str, Any],
) -> str:
    """Text of the certificate.

    Args:
        name, seed, learner: what was learned, with which seed and by what.
        exact: whether it is right everywhere on the data; said either way.
        scores, longer: figures by part of the data, and on longer sequences.
        verdict: None while the program is being checked.
        program: the program.
        whole: whether outputs are whole numbers.
        details: what the learner has to say about the program.
    """
    lines = [f"{name}: a program learned by pellucid ({LEARNERS.get(learner, learner)}, seed {seed}).", ""]
    lines.append("Exact on all of its data." if exact else "Not exact: an approximation, with the errors below.")
    for part, figures in scores.items():
        lines.append(f"On {part} data: {told(figures, whole)}.")
    for part, figures in longer.items():
        lines.append(f"On longer sequences, {part}: {told(figures, whole)}.")
    if not longer:
        lines.append("On longer sequences: not measured.")
    if "error_before_refit" in details:
        before, after = details["error_before_refit"], details["error_after_refit"]
        lines.append(f"Read off the trained model; its output head fitted again (error {before:.2g} to {after:.2g}).")
    if verdict is not None:
        lines.append(f"Verified: intermediate form and this text: {said(verdict)}.")
    lines.append(f"Input per step: {_columns(program.inputs, program.whole_inputs)}; any number of steps.")
    lines.append(
        f"Output: {_columns(program.outputs, whole)}{' after the last step' if program.last else ' per step'}."
    )
    several = len(program.inputs) > 1
    lines += ["", f"Use: run([...]), or: python program.py {'1,2 3,4' if several else '1 2 3'}, or: --jsonl"]
    wrapped = (textwrap.wrap(text, WIDTH, subsequent_indent="  ") or [""] for text in lines)
    return "\n".join(line for text in wrapped for line in text) + "\n"


def told(figures: Mapping[str, float], whole: bool) -> str:
    """Figures of one part of the data, in words."""
    share = f"{figures['token']:.2%} of outputs right, {figures['sequence']:.2%} of sequences"
    if not whole and figures["token"] < 0.5 and "r2" in figures:
        share = f"{figures['r2']:.4%} of the variance explained"
    if figures["token"] == 1.0:
        return share + ("" if whole else f" (largest error {figures['max_error']:.1g})")
    return f"{share}; mean squared error {figures['mse']:.3g}, largest error {figures['max_error']:.3g}"


def said(verdict: Verdict) -> str:
    """The verdict in the words of numbers."""
    return str(verdict).replace(" tokens", " steps")


def _columns(names: Sequence[str], whole: bool) -> str:
    kind = "whole number" if whole else "number"
    return f"one {kind}, {names[0]}" if len(names) == 1 else f"{len(names)} {kind}s, {', '.join(names)}"
