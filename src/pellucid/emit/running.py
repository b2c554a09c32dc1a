"""Aggregates kept up to date step by step: of all steps so far, or of the last ones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from pellucid.emit import tree
from pellucid.emit.attention import Head
from pellucid.emit.expressions import exact
from pellucid.emit.lists import HERE, Sweep, targets
from pellucid.emit.tree import Code, Line, assign, call, compared, conditional, display, index, method, name, plus
from pellucid.language.aggregates import AGGREGATES, ratio
from pellucid.language.expressions import Const
from pellucid.language.forms import COMPARISON, OR, PRODUCT, SIGN, Form
from pellucid.language.nodes import Aggregate

NONE = Code("None")


@dataclass(kw_only=True)
class Steps(Sweep):
    """What a loop is made of as it comes together.

    exported: variables that are needed as lists. ends: statements at the end of a step, with the variables they change.
    in_place: names that hold the value of the step before until they change.
    """

    exported: frozenset[str]
    start: dict[str, Code] = field(default_factory=dict)
    body: list[Line] = field(default_factory=list)
    ends: list[tuple[list[str], list[Line]]] = field(default_factory=list)
    values: dict[str, Code] = field(default_factory=dict)
    in_place: set[str] = field(default_factory=set)

    def code(self, variable: str, letter: str = "") -> Code:
        """What a variable is called in the loop."""
        return self.values[variable] if variable in self.values else super().code(variable, letter)

    def named(self, variable: str, letter: str) -> Code:
        """A name for one value of a list."""
        one = self.writer.one(variable)
        own = one != variable or self.lists.is_own_name(variable)
        return name(one if own else self.writer.free(f"this_{variable}"))

    def local(self, base: str, start: Code) -> Code:
        """A new variable with its value before the first step."""
        called = self.writer.free(base)
        self.start[called] = start
        return name(called)

    def bind(self, variable: str, code: Code) -> None:
        """A variable is this expression: a statement of its own, or written where it is read once."""
        loose = code.kind == "truth" and self.plan.is_loose(variable)
        code = code if loose else exact(code)
        uses = self.plan.uses[variable]
        once = code.simple or (len(uses) == 1 and not uses[0].twice)
        stays = not any(use.how == "before" for use in uses) and not code.names & self.in_place
        if once and stays and variable not in self.exported:
            self.values[variable] = code
            return
        called = self.writer.free(f"this_{variable}") if variable in self.exported else variable
        self.body.append(assign(called, code))
        self.values[variable] = replace(name(called), kind="truth" if loose else "value")

    def end(self, names: Iterable[str], lines: list[Line]) -> None:
        """Statements at the end of the step that change these variables."""
        self.ends.append(([*names], lines))


@dataclass
class Running:
    """One aggregate in a loop, whose keys are the steps."""

    steps: Steps
    variable: str
    node: Aggregate

    def __post_init__(self) -> None:
        self.head = Head(self.steps.lists, self.node, self.steps, HERE)
        self.tests = self.head.tests(self.steps)
        self.before = self.node.select.reach == "before"  # this step itself is not among those looked at
        self.default = self.head.default

    def write(self) -> None:
        """The statements that keep it up to date; what it is called is noted."""
        how = self.node.how
        if self.node.select.window is not None:
            self._windowed()
        elif how in ("count", "sum", "mean"):
            self._total(how)
        elif how in ("min", "max"):
            self._extreme("math.inf" if how == "min" else "-math.inf")
        elif how in ("argmax", "argmin"):
            self._best(">" if how == "argmax" else "<")
        else:
            {"any": self._any, "first": self._first, "last": self._last, "mode": self._mode}.get(how, self._distinct)()

    @property
    def value(self) -> Code:
        """The value at this step."""
        return exact(self.steps.code(self.head.value))

    @property
    def flag(self) -> Code | None:
        """Whether this step counts, where there is a question and its text is good as 0 or 1."""
        test = tree.both(self.tests) if self.tests else None
        return test if test is not None and test.kind == "truth" else None

    @property
    def surely(self) -> bool:
        """Whether there is always a value: then the default is never needed."""
        return not self.tests and not self.before

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

    def hold(self, base: str, told: bool = True) -> Code:
        """The state; it begins as the default, as nothing where that is not constant or must be `told` from a value."""
        default = self.node.default
        self.unsure = not (self.surely or default == Const(None) or (isinstance(default, Const) and not told))
        start = self.default if isinstance(default, Const) and not told else NONE
        return self.state(start, base if self.unsure else "")

    def finish(self, state: Code, sign: Code | None = None) -> None:
        """The aggregate is this state, the default while `sign` is nothing."""
        empty = compared(state if sign is None else sign, "is", NONE)
        self.known(conditional(self.default, empty, state) if self.unsure else state)

    def _add(self, total: Code, added: Code) -> None:
        tests = self.tests
        if added.doc == "1" and self.flag is not None:
            tests, added = [], self.flag
        self.update([total], [Line(f"{total.doc} += ", added, names=total.names)], tests)

    def _counted(self, base: str = "count") -> Code:
        """How many steps counted."""
        if not self.tests:
            return HERE if self.before else plus(HERE, 1)
        count = self.state(Code("0"), base)
        self._add(count, Code("1"))
        return count

    def _total(self, how: str) -> None:
        if how == "count":
            self.known(self._counted(""))
            return
        total, added = self.state(Code("0"), "total" if how == "mean" else ""), self.steps.code(self.head.value)
        self._add(total, added if added.kind == "truth" else exact(added))
        if how == "sum" and (self.surely or self.node.default == Const(0)):
            self.known(total)
            return
        count, numbers = self._counted(), self.steps.type(self.head.value).numbers
        found = total
        if how == "mean" and numbers is not None and numbers.whole and not numbers.is_bounded:
            found = call(self.steps.writer.paste(ratio), total, count)
        elif how == "mean":
            found = tree.formed(Form("{0} / {1}", PRODUCT, (PRODUCT, SIGN)), [total, count])
        self.known(found if self.surely else conditional(found, count, self.default))

    def _any(self) -> None:
        seen = self.state(Code("0"))
        if self.flag is not None:
            self.update([seen], [Line(f"{seen.doc} |= ", self.flag, names=seen.names)], [])
        else:
            self.update([seen], [assign(str(seen.doc), Code("1"))])
        self.known(seen)

    def _extreme(self, worst: str) -> None:
        how, t = self.node.how, self.steps.type(self.head.value)
        if self.surely and t.is_whole:
            best = self.state(Code(worst, SIGN if worst[0] == "-" else tree.ATOM, frozenset({"math"})))
            self.update([best], [assign(str(best.doc), call(how, best, self.value))])
            self.known(best)
            return
        best = self.hold(f"{'smallest' if how == 'min' else 'largest'}_{self.node.value}")
        chosen = conditional(self.value, compared(best, "is", NONE), call(how, best, self.value))
        self.update([best], [assign(str(best.doc), chosen)])
        self.finish(best)

    def _first(self) -> None:
        first = self.hold(f"first_{self.node.value}")
        self.update([first], [assign(str(first.doc), self.value)], [compared(first, "is", NONE), *self.tests])
        self.finish(first)

    def _last(self) -> None:
        if self.surely:
            self.steps.bind(self.variable, self.value)
        else:
            last = self.hold(f"last_{self.node.value}", told=False)
            self.update([last], [assign(str(last.doc), self.value)])
            self.finish(last)

    def _mode(self) -> None:
        counts, best = self.steps.local("counts", call("Counter")), self.hold(f"most_{self.node.value}", told=False)
        key = Code(("lambda value: (-", counts.doc, "[value], value)"), tree.CONDITION, counts.names)
        line = assign(str(best.doc), call("min", best, self.value, keyword=("key", key)))
        self.update([counts, best], [Line("", index(counts, self.value), " += 1"), line])
        self.finish(best)

    def _best(self, sign: str) -> None:
        assert self.node.by is not None
        key, what = exact(self.steps.code(self.node.by)), "largest" if sign == ">" else "smallest"
        best = self.steps.local(f"{what}_{self.node.by}", NONE)
        found = self.hold(f"at_{what}", told=False)
        better = tree.formed(Form(f"{{0}} is None or {{1}} {sign} {{0}}", OR, (COMPARISON + 1,) * 2), [best, key])
        line = Line(f"{best.doc}, {found.doc} = ", targets([key, self.value]))
        self.update([best, found], [line], [*self.tests, better])
        self.finish(found, best)

    def _distinct(self) -> None:
        seen = self.steps.local("seen", call("set"))
        self.update([seen], [Line("", method(seen, "add", self.value))])
        count = call("len", seen)
        sure = self.surely or self.node.default == Const(0)
        self.known(count if sure else conditional(count, seen, self.default))

    # ---------------------------------------------------------------- the last steps alone

    def _windowed(self) -> None:
        """A deque holds the last values, nothing for a step that does not count."""
        steps, how, window = self.steps, self.node.how, (self.node.select.window or 0) - self.before
        if window < 1:
            steps.bind(self.variable, self.default)
            return
        recent = steps.local(f"last_{window}", call("deque", keyword=("maxlen", Code(str(window)))))
        self.update([recent], [Line("", method(recent, "append", self._item()))], [])
        kept, v = recent, steps.writer.letter("v")
        if self.tests and self.node.value is not None:
            kept = tree.comprehension("[", v, v, recent, [tree.there(v)], "]")
        if how in ("count", "any"):
            found = call("sum", recent) if how == "count" else replace(call("any", recent), kind="truth")
        elif how in ("first", "last") and self.surely:
            found = index(kept, Code("0" if how == "first" else "-1"))
        elif how in ("first", "last"):
            found = call("next", call("iter", kept if how == "first" else call("reversed", kept)), self.default)
        else:
            found = self.head.summary(kept, self.surely)
        steps.bind(self.variable, found)

    def _item(self) -> Code:
        if self.node.value is None and self.flag is not None:
            return self.flag
        item = Code("1") if self.node.value is None else self.value
        if AGGREGATES[self.node.how].by == "key":
            item = display("(", [exact(self.steps.code(self.node.by or "")), item], ")")
        missing = Code("0") if self.node.value is None else NONE
        return conditional(item, tree.both(self.tests), missing) if self.tests else item
