"""A statement or a text for each variable of a numeric program, in order."""

from __future__ import annotations

from pellucid.program.literals import container, literal, one_of, settled, table
from pellucid.program.numeric.expression import Const, Expression, Number, Var
from pellucid.program.numeric.facts import TRUTH, fact_of
from pellucid.program.numeric.loop import BODY, Loop
from pellucid.program.numeric.nodes import Column, Formula, Lookup, Position, Route, Running, delayed
from pellucid.program.numeric.plan import Lags, Plan
from pellucid.program.numeric.remembered import end_of_step, route, running
from pellucid.program.numeric.statements import fits
from pellucid.program.numeric.text import COMPARED, Raw, operand

SHORT = 40  # columns of a set that is written where it is used


def written(plan: Plan) -> Loop:
    """The loop of a program; `TooLong` where a variable needs a line of its own."""
    loop = Loop(plan)
    for lags in plan.lags:
        _keep(loop, lags)
    for a in plan.program:
        if plan.uses[a.name]:
            _write(loop, a.name)
    end_of_step(loop)
    for lags in plan.lags:
        _pass_on(loop, lags)
    return loop


def _write(loop: Loop, name: str) -> None:
    node = loop.plan.program[name]
    match node:
        case Column(column):
            loop.values[name] = Var(loop.columns.setdefault(column, name))
            if loop.columns[column] != name and any(use.kind == "delay" for use in loop.plan.uses[name]):
                loop.state(name, f"{name} = {loop.columns[column]}", [])
        case Position(start):
            if name == loop.index:
                loop.values[name] = Var(name)
            else:
                loop.bind(name, loop.step(start))
        case Formula(expression):
            loop.bind(name, loop.expression(expression))
        case Lookup():
            loop.bind(name, _lookup(loop, name, node))
        case Route() if delayed(node):
            lags = next(g for g in loop.plan.lags if (g.variable, g.default) == (node.variable, node.default))
            loop.values[name] = loop.values[f"{lags.routes[node.amount]} "]
            if any(use.kind == "delay" for use in loop.plan.uses[name]):
                loop.state(name, f"{name} = {loop.value(name)}", [])
                loop.values[name] = Var(name)
        case Route():
            route(loop, name, node)
        case Running():
            running(loop, name, node)


def _keep(loop: Loop, lags: Lags) -> None:
    """Where earlier values stand. The reader's text is noted under its name and a space until it is its turn."""
    fact = loop.plan.facts[lags.variable] | fact_of(lags.default)
    names = {amount: f"{reader} " for amount, reader in lags.routes.items()}
    if lags.in_place:
        loop.begin(lags.variable, lags.default)
        loop.values[names[1]] = Var(lags.variable)
    elif lags.chain:
        for amount in range(1, max(names) + 1):
            local = _chain_name(loop, lags, amount)
            loop.begin(local, lags.default)
            loop.known[local] = fact
            if amount in names:
                loop.values[names[amount]] = Var(local)
    else:
        furthest = max(names)
        start = f"deque([{literal(lags.default)}] * {furthest}, maxlen={furthest})"
        recent = loop.local(f"recent_{lags.variable}", start, fact)
        loop.chains[lags.variable, lags.default] = [recent]
        for amount, reader in names.items():
            loop.values[reader] = Raw(f"{recent}[{0 if amount == furthest else -amount}]", fact)


def _chain_name(loop: Loop, lags: Lags, amount: int) -> str:
    reader = lags.routes.get(amount)
    plain = reader is not None and reader not in loop.plan.program.results
    if reader is not None and plain and not any(use.kind == "delay" for use in loop.plan.uses[reader]):
        name = reader
    else:
        name = loop.free(f"{lags.variable}_before" if amount == 1 else f"{lags.variable}_{amount}_before")
    loop.chains.setdefault((lags.variable, lags.default), []).append(name)
    return name


def _pass_on(loop: Loop, lags: Lags) -> None:
    """What the next step finds of this one."""
    if lags.in_place:
        return
    if lags.chain:
        names = loop.chains[lags.variable, lags.default]
        line = f"{', '.join(names)} = {', '.join([lags.variable, *names[:-1]])}"
        loop.kept.update(names)
    else:
        (recent,) = loop.chains[lags.variable, lags.default]
        line = f"{recent}.append({lags.variable})"
        loop.kept.add(recent)
    line = f"{' ' * BODY}{line}"
    loop.ends.append(line if fits(line) else settled(line))


def _lookup(loop: Loop, name: str, node: Lookup) -> Expression | Raw:
    """A table as a dictionary, or a set where there are two outcomes, 0 and 1."""
    fact = loop.plan.facts[name]
    cases = [(values, outcome) for values, outcome in node.cases if outcome != node.default]
    asked = ", ".join(loop.value(variable) for variable in node.variables)
    key = asked if len(node.variables) == 1 else f"({asked})"
    keys = [values[0] if len(values) == 1 else values for values, _ in cases]
    if not cases:
        return Const(node.default)
    if fact.truth and node.default == 0:
        found = one_of(keys)
        if len(found) > SHORT:
            found = loop.free(f"{name}_cases".upper())
            loop.constants.append(container(f"{found} = ", "{", [*map(literal, keys)], "}"))
        if len(node.variables) == 1:
            key = operand(loop.values[node.variables[0]], COMPARED + 1, loop.known)
        return Raw(f"{key} in {found}", TRUTH, COMPARED, condition=True)
    named = loop.free(f"{name}_table".upper())
    outcomes: list[tuple[object, Number]] = list(zip(keys, (outcome for _, outcome in cases), strict=True))
    loop.constants.append(table(named, outcomes))
    return Raw(f"{named}.get({key}, {literal(node.default)})", fact)
