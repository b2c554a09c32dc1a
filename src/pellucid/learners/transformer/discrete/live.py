"""Which variables of a hardened model matter: from the pruned output head backwards."""

from __future__ import annotations

import numpy as np

from pellucid.learners.transformer.discrete.hardened import Hardened

PRUNED = 0.01  # weights whose share of the standardised output spreads less than this are pruned


def head_reads(model: Hardened, stream: np.ndarray) -> list[int]:
    """Variables the output head still reads after pruning."""
    spread = stream[:, :, model.config.before :].std((1, 2))
    return np.nonzero((np.abs(model.weights) * spread).max(0) > PRUNED)[0].tolist()


def live_variables(model: Hardened, stream: np.ndarray) -> list[int]:
    """Variables that reach the output: those the head reads and all that these read, in the order of the stream."""
    live = set(head_reads(model, stream))
    c = model.config
    for layer in reversed(range(c.layers)):
        heads, units = model.layers[layer]
        first = c.readable(layer)
        for i in range(c.units):
            if first + c.heads + i in live:
                live |= set(units.reads[i].tolist())
        for i in range(c.heads):
            if first + i in live:
                live |= {int(side[i]) for side in (heads.query, heads.key, heads.value) if len(side)}
    return sorted(live)


def live_choices(model: Hardened, stream: np.ndarray) -> np.ndarray:
    """Which choices are live, in the order of the history: per layer reads of heads, reads of units, attention."""
    live, c, found = set(live_variables(model, stream)), model.config, []
    sides = 3 if c.content else 1
    for layer in range(c.layers):
        first = c.readable(layer)
        heads = [first + i in live for i in range(c.heads)]
        units = [first + c.heads + i in live for i in range(c.units)]
        found += [h for h in heads for _ in range(sides)] + [u for u in units for _ in range(2)] + heads
    return np.array(found, bool)
