"""What all gradient training has in common, without JAX: settings, schedules, the clock, trained seeds, the record."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from scipy.special import entr, softmax

from pellucid.errors import PellucidError

SPARE_NOISE = 1 << 18
MAY_BE_ZERO = ("seed", "noise_end", "attention_noise", "decay", "word_dropout")
Tree = dict[str, Any]  # parameters, nested


@dataclass(frozen=True)
class Training:
    """How a population is trained.

    `seeds` in all, `group` of them at once in one compiled computation; `steps` of the first round; `chunk` steps per
    compiled call; `checks` of the hard model on validation data; at each of `rungs` (shares of the steps) the better
    half of the groups goes on. The learning rate rises from 0 over `warmup` steps and falls from `lr` to `lr_end` (a
    share of it), linearly or along a `cosine`; the temperature falls geometrically from `tau_start` to `tau_end`, the
    strength of the Gumbel noise linearly from 1 to `noise_end`. `budget` in seconds for everything, of which the share
    `reserve`, at least `least` seconds, is kept for what follows training.

    Not every model has all of the rest. `structured`: logit bonus of simple forms and plain choices at the start. After
    hardening the best `refined` seeds are refined in up to `refine_slices` slices of `refine_effort` million judged
    sequences each, until `refine_patience` of them bring nothing. `word_dropout`: share of words replaced by the class
    they would have, were they unknown. `gate_lr` multiplies the rate for the choices, which do not `decay`;
    `attention_noise` is the strength of the noise in attention. `rounds` at most, with new seeds and larger models.
    `regression`: ask pyoperon (extra `sr`) about real-valued sub-MLPs that no enumerated formula fits. `weight_decay`
    and gradients clipped to `clip` are AdamW's; training stops when `patience` checks have brought nothing.
    """

    seed: int = 0
    seeds: int = 12
    group: int = 4
    steps: int = 2000
    batch: int = 64
    lr: float = 0.05
    lr_end: float = 1.0
    cosine: bool = False
    warmup: int = 0
    noise_end: float = 0.0
    tau_start: float = 3.0
    tau_end: float = 0.1
    chunk: int = 50
    checks: int = 12
    rungs: tuple[float, ...] = (0.2, 0.5)
    budget: float = 480.0
    reserve: float = 0.1
    least: float = 0.0
    structured: float = 2.0
    refine: bool = True
    refined: int = 2
    refine_effort: float = 5.0
    refine_slices: int = 8
    refine_patience: int = 2
    word_dropout: float = 0.0
    gate_lr: float = 5.0
    decay: float = 0.01
    attention_noise: float = 1.0
    rounds: int = 4
    regression: bool = False
    weight_decay: float = 0.01
    clip: float = 1.0
    patience: int = 1000

    def __post_init__(self) -> None:
        """Check the share."""
        if not 0 <= self.word_dropout < 1:
            raise PellucidError(f"--set word_dropout={self.word_dropout}: expected a share, at least 0 and below 1")

    @property
    def kept(self) -> float:
        """Seconds kept for what follows training."""
        return max(self.reserve * self.budget, min(self.least, 0.5 * self.budget))

    @property
    def check_every(self) -> int:
        """Steps between two checks, a multiple of a chunk."""
        return max(1, round(self.steps / self.checks / self.chunk)) * self.chunk

    def until(self, share: float) -> int:
        """The step at which a share of the steps is done, in whole chunks, at least one."""
        return max(1, round(share * self.steps / self.chunk)) * self.chunk

    def tau(self, step: np.ndarray | int) -> np.ndarray:
        """Temperature at a step, float32."""
        falling = np.geomspace(self.tau_start, self.tau_end, max(self.steps, 1)).astype(np.float32)
        return falling[np.minimum(step, self.steps - 1)]

    def plan(self, batch: int, at: int, rows: int) -> dict[str, np.ndarray]:
        """Batches, offsets into the noise, its strength, temperatures and rates of the chunk that begins at step `at`.

        A function of seed and step only. `rows`: examples to draw from.
        """
        rng, now = np.random.default_rng([self.seed, at, 5]), np.arange(at, at + self.chunk)
        done = np.minimum(now / self.steps, 1.0)
        fallen = 0.5 * (1 - np.cos(np.pi * done)) if self.cosine else done
        risen = np.minimum(now / self.warmup, 1.0) if self.warmup else 1.0
        return {
            "rows": rng.integers(0, rows, (self.chunk, batch)).astype(np.int32),
            "offset": rng.integers(0, SPARE_NOISE, self.chunk).astype(np.int32),
            "noise": (1.0 + (self.noise_end - 1.0) * done).astype(np.float32),
            "tau": self.tau(now),
            "lr": (self.lr * risen * (1.0 + (self.lr_end - 1.0) * fallen)).astype(np.float32),
        }


@dataclass(frozen=True)
class Trained:
    """A seed whose training has ended (or was cut short): parameters, steps done, score of the last check."""

    seed: int
    params: dict[str, Any]
    steps: int
    score: float


@dataclass
class Clock:
    """Time since the start of the fit, and its end."""

    budget: float
    start: float = field(default_factory=time.monotonic)

    @property
    def spent(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self.start

    @property
    def end(self) -> float:
        """The moment (time.monotonic) at which the budget is spent."""
        return self.start + self.budget

    def over(self, reserve: float = 0.0) -> bool:
        """Is the budget, less `reserve` seconds, used up?"""
        return self.spent >= self.budget - reserve


def with_given(defaults: Training, *given: Mapping[str, Any]) -> Training:
    """Settings with the values given, None standing for the default; groups are made whole, chunks made to fit.

    Raises:
        PellucidError: a setting that this model does not have, or a number that makes no sense.
    """
    known = {f.name for f in dataclasses.fields(defaults)}
    values = {key: value for some in given for key, value in some.items() if value is not None}
    for key, value in values.items():
        if key not in known:
            raise PellucidError(f"--set {key}: the training of this model has no such setting")
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if number and not (0 < value < float("inf") or (value == 0 and key in MAY_BE_ZERO)):
            raise PellucidError(f"--set {key}: expected a positive number, got {value}")
    made = dataclasses.replace(defaults, **values)
    group = min(made.group, made.seeds)
    whole = -(-made.seeds // group) * group
    return dataclasses.replace(made, group=group, seeds=whole, chunk=min(made.chunk, made.steps))


@dataclass(frozen=True)
class Choices:
    """The choices of a seed as they stand.

    taken: int16 [values], the options taken. of: int [values], the choice that a value belongs to (attention takes an
    option per query). entropy: float [choices], each divided by its maximum.
    """

    taken: np.ndarray
    of: np.ndarray
    entropy: np.ndarray

    @classmethod
    def of_logits(cls, logits: Sequence[np.ndarray]) -> Choices:
        """Choices that do not depend on data, each [..., options]; softmax(logits) is the law of a Gumbel argmax."""
        flat = [np.asarray(x, np.float64).reshape(-1, np.shape(x)[-1]) for x in logits if np.size(x)]
        flat = [x for x in flat if x.shape[-1] > 1] or [np.zeros((0, 2))]
        taken = np.concatenate([x.argmax(-1) for x in flat]).astype(np.int16)
        entropy = np.concatenate([entr(softmax(x, -1)).sum(-1) / np.log(x.shape[-1]) for x in flat])
        return cls(taken, np.arange(len(taken)), entropy)


@dataclass(frozen=True)
class Measured:
    """What a check found: figures for the record, how good (larger is better), the choices where there are any.

    done: whether training may end here, because nothing can be better or nothing gets better.
    """

    row: dict[str, float]
    score: float
    choices: Choices | None = None
    done: bool = False


@dataclass
class SeedHistory:
    """Records of one seed, a list entry per check. live: bool [choices], those that count in the means; None: all."""

    rows: list[dict[str, float]] = field(default_factory=list)
    choices: list[Choices] = field(default_factory=list)
    live: np.ndarray | None = None

    def add(self, step: int, loss: float, tau: float, found: Measured) -> None:
        """A check at a step; `loss` is the soft one, of the relaxed model at temperature `tau`."""
        row = {"step": step, "loss": round(loss, 9), **{name: round(v, 9) for name, v in found.row.items()}}
        if found.choices is not None:
            row |= {"gap": round(row["hard_loss"] - row["loss"], 9), "tau": round(tau, 6)}
            self.choices.append(found.choices)
        self.rows.append(row)

    def to_json(self) -> dict[str, list[float]]:
        """Columns by name; `agreement` = share of the choices that are as at the last check, mean over the live."""
        columns = {name: [row[name] for row in self.rows] for name in (self.rows[0] if self.rows else {})}
        if self.choices:
            columns["agreement"] = [self._mean(self._agreement(now)) for now in self.choices]
            columns["entropy"] = [self._mean(now.entropy) for now in self.choices]
        return columns

    def _agreement(self, now: Choices) -> np.ndarray:
        counts = np.bincount(now.of, minlength=len(now.entropy))
        return np.bincount(now.of, now.taken == self.choices[-1].taken, len(now.entropy)) / np.maximum(counts, 1)

    def _mean(self, values: np.ndarray) -> float:
        kept = values if self.live is None or not self.live.any() else values[self.live]
        return round(float(kept.mean()), 6) if len(kept) else 0.0


def fingerprint(settings: Training, others: Any, *arrays: np.ndarray) -> str:
    """SHA-256 of all that decides the outcome of a fit; the budget only cuts it short."""
    digest = hashlib.sha256(json.dumps([{**asdict(settings), "budget": 0}, others], default=str).encode())
    for array in arrays:
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
