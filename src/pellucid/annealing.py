"""The two-stage figure as SVG: losses, gap, agreement and entropy over the steps, of one run or a population."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from pellucid.errors import PellucidError

WIDTH, HEIGHT, GAP = 640, 230, 46
LEFT, RIGHT, TOP = 64, 160, 34
COLOURS = ("#1f6fb4", "#d95f02", "#2b8a3e", "#7a3fa0")
FLOOR = 1e-9  # losses below are drawn there: their axis is logarithmic
Curve = tuple[list[float], list[float], list[float]]


@dataclass(frozen=True)
class Panel:
    """One of the stacked diagrams: its title, the columns of a history it shows, whether its axis is logarithmic."""

    title: str
    names: tuple[tuple[str, str], ...]
    log: bool


PANELS = (
    Panel("Loss (mean squared error of standardised outputs)", (("loss", "soft"), ("hard_loss", "hard")), True),
    Panel("Gap: hard loss minus soft loss, absolute value", (("gap", "gap"),), True),
    Panel("Choices", (("agreement", "agreement with the end"), ("entropy", "entropy, live")), False),
)


def plot_history(history: Mapping[str, Any], path: Path | str, title: str = "") -> None:
    """Draw a history and write it as SVG.

    Args:
        history: of one seed (columns by name, with `step`), or of a population: `{"seeds": {seed: columns}}`; for
            these the mean (of losses the geometric one) and a band of one standard deviation are drawn.
        path: the file, `.svg`; no other format is written.
        title: above the figure.

    Raises:
        PellucidError: another file name, nothing recorded, or a file that cannot be written.
    """
    path = Path(path)
    if path.suffix.lower() != ".svg":
        raise PellucidError(f"{path}: expected a file name ending in .svg")
    try:
        path.write_text(svg(runs_of(history), title), encoding="utf-8")
    except OSError as error:
        raise PellucidError(f"{path}: cannot be written: {error.strerror or error}") from None


def runs_of(history: Mapping[str, Any]) -> list[Mapping[str, Sequence[float]]]:
    """The seeds of a history that went furthest; all of them must have been checked at the same steps."""
    seeds = list(history["seeds"].values()) if "seeds" in history else [history]
    kept = [run for run in seeds if run.get("step")]
    if not kept:
        raise PellucidError("the history has no records")
    last = max(run["step"][-1] for run in kept)
    longest = [_with_gap(run) for run in kept if run["step"][-1] == last]
    like = list(longest[0]["step"])
    return [run for run in longest if list(run["step"]) == like]


def _with_gap(run: Mapping[str, Sequence[float]]) -> Mapping[str, Sequence[float]]:
    """The record with the gap between hard and soft loss."""
    if "gap" in run or not {"loss", "hard_loss"} <= run.keys():
        return run
    return {**run, "gap": [hard - soft for hard, soft in zip(run["hard_loss"], run["loss"], strict=True)]}


def columns_of(runs: Sequence[Mapping[str, Sequence[float]]]) -> dict[str, list[float]]:
    """Step, and the mean over the runs of what is recorded at it."""
    names = [n for n in ("loss", "hard_loss", "gap", "agreement", "entropy") if all(n in run for run in runs)]
    means = {n: [sum(v) / len(v) for v in zip(*(run[n] for run in runs), strict=True)] for n in names}
    return {"step": list(runs[0]["step"]), **means}


def svg(runs: Sequence[Mapping[str, Sequence[float]]], title: str = "") -> str:
    """The figure as text."""
    total = TOP + len(PANELS) * (HEIGHT + GAP)
    many = f" ({len(runs)} seeds: mean and spread)" if len(runs) > 1 else ""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDTH + RIGHT}" height="{total}" '
        f'font-family="sans-serif" font-size="12">',
        f'<rect width="100%" height="100%" fill="white"/><text x="{LEFT}" y="20" font-size="14">'
        f"{escape(title or 'Annealing')}{many}</text>",
    ]
    for i, panel in enumerate(PANELS):
        shown = [(name, label) for name, label in panel.names if all(name in run for run in runs)]
        parts += _panel(panel, shown, runs, TOP + 24 + i * (HEIGHT + GAP))
    return "\n".join([*parts, "</svg>\n"])


def _panel(panel: Panel, shown: Sequence[tuple[str, str]], runs, top: float) -> list[str]:
    steps = list(runs[0]["step"])
    curves = [_curve([run[name] for run in runs], panel.log) for name, _ in shown]
    low, high = _range(curves, panel.log)
    span = max(steps[-1] - steps[0], 1)

    def x(step: float) -> float:
        return LEFT + WIDTH * (step - steps[0]) / span

    def y(value: float) -> float:
        return top + HEIGHT * (1 - (value - low) / (high - low))

    parts = [
        f'<text x="{LEFT}" y="{top - 6}" font-weight="bold">{escape(panel.title)}</text>',
        f'<rect x="{LEFT}" y="{top}" width="{WIDTH}" height="{HEIGHT}" fill="none" stroke="#999"/>',
        *_ticks(steps, low, high, panel.log, x, y, top),
    ]
    for row, ((_, label), (middle, below, above)) in enumerate(zip(shown, curves, strict=True)):
        colour = COLOURS[row]
        band = [*zip(steps, above, strict=True), *reversed(list(zip(steps, below, strict=True)))]
        if len(runs) > 1:
            parts.append(f'<polygon points="{_points(band, x, y)}" fill="{colour}" opacity="0.18"/>')
        line = _points(list(zip(steps, middle, strict=True)), x, y)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts.append(f'<text x="{LEFT + WIDTH + 8}" y="{top + 14 + 16 * row}" fill="{colour}">{escape(label)}</text>')
    return parts


def _curve(columns: Sequence[Sequence[float]], log: bool) -> Curve:
    """Mean, and mean minus and plus a standard deviation, per step; of logarithms where the axis is logarithmic."""
    middle, below, above = [], [], []
    for values in zip(*columns, strict=True):
        some = [math.log10(max(abs(v), FLOOR)) if log else v for v in values if math.isfinite(v)] or [0.0]
        mean = sum(some) / len(some)
        spread = math.sqrt(sum((v - mean) ** 2 for v in some) / len(some))
        middle.append(mean)
        below.append(mean - spread)
        above.append(mean + spread)
    if not log:
        return middle, [max(v, 0.0) for v in below], [min(v, 1.0) for v in above]
    return middle, below, above


def _range(curves: Sequence[Curve], log: bool) -> tuple[float, float]:
    if not log:
        return 0.0, 1.0
    values = [v for curve in curves for part in curve for v in part] or [0.0]
    low, high = math.floor(min(values)), math.ceil(max(values))
    return float(low), float(max(high, low + 1))


def _points(places: Sequence[tuple[float, float]], x: Callable[[float], float], y: Callable[[float], float]) -> str:
    return " ".join(f"{x(a):.1f},{y(b):.1f}" for a, b in places)


def _ticks(steps: Sequence[float], low: float, high: float, log: bool, x, y, top: float) -> list[str]:
    parts = []
    for i in range(6):
        step = steps[0] + (steps[-1] - steps[0]) * i / 5
        parts.append(f'<text x="{x(step):.1f}" y="{top + HEIGHT + 15}" text-anchor="middle">{step:.0f}</text>')
    stride = max(1, round((high - low) / 6)) if log else 0.25
    value = low
    while value <= high + 1e-9:
        told = f"1e{value:.0f}" if log else f"{value:.2f}"
        parts.append(f'<text x="{LEFT - 6}" y="{y(value) + 4:.1f}" text-anchor="end">{told}</text>')
        line = f'x1="{LEFT}" x2="{LEFT + WIDTH}" y1="{y(value):.1f}" y2="{y(value):.1f}"'
        parts.append(f'<line {line} stroke="#ddd"/>')
        value += stride
    return parts
