"""Where each variable is needed for given answers: a walk backwards from the output, exact for the inputs at hand."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from pellucid.program.attention import reachable
from pellucid.program.formula import Var
from pellucid.program.inspect.fired import fired
from pellucid.program.interpret import Env, own_tokens, user_positions
from pellucid.program.ir import Aggregate, Assign, Program, Readout, Rules, Scan, Select, reads

Rows = dict[str, np.ndarray]  # bool [batch, width] by variable


def user_rows(program: Program, tokens: np.ndarray) -> np.ndarray:
    """Rows of the variables' arrays where the user's own tokens stand; `tokens` as `evaluate` takes them."""
    return np.asarray(user_positions(own_tokens(program, tokens), len(program.vocab.tokens)))


def answer_rows(program: Program, tokens: np.ndarray) -> np.ndarray:
    """Rows that decide the output: the user's own, or the last of them where that is the label of a classifier."""
    user = user_rows(program, tokens)
    node = program[program.output]
    if program.vocab.kind == "tagging" or (isinstance(node, Readout) and node.pooled):
        return user
    last = user.shape[1] - 1 - user[:, ::-1].argmax(1)
    return user & (np.arange(user.shape[1]) == last[:, None])


def demand(program: Program, tokens: np.ndarray, env: Env, answers: np.ndarray, picked_only: bool = False) -> Rows:
    """Rows at which each variable matters for the output at the rows `answers`.

    With the variables given at these rows the output there is determined. `picked_only` leaves out what a selector
    looked at and did not pick: for a reader, who wants to see where a value comes from.
    """
    valid = own_tokens(program, tokens) >= 0
    needed: Rows = {program.output: answers}
    for a in reversed(program.assignments):
        if a.name not in needed:
            continue
        if isinstance(a.node, Scan):  # the state at every position before
            needed[a.name] = np.logical_or.accumulate(needed[a.name][:, ::-1], 1)[:, ::-1] & valid
        for name, rows in _reads(program, a, needed[a.name], tokens, env, picked_only):
            rows = rows & valid
            needed[name] = needed[name] | rows if name in needed else rows
    return needed


def _reads(
    program: Program, a: Assign, here: np.ndarray, tokens: np.ndarray, env: Env, picked_only: bool
) -> Iterator[tuple[str, np.ndarray]]:
    node = a.node
    if isinstance(node, Aggregate):
        yield node.selector, here
        if node.value is not None:
            yield node.value, keys_picked(env[node.selector], here)
    elif isinstance(node, Select):
        yield node.query, here
        looked = reachable(node.reach, here.shape[1])
        keys = keys_picked(env[a.name], here) if picked_only else np.asarray((here[:, :, None] & looked).any(1))
        yield node.key, keys
        if node.mask is not None:
            yield node.mask, keys
    elif isinstance(node, Rules):
        yield from _read_by_rules(node, here, fired(program, a.name, tokens, env))
    elif isinstance(node, Scan) and isinstance(node.step, Rules):
        yield from _read_by_rules(node.step, here, fired(program, a.name, tokens, env), set(reads(node)))
    else:
        yield from ((name, here) for name in reads(node))


def keys_picked(picked: np.ndarray, queries: np.ndarray) -> np.ndarray:
    """Keys that these queries picked, bool [batch, key]; `picked` as `evaluate` returns a selection."""
    if picked.ndim == 3:
        return np.asarray((picked & queries[:, :, None]).any(1))
    found = np.zeros_like(queries)
    batch, query = np.nonzero(queries)
    found[batch, picked[batch, query]] = True
    return found


def _read_by_rules(
    node: Rules, here: np.ndarray, number: np.ndarray | None, known: set[str] | None = None
) -> Iterator[tuple[str, np.ndarray]]:
    """A rule's tests are read where no earlier rule held, its outcome where it fired."""
    assert number is not None
    outcomes = [(i, rule.outcome) for i, rule in enumerate(node.rules)] + [(-1, node.default)]
    found = [(value.name, here & (number == i)) for i, value in outcomes if isinstance(value, Var)]
    for i, rule in enumerate(node.rules):
        tried = here & ((number == -1) | (number >= i))
        found += [(name, tried) for t in rule.tests for name in (t.variable, t.against) if name is not None]
    yield from ((name, rows) for name, rows in found if known is None or name in known)
