"""Training of the standard Transformer, the baseline of every comparison (Friedman et al., 2023, section 4)."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from pellucid.errors import PellucidError
from pellucid.learners.transformer.programs.hardened import accuracy
from pellucid.learners.transformer.standard.net import Params, StandardConfig, forward, init_params, predict_standard

__all__ = ["StandardConfig", "StandardFit", "StandardTraining", "fit_standard", "predict_standard"]

Arrays = tuple[np.ndarray, np.ndarray]
Progress = Callable[[float, str], None]
CHECK_COST = 0.1  # share of the time that checks on validation may take


@dataclass(frozen=True)
class StandardTraining:
    """How a standard Transformer is trained: AdamW, warm-up, cosine decay to lr / 10. `budget` is in seconds.

    `chunk` steps run in one compiled call (steps and budget are kept to whole chunks, at least one); `checks` is the
    most checks on validation. The paper's rate, 3e-4, is for hidden 256; the defaults are for 2 cores and hidden 64.
    """

    seed: int = 0
    steps: int = 6000
    batch: int = 64
    lr: float = 1e-3
    budget: float = 240.0
    warmup: int = 100
    weight_decay: float = 0.01
    clip: float = 1.0
    chunk: int = 25
    checks: int = 60


@dataclass(frozen=True)
class StandardFit:
    """Result of `fit_standard`: the best parameters on validation by name, records, times (s), why it stopped."""

    params: dict[str, np.ndarray]
    history: dict[str, list[float]]
    seconds: dict[str, float]
    stopped: str


class Reported:
    """What the report says of a trained standard Transformer, whatever it reads; subclasses have the `result`."""

    result: StandardFit

    @property
    def seconds(self) -> dict[str, float]:
        """Seconds of compiling and of training."""
        return dict(self.result.seconds)

    @property
    def history(self) -> dict[str, Any]:
        """Course of the training."""
        return self.result.history

    @property
    def summary(self) -> dict[str, Any]:
        """What the report says of the training."""
        return {"stopped": self.result.stopped}


def fit_standard(
    train: Arrays,
    valid: Arrays,
    config: StandardConfig,
    settings: StandardTraining,
    on_progress: Progress | None = None,
) -> StandardFit:
    """Train a standard Transformer and keep the parameters with the best token accuracy on validation.

    Args:
        train, valid: (tokens int32 [n, width] with padding -1, labels int32 [n, width] with -1 unscored, or [n]).
        config: the architecture.
        settings: seed, steps, budget in seconds.
        on_progress: called with the share done (0..1) and a short message.

    Stops when perfect on validation, after the last step, when the budget is spent or on KeyboardInterrupt (the best so
    far is kept; before the first step the interrupt is passed on). The same seed gives the same parameters.

    Raises:
        PellucidError: data without a scored position, or wider than the model.
    """
    for name, (tokens, labels) in (("train", train), ("valid", valid)):
        _check_arrays(name, tokens, labels, config)
    run = Run(train, valid, config, settings, on_progress or (lambda share, message: None))
    try:
        run.compile()
        run.steps()
    except KeyboardInterrupt:
        if run.step == 0:
            raise
        run.stopped = "interrupted"
    return run.result()


def _check_arrays(name: str, tokens: np.ndarray, labels: np.ndarray, config: StandardConfig) -> None:
    if tokens.ndim != 2 or tokens.shape[1] > config.width:
        raise PellucidError(f"{name}: tokens have shape {tokens.shape}; expected [n, at most {config.width}]")
    wanted = tokens.shape if config.kind == "tagging" else tokens.shape[:1]
    if labels.shape != wanted:
        raise PellucidError(f"{name}: labels have shape {labels.shape}; expected {wanted}")
    if not (labels >= 0).any():
        raise PellucidError(f"{name}: no position is scored")


def loss_of(params: Params, tokens: jax.Array, labels: jax.Array, config: StandardConfig, key=None) -> jax.Array:
    """Mean cross entropy (nats) over the scored positions, or over the sequences in classification."""
    logp = jax.nn.log_softmax(forward(params, tokens, config, key))
    wanted = jax.nn.one_hot(labels, config.n_classes)  # all zeros where the label is -1
    return -(logp * wanted).sum() / jnp.maximum((labels >= 0).sum(), 1)


def _optimiser(s: StandardTraining) -> optax.GradientTransformation:
    warmup = min(s.warmup, max(s.steps // 10, 1))
    rate = optax.warmup_cosine_decay_schedule(0.0, s.lr, warmup, max(s.steps, warmup + 1), s.lr / 10)
    chain = optax.chain(optax.clip_by_global_norm(s.clip), optax.adamw(rate, weight_decay=s.weight_decay))
    return optax.flatten(chain)  # one vector: a second less to compile


@functools.lru_cache(maxsize=8)
def compiled(config: StandardConfig, settings: StandardTraining, examples: int, width: int) -> Any:
    """The compiled chunk of steps; runs that differ in seed or budget only (give 0 for both) share it."""
    s, optimiser, params = settings, _optimiser(settings), init_params(0, config)
    tokens = jax.ShapeDtypeStruct((examples, width), jnp.int32)
    labels = tokens if config.kind == "tagging" else jax.ShapeDtypeStruct((examples,), jnp.int32)
    state = jax.eval_shape(optimiser.init, params)
    advance = jax.jit(functools.partial(_advance, config, optimiser))
    return advance.lower(params, state, tokens, labels, *plan_of(s, 0, examples)).compile()


def plan_of(s: StandardTraining, step: int, examples: int) -> tuple[np.ndarray, jax.Array]:
    """Rows int32 [chunk, batch] and dropout keys [chunk] from `step` on: a function of seed and step only."""
    steps = min(s.chunk, s.steps)
    rows = np.random.default_rng([s.seed, step, 29]).integers(0, examples, (steps, s.batch)).astype(np.int32)
    return rows, jax.random.split(jax.random.fold_in(jax.random.key(s.seed), step), steps)


def _advance(config: StandardConfig, optimiser, params: Params, state, tokens, labels, rows, keys):
    """One optimiser step for each row of rows int32 [steps, batch]; returns parameters, state and losses [steps]."""

    def body(carry, now):
        params, state = carry
        chosen, key = now
        loss, grads = jax.value_and_grad(loss_of)(params, tokens[chosen], labels[chosen], config, key)
        updates, state = optimiser.update(grads, state, params)
        return (jax.tree.map(jnp.add, params, updates), state), loss

    (params, state), losses = jax.lax.scan(body, (params, state), (rows, keys))
    return params, state, losses


@dataclass
class Run:
    """The state of one training run."""

    train: Arrays
    valid: Arrays
    config: StandardConfig
    settings: StandardTraining
    on_progress: Progress
    step: int = 0
    best: dict[str, np.ndarray] = field(default_factory=dict)
    best_score: tuple[float, float] = (-1.0, -1.0)
    checked: int = 0
    history: dict[str, list[float]] = field(default_factory=dict)
    losses: list[float] = field(default_factory=list)
    compile_seconds: float = 0.0
    stopped: str = "all steps done"

    def __post_init__(self) -> None:
        self.began = time.monotonic()
        self.history = {name: [] for name in ("step", "loss", "valid_token", "valid_sequence")}
        self.data = tuple(jnp.asarray(array, jnp.int32) for array in self.train)
        self.params: Any = jax.device_put(init_params(self.settings.seed, self.config))
        self.state: Any = _optimiser(self.settings).init(self.params)

    def compile(self) -> None:
        """Compile a chunk of steps and the check, so that neither is counted as training."""
        self.on_progress(0.0, "compiling")
        self.advance = compiled(self.config, replace(self.settings, seed=0, budget=0.0), *self.train[0].shape)
        predict_standard(self.params, self.config, self.valid[0])
        self.compile_seconds = time.monotonic() - self.began

    def steps(self) -> None:
        """Chunks of steps until done, perfect or out of time."""
        s, slowest, every = self.settings, 0.0, self._check_every()
        while self.step < s.steps:
            if self.step and self._spent() + slowest > s.budget:
                self.stopped = "budget spent"
                return
            began = time.monotonic()
            self._chunk()
            if self.step % every < s.chunk and self.check() == 1.0:
                self.stopped = "perfect on validation"
                return
            if self.done():
                return
            slowest = max(slowest, time.monotonic() - began)

    def _chunk(self) -> None:
        self._take(self.advance, self.data, plan_of(self.settings, self.step, len(self.train[0])))

    def _take(self, advance: Any, data: tuple[jax.Array, ...], plan: tuple[np.ndarray, jax.Array]) -> None:
        """Take the planned steps on the data."""
        params, state, losses = advance(self.params, self.state, *data, *plan)
        self.losses += np.asarray(losses).tolist()  # waits for the result
        self.params, self.state, self.step = params, state, self.step + len(losses)
        share = max(self.step / self.settings.steps, self._spent() / self.settings.budget)
        score = f", valid {self.best_score[0]:.2%}" if self.checked else ""
        self.on_progress(min(share, 1.0), f"step {self.step}, loss {self.losses[-1]:.3f}{score}")

    def _check_every(self) -> int:
        """Steps between checks: a forward pass costs a third of a step."""
        s = self.settings
        cheap = len(self.valid[0]) / (3 * s.batch * CHECK_COST)
        every = min(max(s.steps / s.checks, cheap), s.steps / 5)
        return max(1, round(every / s.chunk)) * s.chunk

    def _spent(self) -> float:
        return time.monotonic() - self.began

    def done(self) -> bool:
        """Whether to stop early, for another reason than those of `steps`."""
        return False

    def measured(self) -> dict[str, float]:
        """Token and sequence accuracy on validation."""
        return accuracy(predict_standard(self.params, self.config, self.valid[0]), self.valid[1])

    def check(self) -> float:
        """Measure on validation, record, keep the parameters if they are the best; returns the token accuracy."""
        found = self.measured()
        loss = float(np.mean(self.losses))
        row = (self.step, round(loss, 6), round(found["token"], 6), round(found["sequence"], 6))
        for name, value in zip(self.history, row, strict=True):
            self.history[name].append(value)
        self.losses, self.checked = [], self.step
        if (found["token"], found["sequence"]) > self.best_score:
            self.best = {name: np.asarray(array) for name, array in self.params.items()}
            self.best_score = found["token"], found["sequence"]
        return found["token"]

    def result(self) -> StandardFit:
        """The fit, after a last check if there were steps since the one before."""
        if self.checked < self.step:
            self.check()
        seconds = {"compile": self.compile_seconds, "train": self._spent() - self.compile_seconds}
        rounded = {name: round(value, 3) for name, value in seconds.items()}
        return StandardFit(self.best, self.history, rounded, self.stopped)
