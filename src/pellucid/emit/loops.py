"""One loop over the steps: variables are names in it, state is kept up to date, earlier values wait in others."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from pellucid.emit import tree
from pellucid.emit.attention import Head
from pellucid.emit.expressions import exact, raw, value
from pellucid.emit.listed import Ballot
from pellucid.emit.lists import HERE, targets
from pellucid.emit.running import Running, Steps
from pellucid.emit.tree import Code, Line, assign, call, conditional, display, method, name
from pellucid.emit.writer import constant
from pellucid.language.expressions import Const, Var
from pellucid.language.nodes import Aggregate, Delay, Let, Vote

CHAIN = 3  # lags up to here are plain variables; longer ones a deque, unless every lag is used
LONGEST_CHAIN = 6
OUTPUTS = "outputs"


@dataclass(kw_only=True)
class Loop(Steps):
    """The text of one loop.

    members: its variables. results: what comes out of it; none where that is made later.
    """

    members: tuple[str, ...]
    results: tuple[str, ...]
    lagged: dict[str, Code] = field(default_factory=dict)  # of a delay: what it is called

    # ---------------------------------------------------------------- statements

    def lines(self) -> list[Line]:
        """The loop, with what stands before it and after."""
        lags = self._lags()
        for group in lags:
            self._keep(group)
        for variable in self.members:
            if variable not in self.plan.inlined:
                self._write(variable)
        for group in lags:
            self._pass_on(group)
        after = self._finish()
        block = [*self.body, *self._ordered_ends()]
        target, source = self.clause(frozenset().union(*(line.reads for line in (*block, *after))))
        before = [*self._begin(), *([assign(OUTPUTS, Code("[]"))] if self._appends else [])]
        return [*before, tree.loop(target, source, block or [Line("pass")]), *after]

    @property
    def _appends(self) -> bool:
        return bool(self.results) and self.plan.program.when == "every" and self._listed is None

    @property
    def _listed(self) -> str | None:
        """The one result, where it is a list anyway."""
        return self.results[0] if len(self.results) == 1 and self.results[0] in self.exported else None

    def _finish(self) -> list[Line]:
        if not self.results:
            return []
        if self._listed is not None and self.plan.program.when == "every":
            return [tree.returned(name(self._listed))]
        codes = [exact(self.code(v)) for v in self.results]
        told = codes[0] if len(codes) == 1 else display("[", codes, "]")
        if self.plan.program.when == "every":
            self.body.append(Line("", method(name(OUTPUTS), "append", told)))
            return [tree.returned(name(OUTPUTS))]
        if told.names & {n for names, _ in self.ends for n in names}:
            output = name(self.writer.free("output"))
            self.body.append(assign(str(output.doc), told))
            told = output
        return [tree.returned(told)]

    def _begin(self) -> list[Line]:
        """`a = b = 0`: one line for variables that begin with the same value."""
        lists = [assign(v, Code("[]")) for v in self.members if v in self.exported]
        groups: dict[str, list[str]] = {}
        for called, code in self.start.items():
            shared = isinstance(code.doc, str) and code.doc not in ("[]", "set()")
            groups.setdefault(str(code.doc) if shared else f"{called} ", []).append(called)
        found = []
        for names in groups.values():
            for part in (names[i : i + 4] for i in range(0, len(names), 4)):
                found.append(assign(" = ".join(part), self.start[part[0]]))
        return [*lists, *found]

    def _write(self, variable: str) -> None:
        node = self.plan.program[variable]
        self.owner = variable
        match node:
            case Let(expression):
                self.bind(variable, raw(expression, self))
            case Delay():
                self._delayed(variable, node)
            case Aggregate() if self.plan.is_running(variable):
                Running(self, variable, node).write()
            case Aggregate():
                self.bind(variable, Head(self.lists, node, self, HERE).code())
            case Vote():
                self.bind(variable, Ballot(self.lists, variable, node).here(self.code))
        if variable in self.exported:
            self.body.append(Line("", method(name(variable), "append", exact(self.code(variable)))))

    def _ordered_ends(self) -> list[Line]:
        """What reads a variable comes before what changes it; where that goes round, copies are made first."""
        pending, done, copies = list(self.ends), [], []
        while pending:
            free = [end for end in pending if not any(end is not other and _reads(other, end[0]) for other in pending)]
            if not free:
                plain = next(n for n, (_, lines) in enumerate(pending) if not lines[0].block)
                names, (line, *_) = pending.pop(plain)
                changed = [self.writer.free(f"next_{n}") for n in names]
                copies.append(Line(f"{', '.join(changed)} = ", line.code))
                done.append(Line(f"{', '.join(names)} = {', '.join(changed)}"))
                continue
            done += [line for _, lines in free for line in lines]
            pending = [end for end in pending if end not in free]
        return [*copies, *done]

    # ---------------------------------------------------------------- earlier values

    def _lags(self) -> list[Lags]:
        found: dict[tuple[str, str], Lags] = {}
        for variable in self.members:
            node = self.plan.program[variable]
            if isinstance(node, Delay):
                key = node.variable, repr(node.default)  # tells 0 from 0.0
                lags = found.setdefault(key, Lags(node.variable, node.default))
                lags.readers.setdefault(node.amount, []).append(variable)
        return list(found.values())

    def _keep(self, lags: Lags) -> None:
        """Where earlier values stand before the first step."""
        variable, furthest = lags.variable, max(lags.readers)
        missing = constant(lags.default.value) if isinstance(lags.default, Const) else Code("None")
        if self._in_place(lags):
            self.start[variable] = missing
            self.in_place.add(variable)
            lags.codes[1] = name(variable)
        elif furthest <= CHAIN or (furthest == len(lags.readers) and furthest <= LONGEST_CHAIN):
            for amount in range(1, furthest + 1):
                lags.codes[amount] = lags_name = self._lag(lags, amount)
                self.start[str(lags_name.doc)] = missing
        else:
            size = Code(str(furthest))
            filled = call("deque", tree.copies(missing, size), keyword=("maxlen", size))
            lags.recent = recent = self.local(f"recent_{variable}", filled)
            for amount in lags.readers:
                lags.codes[amount] = tree.index(recent, Code("0" if amount == furthest else f"-{amount}"))
        for amount, readers in lags.readers.items():
            self.lagged |= dict.fromkeys(readers, lags.codes[amount])

    def _lag(self, lags: Lags, amount: int) -> Code:
        """A lag is called as the variable that reads it, if it is one."""
        readers = lags.readers.get(amount, [])
        if len(readers) == 1 and isinstance(lags.default, Const) and readers[0] not in self.exported:
            return name(readers[0])
        base = f"{lags.variable}_before" if amount == 1 else f"{lags.variable}_{amount}_before"
        return name(self.writer.free(base))

    def _in_place(self, lags: Lags) -> bool:
        """Whether the variable itself still holds its previous value wherever that is read."""
        variable, node = lags.variable, self.plan.program[lags.variable]
        if variable not in self.members or variable in self.exported or set(lags.readers) != {1}:
            return False
        counted = isinstance(node, Aggregate) and node.how in ("sum", "count") and node.select.window is None
        counted = counted and lags.default == Const(0) and node.select.reach == "upto"  # type: ignore[union-attr]
        if not (isinstance(node, Let) or counted) or not isinstance(lags.default, Const):
            return False
        place = self.plan.places[variable]
        return all(site <= place for reader in lags.readers[1] for site in self._sites(reader))

    def _sites(self, variable: str) -> Iterator[float]:
        """Places of the statements in which a variable's text ends up."""
        for use in self.plan.uses[variable]:
            node = self.plan.program[use.reader] if use.reader else None
            if use.reader and use.reader in self.plan.inlined:
                yield from self._sites(use.reader)
            elif (
                use.reader not in self.members
                or isinstance(node, Delay)
                or (isinstance(node, Aggregate) and node.select.reach == "before")
            ):
                yield math.inf
            else:
                yield self.plan.places[use.reader]

    def _delayed(self, variable: str, node: Delay) -> None:
        code = self.lagged[variable]
        if isinstance(node.default, Var):
            early = tree.compared(HERE, "<", Code(str(node.amount)))
            code = conditional(value(node.default, self), early, code)
        if variable in self.exported or not code.simple:
            self.bind(variable, code)
        else:
            self.values[variable] = code

    def _pass_on(self, lags: Lags) -> None:
        """What the next step finds of this one."""
        code = exact(self.code(lags.variable))
        names = [str(c.doc) for _, c in sorted(lags.codes.items())]
        if names == [lags.variable]:
            return
        if lags.recent is not None:
            self.end(lags.recent.names, [Line("", method(lags.recent, "append", code))])
            return
        news = [code, *(c for _, c in sorted(lags.codes.items())[:-1])]
        self.end(names, [Line(f"{', '.join(names)} = ", targets([replace(c, doc=c.at(0)) for c in news]))])


@dataclass
class Lags:
    """Earlier values of one variable with one default: how far back, who reads it, and what it is called there."""

    variable: str
    default: Const | Var
    readers: dict[int, list[str]] = field(default_factory=dict)
    codes: dict[int, Code] = field(default_factory=dict)
    recent: Code | None = None  # the deque that holds them


def _reads(end: tuple[list[str], list[Line]], names: Iterable[str]) -> bool:
    """Whether statements read one of these variables."""
    return any(line.reads & {*names} for line in end[1])
