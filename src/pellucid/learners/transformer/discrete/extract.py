"""From a hardened model to a program: heads by hypotheses, sub-MLPs by formulas, the output head by least squares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np
from scipy.special import softmax

from pellucid.bias import Bias, parsed_mask
from pellucid.language.nodes import Let
from pellucid.language.program import Program
from pellucid.learners.transformer.discrete.formulas import Grammar
from pellucid.learners.transformer.discrete.frame import Frame, Scaling
from pellucid.learners.transformer.discrete.hardened import Hardened, Run, head_scores, live_variables, outputs, run
from pellucid.learners.transformer.discrete.hypotheses import Attention, Tested, judge_head
from pellucid.learners.transformer.discrete.symbols import (
    Builder,
    Symbol,
    assemble,
    free_name,
    linear_expression,
    root,
    summed,
)
from pellucid.learners.transformer.discrete.units import Material, Unit, network_expression, read_units
from pellucid.problem import Problem
from pellucid.simplify import simplify


@dataclass(frozen=True, eq=False)
class Sources:
    """What an extraction works on: raw frame, fitted rows first; how many they are; scaling; their problem."""

    frame: Frame
    fitted: int
    scaling: Scaling
    problem: Problem
    tau: float
    regression: bool = False

    @property
    def bias(self) -> Bias:
        """Which pieces may be used."""
        return self.problem.bias

    @property
    def inputs(self) -> set[str]:
        """Names of the input columns."""
        return {field.name for field in self.problem.schema.inputs}


@dataclass(frozen=True, eq=False)
class Extraction:
    """A program, with what was found about each head and sub-MLP, and how well it fits (error by the variance)."""

    program: Program
    error: float
    report: dict[str, Any]


@dataclass
class Reader:
    """Turns variables of the stream into symbols of the program, each once, those they need first."""

    model: Hardened
    done: Run
    live: Sequence[int]
    sources: Sources
    builder: Builder
    symbols: dict[int, Symbol] = field(default_factory=dict)
    units: dict[int, Unit] = field(default_factory=dict)
    heads: dict[int, tuple[Symbol, list[Tested]]] = field(default_factory=dict)

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
        times = summed(self.heads[variable][1][0].hypothesis) if variable in self.heads else 1
        return times * self.scale(int(self.model.layers[layer][0].value[index]))

    def symbol(self, variable: int) -> Symbol:
        """The variable as a symbol; a sub-MLP as the network it is."""
        if variable not in self.symbols:
            kind, layer, index = self.place(variable)
            if kind == "column":
                frame = self.sources.frame
                made = self.builder.column(frame.columns[index], frame.values[index])
            else:
                made = self._head(variable, layer, index) if kind == "head" else self._unit(variable)
            self.symbols[variable] = made
        return self.symbols[variable]

    def _unit(self, variable: int) -> Symbol:
        unit = self.unit(variable)
        return self.builder.formula(unit.name, unit.network, unit.values, unit.symbol.label, unit.symbol.cost)

    def _head(self, variable: int, layer: int, index: int) -> Symbol:
        heads = self.model.layers[layer][0]
        value = self.symbol(int(heads.value[index]))
        head = self.attention(layer, index, value)
        bias = self.sources.bias
        tested = judge_head(head, self._modes(value), min(bias.window, self.model.config.before))
        hypothesis = tested[0].hypothesis
        needs_key = hypothesis.kind in ("argmax", "argmin", "last where")
        key = self.symbol(int(heads.key[index])) if needs_key else None
        made = self.builder.routed(hypothesis, value, key, head)
        self.heads[variable] = (made, tested)
        return made

    def _modes(self, value: Symbol) -> frozenset[str]:
        """Modes that may read a variable: one with a mask on some of its past is not read at several steps at once."""
        modes = self.sources.bias.modes
        masked = {parsed_mask(item)[0] for item in self.sources.bias.mask}
        return modes & {"shift", "first"} if root(value.label) in masked else modes

    def attention(self, layer: int, index: int, value: Symbol) -> Attention:
        """What there is to see of a head."""
        heads, c, frame = self.model.layers[layer][0], self.model.config, self.sources.frame
        seen = self.done.stream[: c.readable(layer)]
        key = None
        if c.content:
            key = self.done.stream[heads.key[index]] * self.scale(int(heads.key[index]))
            if heads.key[index] == heads.value[index]:
                key = value.values
        weights = softmax(head_scores(self.model, heads, seen)[index] / self.sources.tau, -1)
        return Attention(self.done.chosen[layer][index], key, value.values, weights, frame.present, c.before)

    def unit(self, variable: int) -> Unit:
        """A sub-MLP with the symbols it reads; its values are those of its network on them."""
        if variable not in self.units:
            _, layer, index = self.place(variable)
            hard = self.model.layers[layer][1]
            first, second = (int(v) for v in hard.reads[index])
            reads = (self.symbol(first), self.symbol(second))
            scales = (self.scale(first), self.scale(second))
            values = hard.network(index, reads[0].values / scales[0], reads[1].values / scales[1])
            name = free_name(f"network_{layer + 1}_{index + 1}", self.sources.inputs)
            network = network_expression(hard, index, reads, scales)
            self.units[variable] = Unit(name, reads, values, network, reads)
        return self.units[variable]

    def what_is_live(self) -> tuple[list[Symbol], list[Unit]]:
        """What the output head reads: symbols, and sub-MLPs; what only these need is among their symbols."""
        direct, units = [], []
        for variable in self.live:
            kind, _, _ = self.place(variable)
            if kind == "unit":
                units.append(self.unit(variable))
            elif kind == "head" or self.model.allow[variable, 0]:
                direct.append(self.symbol(variable))
        return direct, units

    def head_report(self, variable: int) -> dict[str, Any]:
        """What was found about a head."""
        _, layer, index = self.place(variable)
        _, tested = self.heads[variable]
        return {
            "head": f"layer {layer + 1} head {index + 1}",
            "value": self.symbol(int(self.model.layers[layer][0].value[index])).label,
            **tested[0].to_json(),
            "next": [t.to_json() for t in tested[1:3]],
        }

    def errors(self) -> dict[str, Any]:
        """Error of the hardened model; and how far from it what was read off is, in standard deviations.

        What was read off: hypotheses, plain networks.
        """
        model, before = self.model, self.model.config.before
        frame = self.sources.scaling.apply(self.sources.frame)
        told = outputs(model, self.done.stream)
        total, exact = np.zeros_like(told), np.zeros_like(told)
        for variable in self.live:
            kind, _, _ = self.place(variable)
            values = self.unit(variable).values if kind == "unit" else self.symbol(variable).values
            weight = model.weights[:, variable][:, None, None]
            total += weight * values / self.scale(variable)
            exact += weight * self.done.stream[variable]
        apart = np.abs(total - exact)[:, :, before:][:, frame.scored]
        return {
            "read_off": {"max_difference": float(apart.max()), "mean_difference": float(apart.mean())},
            "error_before_refit": float(((told[:, :, before:] - frame.targets) ** 2)[:, frame.scored].mean()),
        }


def extract(model: Hardened, sources: Sources) -> Extraction:
    """Read a hardened model off as a program.

    Heads get the best hypothesis; sub-MLPs a formula or a table where that keeps the fit, else their network; the
    output head is then refitted by least squares on the training data, pruned and snapped.
    """
    done = run(model, sources.scaling.apply(sources.frame).values)
    names = [field.name for field in sources.problem.schema.outputs]
    builder = Builder({name: free_name(name, sources.inputs) for name in names})
    reader = Reader(model, done, live_variables(model, done.stream), sources, builder)
    direct, units = reader.what_is_live()
    material = _material(sources)
    readings = read_units(units, direct, material)
    builder.assignments |= {r.symbol.name: Let(r.expression) for r in readings if r.symbol and r.expression}
    found = [*direct, *(r.symbol for r in readings if r.symbol), *(a for r in readings for a in r.unit.arguments)]
    columns = list({s.name: s for s in found}.values())
    least, fits = material.heads(columns)
    labels, error = [*(s.label for s in columns), "1"], float(np.mean([fit.error for fit in fits]))
    heads = {}
    for output, (name, fit) in enumerate(zip(builder.results, fits, strict=True)):
        weights = dict(zip(fit.columns, least.snapped(fit, output), strict=True))
        constant = weights.pop(len(columns), Fraction(0))
        heads[name] = linear_expression([columns[i].name for i in weights], list(weights.values()), constant)
    report = {
        "heads": [reader.head_report(v) for v in reader.live if v in reader.heads],
        "units": [r.to_json() for r in readings],
        "readout": [dict(zip((labels[i] for i in f.columns), f.coefficients.tolist(), strict=True)) for f in fits],
        **reader.errors(),
        "error_after_refit": error,
    }
    return Extraction(simplify(assemble(builder, heads, sources.problem)), error, report)


def _material(sources: Sources) -> Material:
    frame = sources.frame
    before = frame.values.shape[2] - frame.targets.shape[2]
    mask = np.concatenate([np.zeros((len(frame.scored), before), bool), frame.scored], 1)
    targets = [np.concatenate([np.zeros((len(y), before)), y], 1) for y in frame.targets]
    fitted = np.nonzero(mask)[0] < sources.fitted
    whole = bool((frame.values == np.floor(frame.values)).all())
    return Material(mask, fitted, targets, Grammar(sources.bias.operators, whole), sources.regression)
