"""Statements of the nodes that remember: aggregates so far or over a window, the first, last or best step."""

from __future__ import annotations

from pellucid.program.literals import literal
from pellucid.program.numeric import text
from pellucid.program.numeric.expression import Apply, Const, Expression, Var
from pellucid.program.numeric.facts import INF, Fact
from pellucid.program.numeric.loop import BODY, Loop
from pellucid.program.numeric.nodes import Route, Running
from pellucid.program.numeric.text import Raw

COUNTS = Fact(0, INF, True)


def route(loop: Loop, name: str, node: Route) -> None:
    """The value at the first step, the last one where something holds, or the one with the largest key."""
    value = loop.value(node.variable)
    match node:
        case Route(variable, "first"):
            loop.begin(name, "None")
            loop.state(name, f"{name} = {value}", [Raw(f"{name} is None", condition=True)], variable)
        case Route(variable, "last where", 0, str(where), default):
            loop.begin(name, default)
            loop.state(name, f"{name} = {value}", [loop.values[where]], variable, where)
        case Route(variable, "last where", 1, str(where), default):
            _last_before(loop, name, node, where)
            return
        case Route(variable, rule, where=str(key), window=int(window)):
            recent = _pairs(loop, name, variable, key, window)
            best = "max" if rule == "argmax" else "min"
            loop.bind(name, Raw(f"{best}({recent}, key=lambda pair: pair[0])[1]", loop.known[name]))
            return
        case Route(variable, rule, where=str(key)):
            largest = rule == "argmax"
            base = f"{'largest' if largest else 'smallest'}_{key}"
            best = loop.local(base, "-math.inf" if largest else "math.inf", loop.known[key])
            loop.begin(name, 0)
            asked = loop.value(key)
            test = Raw(f"{asked} {'>' if largest else '<'} {best}", condition=True)
            loop.state(name, f"{best}, {name} = {asked}, {value}", [test], variable, key)
    loop.values[name] = Var(name)


def _last_before(loop: Loop, name: str, node: Route, where: str) -> None:
    """Changed at the end of the step; a copy is made where its value at this step is needed after that."""
    copied = loop.plan.changes_early(name)
    kept = loop.local(f"next_{name}", node.default, loop.known[name]) if copied else name
    loop.begin(kept, node.default)
    if copied:
        loop.state(name, f"{name} = {kept}", [])
    loop.values[name] = Var(name)
    loop.kept.add(kept)
    loop.late.append((kept, node.variable, where))


def end_of_step(loop: Loop) -> None:
    """What "last where" sees of this step at later ones."""
    space = " " * BODY
    for kept, variable, where in loop.late:
        loop.ends += [
            f"{space}if {loop.condition(loop.values[where])}:",
            f"{space}    {kept} = {loop.value(variable)}",
        ]


def _pairs(loop: Loop, name: str, variable: str, key: str, window: int) -> str:
    recent = loop.local(f"last_{window}", f"deque(maxlen={window})", COUNTS)
    pair = f"({loop.value(key)}, {loop.value(variable)})"
    loop.state(name, f"{recent}.append({pair})", [], variable, key)
    return recent


def running(loop: Loop, name: str, node: Running) -> None:
    """An aggregate."""
    if node.window is not None:
        if node.how == "count" and node.where is None:
            loop.bind(name, Apply("min", (loop.step(1), Const(node.window))))
        else:
            loop.bind(name, _windowed(loop, name, node, node.window))
        return
    tests: list[Expression | Raw] = [] if node.where is None else [loop.values[node.where]]
    match node.how:
        case "count" if not tests:
            loop.bind(name, loop.step(1))
        case "sum" | "count":
            loop.begin(name, 0)
            _total(loop, name, node, tests)
        case "mean":
            _mean(loop, name, node, tests)
        case "min" | "max":
            _extreme(loop, name, node, tests)
        case "mode":
            _mode(loop, name, node, tests)


def _total(loop: Loop, name: str, node: Running, tests: list[Expression | Raw]) -> None:
    """`name += value`; a condition is counted, and a value that is 0 otherwise is added where it is not."""
    added = Const(1) if node.how == "count" or node.variable is None else loop.values[node.variable]
    if isinstance(added, Apply) and added.op == "where" and added.args[2] == Const(0):
        tests, added = [*tests, added.args[0]], added.args[1]
    elif text.is_condition(added):
        tests, added = [*tests, added], Const(1)
    sign = "+"
    if isinstance(added, Apply) and added.op == "neg":
        sign, added = "-", added.args[0]
    loop.state(name, f"{name} {sign}= {text.value(added, loop.known)}", tests, node.variable, node.where)
    loop.values[name] = Var(name)
    if node.variable is not None:
        loop.totals.setdefault((node.variable, node.where), name)


def _mean(loop: Loop, name: str, node: Running, tests: list[Expression | Raw]) -> None:
    assert node.variable is not None
    fact = loop.known[node.variable]
    total = loop.totals.get((node.variable, node.where))
    if total is None:
        total = loop.local(_about("total", loop, node.variable), 0, Fact(whole=fact.whole))
        _total(loop, total, node, tests)
    if not tests:
        loop.bind(name, Apply("ratio", (Var(total), loop.step(1))))
        return
    count = loop.local("count", 0, COUNTS)
    loop.state(name, f"{count} += 1", tests, node.where)
    mean = Apply("ratio", (Var(total), Var(count)))
    loop.bind(name, Apply("where", (Var(count), mean, Const(node.default))))


def _extreme(loop: Loop, name: str, node: Running, tests: list[Expression | Raw]) -> None:
    assert node.variable is not None
    value, fact = loop.value(node.variable), loop.known[node.variable]
    nothing = "-math.inf" if node.how == "max" else "math.inf"
    # The default can stand for "nothing yet" where no value loses to it.
    harmless = node.default <= fact.low if node.how == "max" else node.default >= fact.high
    if not tests or harmless:
        loop.begin(name, node.default if tests else nothing)
        loop.state(name, f"{name} = {node.how}({name}, {value})", tests, node.variable, node.where)
        loop.values[name] = Var(name)
        return
    base = _about("largest" if node.how == "max" else "smallest", loop, node.variable)
    best = loop.local(base, nothing, fact)
    loop.state(name, f"{best} = {node.how}({best}, {value})", tests, node.variable, node.where)
    some = Raw(f"{best} {'>' if node.how == 'max' else '<'} {nothing}", level=text.COMPARED, condition=True)
    loop.bind(name, Apply("where", (some, Var(best), Const(node.default))))  # type: ignore[arg-type]


def _mode(loop: Loop, name: str, node: Running, tests: list[Expression | Raw]) -> None:
    assert node.variable is not None
    value = loop.value(node.variable)
    counts = loop.local("counts", "Counter()", COUNTS)
    loop.begin(name, node.default)
    lines = [
        f"{counts}[{value}] += 1",
        f"{name} = min({name}, {value}, key=lambda value: (-{counts}[value], value))",
    ]
    loop.state(name, f"\n{' ' * (BODY + 4 * bool(tests))}".join(lines), tests, node.variable, node.where)
    loop.values[name] = Var(name)


def _windowed(loop: Loop, name: str, node: Running, window: int) -> Expression | Raw:
    """An aggregate of the last values, which a deque holds."""
    fact = loop.known[name]
    if node.how in ("sum", "count"):
        return Raw(f"sum({_recent(loop, name, node, window, '0')})", fact)
    recent = _recent(loop, name, node, window, "None")
    default = f", default={literal(node.default)}"
    if node.where is None:
        default = ""
    else:
        kept = loop.free("kept")
        loop.state(name, f"{kept} = [value for value in {recent} if value is not None]", [])
        recent = kept
    match node.how:
        case "mean" if node.where is None:
            return Raw(f"sum({recent}) / len({recent})", fact, text.PRODUCT)
        case "mean":
            mean = f"sum({recent}) / len({recent}) if {recent} else {literal(node.default)}"
            return Raw(mean, fact, text.CONDITIONAL)
        case "mode":
            key = f"key=lambda value: (-{recent}.count(value), value)"
            return Raw(f"min({recent}, {key}{default})", fact)
    return Raw(f"{node.how}({recent}{default})", fact)


def _recent(loop: Loop, name: str, node: Running, window: int, otherwise: str) -> str:
    """A deque of the last values, with `otherwise` for those that do not count; one for all who need the same."""
    what = node.variable if node.variable is not None and node.how != "count" else ""
    key = (what, f"{node.where} {otherwise}" if node.where else None, window)
    if key not in loop.windows:
        recent = loop.local(_about(f"last_{window}", loop, what or node.where or ""), f"deque(maxlen={window})", COUNTS)
        value = loop.value(what) if what else "1"
        if node.where is not None:
            value = _where(loop, value, node.where, otherwise)
        loop.state(name, f"{recent}.append({value})", [], node.variable, node.where)
        loop.windows[key] = recent
    return loop.windows[key]


def _where(loop: Loop, value: str, where: str, otherwise: str) -> str:
    test = loop.values[where]
    if value == "1" and otherwise == "0" and text.about(test, loop.known).truth:
        return text.value(test, loop.known)
    value = f"({value})" if " if " in value else value
    tested = loop.condition(test)
    return f"{value} if {f'({tested})' if ' if ' in tested else tested} else {otherwise}"


def _about(what: str, loop: Loop, variable: str) -> str:
    """A name with the variable's in it, if that one stands in the text."""
    return f"{what}_{variable}" if loop.values.get(variable) == Var(variable) else what
