"""Aggregates kept up to date step by step: of all steps so far, or of the last ones."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from pellucid.emit import tree
from pellucid.emit.expressions import Scope, exact, raw, truth_kind, typed, value
from pellucid.emit.lists import HERE
from pellucid.emit.tree import (
    Code,
    Line,
    assign,
    call,
    compared,
    conditional,
    display,
    index,
    method,
    name,
    negated,
    plus,
)
from pellucid.language.aggregates import AGGREGATES, ratio
from pellucid.language.expressions import Const
from pellucid.language.forms import COMPARISON, PRODUCT, SIGN, Form
from pellucid.language.nodes import Aggregate, key_names

NONE = Code("None")


class Steps(Scope):
    """A loop, as an aggregate sees it."""

    body: list[Line]
    start: dict[str, Code]
    exported: frozenset[str]
    values: dict[str, Code]

    @abstractmethod
    def local(self, base: str, start: Code) -> Code:
        """A new variable with its value before the first step."""

    @abstractmethod
    def bind(self, variable: str, code: Code) -> None:
        """A variable is this expression."""

    @abstractmethod
    def end(self, names: Sequence[str], lines: list[Line]) -> None:
        """Statements at the end of the step that change these variables."""


@dataclass
class Keys(Scope):
    """The scope of a match over keys alone: each step is one."""

    steps: Steps
    key: dict[str, str]

    def __post_init__(self) -> None:
        self.writer, self.owner = self.steps.writer, self.steps.owner

    def code(self, variable: str) -> Code:
        """What a value is called."""
        return self.steps.code(self.key[variable])

    def origin(self, variable: str) -> str:
        """The variable that a value is of."""
        return self.key[variable]


@dataclass
class Running:
    """One aggregate in a loop."""

    steps: Steps
    variable: str
    node: Aggregate

    def write(self) -> None:
        """The statements that keep it up to date; what it is called is noted."""
        if self.node.select.window is not None:
            self._windowed()
        elif self.node.how == "count" and not self.tests:
            self.steps.bind(self.variable, HERE if self.before else plus(HERE, 1))
        else:
            getattr(self, f"_{self.node.how}")()

    @property
    def before(self) -> bool:
        """Whether this step itself is not among those looked at."""
        return self.node.select.reach == "before"

    @cached_property
    def value(self) -> Code:
        """The value at this step."""
        assert self.node.value is not None
        return self.steps.code(self.node.value)

    @cached_property
    def tests(self) -> list[Code]:
        """What decides whether this step counts."""
        select, steps, found = self.node.select, self.steps, []
        if select.match is not None:
            key = dict(zip(key_names(len(select.key)), select.key, strict=True))
            keys = Keys(steps, key)
            test = raw(select.match, keys)
            found.append(replace(test, kind=truth_kind(test, typed(select.match, keys))))
        if select.mask is not None:
            mask = steps.code(select.mask)
            mask = replace(mask, kind=truth_kind(mask, steps.type(select.mask)))
            found.append(negated(mask) if select.negated else mask)
        by = self.node.by if AGGREGATES[self.node.how].by == "key" else None
        for read in (self.node.value, by):
            if read is not None and steps.type(read).nothing:
                found.append(tree.there(steps.code(read)))
        return found

    @property
    def surely(self) -> bool:
        """Whether there is always a value: then the default is never needed."""
        return not self.tests and not self.before

    @property
    def default(self) -> Code:
        """What there is where no step counts."""
        return value(self.node.default, self.steps)

    # ---------------------------------------------------------------- state

    def state(self, start: Code, base: str = "") -> Code:
        """A variable that holds the result so far: called as the aggregate itself, unless that is a list."""
        if not base and self.variable not in self.steps.exported:
            self.steps.start[self.variable] = start
            return name(self.variable)
        return self.steps.local(base or f"this_{self.variable}", start)

    def update(self, changed: Sequence[Code], lines: Sequence[Line], tests: Sequence[Code] | None = None) -> None:
        """Statements that bring the state up to date, where this step counts; after all else if it comes too late."""
        tests = self.tests if tests is None else tests
        block = [tree.when(tree.both(tests), [*lines])] if tests else [*lines]
        if self.before:
            self.steps.end([str(code.doc) for code in changed], block)
        else:
            self.steps.body += block

    def known(self, code: Code) -> None:
        """What the aggregate is called from here on."""
        if isinstance(code.doc, str):
            self.steps.values[self.variable] = code
        else:
            self.steps.bind(self.variable, code)

    def _or_default(self, code: Code, some: Code) -> None:
        self.known(code if self.surely else conditional(code, some, self.default))

    def _has(self, start: object) -> bool:
        """Whether the default is what the state starts with."""
        return self.surely or self.node.default == Const(start)  # type: ignore[arg-type]

    def _count(self) -> None:
        total = self.state(Code("0"))
        self._add(total, Code("1"))
        self.known(total)

    def _add(self, total: Code, added: Code) -> None:
        tests = self.tests
        if added.doc == "1" and tests and all(test.kind == "truth" for test in tests):
            tests, added = [], tree.both(tests)
        self.update([total], [Line(f"{total.doc} += ", added, names=total.names)], tests)

    def _any(self) -> None:
        seen = self.state(Code("0"))
        tests = self.tests
        if tests and all(test.kind == "truth" for test in tests):
            self.update([seen], [Line(f"{seen.doc} |= ", tree.both(tests), names=seen.names)], [])
        else:
            self.update([seen], [assign(str(seen.doc), Code("1"))])
        self.known(seen)

    def _sum(self) -> None:
        total = self.state(Code("0"))
        added = self.value if self.value.kind == "truth" else exact(self.value)
        self._add(total, added)
        if self._has(0):
            self.known(total)
        else:
            self._or_default(total, self._counted())

    def _counted(self) -> Code:
        """How many steps counted."""
        if not self.tests:
            return HERE if self.before else plus(HERE, 1)
        count = self.steps.local("count", Code("0"))
        self._add(count, Code("1"))
        return count

    def _mean(self) -> None:
        total = self.state(Code("0"), "total")
        self._add(total, self.value if self.value.kind == "truth" else exact(self.value))
        count = self._counted()
        numbers = self.steps.type(self.node.value or "").numbers
        if numbers is not None and numbers.whole and not numbers.is_bounded:
            mean = call(self.steps.writer.paste(ratio), total, count)
        else:
            mean = tree.formed(Form("{0} / {1}", PRODUCT, (PRODUCT, SIGN)), [total, count])
        self._or_default(mean, count)

    def _extreme(self, worst: str) -> None:
        how, numbers = self.node.how, self.steps.type(self.node.value or "").numbers
        number = exact(self.value)
        sure = numbers is not None and numbers.whole and not self.steps.type(self.node.value or "").texts
        if self.surely and sure:
            best = self.state(Code(worst, SIGN if worst[0] == "-" else tree.ATOM, frozenset({"math"})))
            self.update([best], [assign(str(best.doc), call(how, best, number))])
            self.known(best)
            return
        best = self.state(NONE, "" if self.node.default == Const(None) or self.surely else self._named(how))
        first = compared(best, "is", NONE)
        self.update([best], [assign(str(best.doc), conditional(number, first, call(how, best, number)))])
        self._unless_none(best)

    def _named(self, how: str) -> str:
        return f"{ {'min': 'smallest', 'max': 'largest'}.get(how, how) }_{self.node.value}"

    def _unless_none(self, best: Code) -> None:
        if self.surely or self.node.default == Const(None):
            self.known(best)
        else:
            self.known(conditional(self.default, compared(best, "is", NONE), best))

    def _min(self) -> None:
        self._extreme("math.inf")

    def _max(self) -> None:
        self._extreme("-math.inf")

    def _first(self) -> None:
        plain = self.surely or self.node.default == Const(None)
        first = self.state(NONE, "" if plain else f"first_{self.node.value}")
        self.update([first], [assign(str(first.doc), exact(self.value))], [compared(first, "is", NONE), *self.tests])
        self._unless_none(first)

    def _last(self) -> None:
        if self.surely:
            self.steps.bind(self.variable, self.value)
            return
        if isinstance(self.node.default, Const):
            last = self.state(self.default)
            self.update([last], [assign(str(last.doc), exact(self.value))])
            self.known(last)
            return
        last = self.state(NONE, f"last_{self.node.value}")
        self.update([last], [assign(str(last.doc), exact(self.value))])
        self._unless_none(last)

    def _mode(self) -> None:
        counts = self.steps.local("counts", call("Counter"))
        plain = isinstance(self.node.default, Const)
        best = self.state(self.default if plain else NONE, "" if plain else f"most_{self.node.value}")
        number = exact(self.value)
        key = Code(("lambda value: (-", counts.doc, "[value], value)"), tree.CONDITION, counts.names)
        line = assign(str(best.doc), call("min", best, number, keyword=("key", key)))
        self.update([counts, best], [Line("", index(counts, number), " += 1"), line])
        self.known(best) if plain else self._unless_none(best)

    def _argmax(self) -> None:
        self._best(">")

    def _argmin(self) -> None:
        self._best("<")

    def _best(self, sign: str) -> None:
        assert self.node.by is not None
        key, what = exact(self.steps.code(self.node.by)), "largest" if sign == ">" else "smallest"
        plain = isinstance(self.node.default, Const)
        best = self.steps.local(f"{what}_{self.node.by}", NONE)
        found = self.state(self.default if plain else NONE, "" if plain else f"at_{what}")
        better = tree.formed(
            Form("{0} is None or {1} " + sign + " {0}", 1, (COMPARISON + 1, COMPARISON + 1)), [best, key]
        )
        pair = replace(display("(", [key, exact(self.value)], ")"))
        line = Line(f"{best.doc}, {found.doc} = ", replace(pair, doc=(key.at(0), ", ", exact(self.value).at(0))))
        self.update([best, found], [line], [*self.tests, better])
        self.known(found) if plain else self._unless_none_of(found, best)

    def _unless_none_of(self, found: Code, best: Code) -> None:
        self.known(found if self.surely else conditional(self.default, compared(best, "is", NONE), found))

    def _distinct(self) -> None:
        seen = self.steps.local("seen", call("set"))
        self.update([seen], [Line("", method(seen, "add", exact(self.value)))])
        count = call("len", seen)
        self.known(count) if self._has(0) else self._or_default(count, seen)

    # ---------------------------------------------------------------- the last steps alone

    def _windowed(self) -> None:
        """A deque holds the last values, nothing for a step that does not count."""
        row, steps, node = AGGREGATES[self.node.how], self.steps, self.node
        window = (node.select.window or 0) - self.before
        if window < 1:
            steps.bind(self.variable, self.default if row.reads else Code("0"))
            return
        recent = steps.local(f"last_{window}", call("deque", keyword=("maxlen", Code(str(window)))))
        self.update([recent], [Line("", method(recent, "append", self._item()))], [])
        if not row.reads:
            counted = call("sum", recent) if node.how == "count" else call("any", recent)
            steps.bind(self.variable, counted if node.how == "count" else replace(counted, kind="truth"))
            return
        kept = recent
        if self.tests:
            v = steps.writer.letter("v")
            kept = tree.comprehension("[", v, v, recent, [tree.there(v)], "]")
        steps.bind(self.variable, self._reduced(kept))

    def _item(self) -> Code:
        row = AGGREGATES[self.node.how]
        item = Code("1") if self.node.value is None else exact(self.value)
        if row.by == "key":
            assert self.node.by is not None
            item = display("(", [exact(self.steps.code(self.node.by)), item], ")")
        if not self.tests:
            return item
        test = tree.both(self.tests)
        if not row.reads:
            return test if test.kind == "truth" else conditional(item, test, Code("0"))
        return conditional(item, test, NONE)

    def _reduced(self, kept: Code) -> Code:
        row, writer = AGGREGATES[self.node.how], self.steps.writer
        if self.node.how in ("first", "last"):
            if self.surely:
                return index(kept, Code("0" if self.node.how == "first" else "-1"))
            ordered = kept if self.node.how == "first" else call("reversed", kept)
            return call("next", call("iter", ordered), self.default)
        numbers = self.steps.type(self.node.value or "").numbers
        built_in = row.python is not None and not (row.pasted and numbers is not None and not numbers.whole)
        function = name(row.python) if built_in and row.python else writer.paste(row.pasted)  # type: ignore[arg-type]
        if self.surely or (self.node.how == "sum" and self.default.doc == "0"):
            return call(function, kept)
        if built_in and row.defaults:
            return call(function, kept, keyword=("default", self.default))
        return call(writer.helper("some"), function, kept, self.default)
