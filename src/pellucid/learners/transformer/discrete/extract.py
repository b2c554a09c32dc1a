"""From a hardened model to a program: heads by hypotheses, sub-MLPs by formulas, the output head by least squares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.special import softmax

from pellucid.bias import parsed_mask
from pellucid.language.program import Program
from pellucid.learners.formulas.build import build
from pellucid.learners.formulas.terms import Term, reads
from pellucid.learners.transformer.discrete.formulas import Grammar
from pellucid.learners.transformer.discrete.frame import Frame, Scaling, known
from pellucid.learners.transformer.discrete.hardened import Hardened, Run, head_scores, live_variables, outputs, run
from pellucid.learners.transformer.discrete.hypotheses import Attention, Tested, judge_head
from pellucid.learners.transformer.discrete.units import Material, Unit, label, network, read_units
from pellucid.problem import Problem
from pellucid.simplify import simplify

ROUTES = frozenset({"shift", "first"})  # modes that read one step at a time


@dataclass(frozen=True, eq=False)
class Sources:
    """What an extraction works on.

    frame: the data, fitted examples first. fitted: how many these are. scaling: of the model. tau: temperature of the
    weights of attention.
    """

    frame: Frame
    fitted: int
    scaling: Scaling
    problem: Problem
    tau: float
    regression: bool = False


@dataclass(frozen=True, eq=False)
class Extraction:
    """A program and the terms of its outputs; the error by the variance; what was found about each head and sub-MLP."""

    program: Program
    terms: list[Term]
    error: float
    report: dict[str, Any]


@dataclass(frozen=True, eq=False)
class Symbol:
    """A variable of the stream, unscaled, as a term; and its value before the first step."""

    term: Term
    start: float = 0.0


@dataclass
class Reader:
    """Turns variables of the stream into terms, each once, those they need first."""

    model: Hardened
    done: Run
    live: Sequence[int]
    sources: Sources
    symbols: dict[int, Symbol] = field(default_factory=dict)
    units: dict[int, Unit] = field(default_factory=dict)
    heads: dict[int, list[Tested]] = field(default_factory=dict)

    def place(self, variable: int) -> tuple[str, int, int]:
        """column, head or unit; the layer; the index there."""
        c = self.model.config
        if variable < c.columns:
            return "column", 0, variable
        layer, index = divmod(variable - c.columns, c.heads + c.units)
        return ("head", layer, index) if index < c.heads else ("unit", layer, index - c.heads)

    def scale(self, variable: int) -> float:
        """Units of a scaled scalar: those of the column it was copied from; 1 for what was computed."""
        kind, layer, index = self.place(variable)
        if kind == "column":
            return float(self.sources.scaling.columns[index])
        if kind == "unit":
            return 1.0
        times = self.heads[variable][0].hypothesis.times if variable in self.heads else 1
        return times * self.scale(int(self.model.layers[layer][0].value[index]))

    def symbol(self, variable: int) -> Symbol:
        """The variable; a sub-MLP as the network it is."""
        if variable not in self.symbols:
            kind, layer, index = self.place(variable)
            made = {"column": self._column, "head": self._head, "unit": self._unit}[kind]
            self.symbols[variable] = made(variable, layer, index)
        return self.symbols[variable]

    def values(self, symbol: Symbol) -> np.ndarray:
        """Values [n, before + steps] of a symbol."""
        values = known(self.sources.frame.grid, symbol.term).T
        return np.pad(values, ((0, 0), (self.model.config.before, 0)), constant_values=symbol.start)

    def _column(self, variable: int, layer: int, index: int) -> Symbol:
        return Symbol(self.sources.frame.columns[index])

    def _head(self, variable: int, layer: int, index: int) -> Symbol:
        heads, bias = self.model.layers[layer][0], self.sources.problem.bias
        value = self.symbol(int(heads.value[index]))
        tested = judge_head(
            self._attention(layer, index, value), self._modes(value.term), min(bias.window, self.model.config.before)
        )
        best = tested[0].hypothesis
        key = self.symbol(int(heads.key[index])).term if best.needs_key else None
        self.heads[variable] = tested
        return Symbol(best.term(value.term, key, value.start), value.start * best.times)

    def _modes(self, value: Term) -> frozenset[str]:
        """Modes that may read a variable: one with a mask on some of its past is not read at several steps at once."""
        bias = self.sources.problem.bias
        masked = {parsed_mask(item)[0] for item in bias.mask}
        return bias.modes & ROUTES if any(name in masked for name, _ in reads(value)) else bias.modes

    def _attention(self, layer: int, index: int, value: Symbol) -> Attention:
        """What there is to see of a head."""
        heads, c = self.model.layers[layer][0], self.model.config
        seen, values = self.done.stream[: c.readable(layer)], self.values(value)
        key = None
        if c.content:
            read = int(heads.key[index])
            key = values if read == heads.value[index] else self.done.stream[read] * self.scale(read)
        weights = softmax(head_scores(self.model, heads, seen)[index] / self.sources.tau, -1)
        return Attention(self.done.chosen[layer][index], key, values, weights, self.sources.frame.present, c.before)

    def _unit(self, variable: int, layer: int, index: int) -> Symbol:
        hard = self.model.layers[layer][1]
        first, second = hard.reads[index].tolist()
        reads, scales = (self.symbol(first), self.symbol(second)), (self.scale(first), self.scale(second))
        start = hard.network(index, *(np.array(s.start / scale) for s, scale in zip(reads, scales, strict=True)))
        terms = reads[0].term, reads[1].term
        unit = Unit(f"network_{layer + 1}_{index + 1}", terms, network(hard, index, terms, scales), terms)
        self.units[variable] = unit
        return Symbol(unit.network, float(start))

    def what_is_live(self) -> tuple[list[Term], list[Unit]]:
        """What the output head reads: terms, and sub-MLPs; what only these need is among their terms."""
        direct, units = [], []
        for variable in self.live:
            kind, _, _ = self.place(variable)
            if kind == "head" or (kind == "column" and self.model.allow[variable, 0]):
                direct.append(self.symbol(variable).term)
            elif kind == "unit":
                self.symbol(variable)
                units.append(self.units[variable])
        return direct, units

    def head_report(self, variable: int) -> dict[str, Any]:
        """What was found about a head."""
        _, layer, index = self.place(variable)
        best, *others = self.heads[variable]
        return {
            "head": f"layer {layer + 1} head {index + 1}",
            "value": label(self.symbol(int(self.model.layers[layer][0].value[index])).term),
            **best.to_json(),
            "next": [tested.to_json() for tested in others[:2]],
        }

    def errors(self) -> dict[str, Any]:
        """Error of the hardened model; and how far from it what was read off is, in standard deviations.

        What was read off: hypotheses, plain networks.
        """
        model, before = self.model, self.model.config.before
        frame = self.sources.scaling.apply(self.sources.frame)
        told = outputs(model, self.done.stream)
        apart = np.zeros_like(told)
        for variable in self.live:
            read_off = self.values(self.symbol(variable)) / self.scale(variable)
            apart += model.weights[:, variable][:, None, None] * (read_off - self.done.stream[variable])
        apart = np.abs(apart[:, :, before:][:, frame.scored])
        return {
            "read_off": {"max_difference": float(apart.max()), "mean_difference": float(apart.mean())},
            "error_before_refit": float(((told[:, :, before:] - frame.targets) ** 2)[:, frame.scored].mean()),
        }


def extract(model: Hardened, sources: Sources) -> Extraction:
    """Read a hardened model off as a program.

    Heads get the best hypothesis; sub-MLPs a formula or a table where that keeps the fit, else their network; the
    output head is then refitted by least squares on the training data, pruned and snapped.

    Raises:
        ProgramError: no program of the language comes out.
    """
    problem, grid = sources.problem, sources.frame.grid
    done = run(model, sources.scaling.apply(sources.frame).values)
    reader = Reader(model, done, live_variables(model, done.stream), sources)
    direct, units = reader.what_is_live()
    whole = all((values == np.floor(values)).all() for values in sources.frame.values)
    material = Material(grid, sources.fitted, Grammar(problem.bias.operators, whole), sources.regression)
    readings = read_units(units, direct, material)
    found = [*direct, *(r.term for r in readings if r.term), *(a for r in readings for a in r.unit.arguments)]
    laws = material.laws(list(dict.fromkeys(found)))
    error = float(np.mean([law.error for law in laws]))
    report = {
        "heads": [reader.head_report(v) for v in reader.live if v in reader.heads],
        "units": [r.to_json() for r in readings],
        "readout": [law.coefficients for law in laws],
        **reader.errors(),
        "error_after_refit": error,
    }
    terms = [law.term for law in laws]
    program = build(dict(zip(grid.targets, terms, strict=True)), problem, {})
    return Extraction(simplify(program), terms, error, report)
