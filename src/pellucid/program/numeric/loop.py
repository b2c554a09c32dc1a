"""The body of `run` as it comes together: state before the loop, statements in it, what is kept for the next step."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from pellucid.program.literals import settled
from pellucid.program.numeric import text
from pellucid.program.numeric.expression import Apply, Const, Expression, Number, Var, substitute
from pellucid.program.numeric.facts import INF, TRUTH, Fact
from pellucid.program.numeric.names import RESERVED
from pellucid.program.numeric.nodes import Formula, Lookup, Position, Running, reads
from pellucid.program.numeric.plan import Plan
from pellucid.program.numeric.statements import TooLong, fits, initial, wrapped
from pellucid.program.numeric.text import Raw

BODY = 8  # columns by which a statement of the loop is indented


class Loop:
    """Collects the parts of one program's `run`; `values` holds the text of every variable written so far."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.known: dict[str, Fact] = dict(plan.facts)
        self.values: dict[str, Expression | Raw] = {}
        self.columns: dict[str, str] = {}  # input column: name in the text
        self.start: dict[str, str] = {}
        self.body: list[str] = []
        self.ends: list[str] = []
        self.kept: set[str] = set()  # names that `ends` change
        self.constants: list[str] = []
        self.chains: dict[tuple[str, Number], list[str]] = {}
        self.late: list[tuple[str, str, str]] = []
        self.totals: dict[tuple[str, str | None], str] = {}
        self.windows: dict[tuple[str, str | None, int], str] = {}
        self._taken = {*RESERVED, *(a.name for a in plan.program)}
        positions = {a.name: a.node.start for a in plan.program if isinstance(a.node, Position) and plan.uses[a.name]}
        self.index, self.index_start = next(iter(positions.items()), ("", 1))
        self.index = self.index or self.free("t")
        self.known[self.index] = Fact(self.index_start, INF, True)

    def free(self, name: str) -> str:
        """A new name."""
        base, count = name, 1
        while name in self._taken:
            count += 1
            name = f"{base}_{count}"
        self._taken.add(name)
        return name

    def local(self, name: str, start: Number | str, fact: Fact) -> str:
        """A new variable with its value before the first step."""
        name = self.free(name)
        self.begin(name, start)
        self.known[name] = fact
        return name

    def begin(self, name: str, start: Number | str) -> None:
        """The value of a variable before the first step."""
        self.start[name] = start if isinstance(start, str) else text.constant(start)[0]

    def step(self, start: int) -> Expression:
        """The number of this step, counted from `start`."""
        offset = start - self.index_start
        return Var(self.index) if not offset else Apply("+", (Var(self.index), Const(offset)))

    def expression(self, expression: Expression) -> Expression:
        """An expression over variables as one over what stands for them in the text."""
        return substitute(expression, self.values)  # pyright: ignore[reportArgumentType]

    def value(self, name: str) -> str:
        """Text of a variable's value."""
        return text.value(self.values[name], self.known)

    def condition(self, *tests: Expression | Raw) -> str:
        """Text that is true where all the tests are not 0."""
        return text.condition(tests[0] if len(tests) == 1 else Apply("and", tests), self.known)  # type: ignore[arg-type]

    def bind(self, name: str, expression: Expression | Raw) -> None:
        """A variable is this expression: written where it is read, or a statement of its own."""
        if self.plan.inlined(name):
            self.values[name] = expression
            return
        parts = text.terms(expression, self.known)
        tested = self.plan.only_tested(name) and text.is_condition(expression)
        if tested:
            parts = [text.condition(expression, self.known)]
        elif not isinstance(expression, Apply) or expression.op not in ("+", "-") or text.is_condition(expression):
            parts = [text.value(expression, self.known)]
        before = f"{name} = "
        match expression:
            case Apply("+" | "-" as op, (Var(first), other)) if first == name:
                before, parts = f"{name} {op}= ", [text.value(other, self.known)]
        self._add(wrapped(BODY, before, parts), reads(self.plan.program[name]))
        self.values[name] = Raw(name, TRUTH, condition=True) if tested else Var(name)

    def state(self, name: str, statement: str, tests: list[Expression | Raw], *names: str | None) -> None:
        """A statement that changes what is remembered, where all the tests hold; it reads these variables."""
        lines = [f"{' ' * BODY}{statement}"]
        if tests:
            lines = [f"{' ' * BODY}if {self.condition(*tests)}:", "    " + lines[0]]
        self._add([line if fits(line) else settled(line) for line in lines], [n for n in names if n is not None])

    def _add(self, lines: list[str], names: Iterable[str]) -> None:
        if len(lines) > 2 or not all(map(fits, lines)):
            self.shorten(names)
        self.body += lines

    def shorten(self, names: Iterable[str], all_of_them: bool = False) -> None:
        """Ask for a line of its own for the longest text among those of these variables, if there is one."""
        inlined = dict.fromkeys(self._inlined(names))
        if inlined:
            longest = max(inlined, key=lambda n: (len(self.value(n)), n))
            raise TooLong(*(set(names) & set(inlined) or {longest} if all_of_them else {longest}))

    def _inlined(self, names: Iterable[str]) -> Iterator[str]:
        for name in names:
            node = self.plan.program[name]
            if name in self.plan.places and self.plan.inlined(name) and isinstance(node, Formula | Lookup | Running):
                if not isinstance(node, Formula) or isinstance(node.expression, Apply):
                    yield name
                if isinstance(node, Formula | Lookup):
                    yield from self._inlined(reads(node))

    def finish(self) -> list[str]:
        """All lines of `run`."""
        program = self.plan.program
        results = [self.value(name) for name in program.results]
        told = results[0] if len(results) == 1 else f"[{', '.join(results)}]"
        if not fits(f"        outputs.append({told})"):
            self.shorten(program.results, all_of_them=True)
        if program.last:
            return self._finish_last(told)
        if not (self.body or self.start or self.ends):
            line = f"    return [{told} for {self._walk([told])}]"
            if fits(line):
                return [line]
        loop = [*self.body, settled(f"        outputs.append({told})"), *self.ends]
        return [
            *self._begin(["    outputs = []"]),
            settled(f"    for {self._walk(loop)}:"),
            *loop,
            "    return outputs",
        ]

    def _begin(self, lines: list[str]) -> list[str]:
        return [*lines, *initial(self.start)]

    def _finish_last(self, told: str) -> list[str]:
        loop = [*self.body, *self.ends]
        if self.kept & set(re.findall(r"\w+", told)):
            name = self.free("output")
            loop = [*self.body, settled(f"        {name} = {told}"), *self.ends]
            told = name
        walk = self._walk([*loop, told], ", 1")
        return [
            *self._begin([]),
            settled(f"    for {walk}:"),
            *(loop or ["        pass"]),
            settled(f"    return {told}"),
        ]

    def _walk(self, lines: list[str], least: str = "") -> str:
        """`x in read(sequence)`, with the number of the step if a line needs it."""
        words = {word for line in lines for word in re.findall(r"\w+", line)}
        names = [self.columns.get(column, "_") for column in self.plan.program.inputs]
        names = [name if name in words else "_" for name in names]
        target = "_" if set(names) == {"_"} else ", ".join(names)
        if self.index not in words:
            return f"{target} in read(sequence{least})"
        target = f"({target})" if "," in target else target
        start = f", {self.index_start}" if self.index_start else ""
        return f"{self.index}, {target} in enumerate(read(sequence{least}){start})"
