"""From a searched model to the IR: one or two assignments per gene, then the readout."""

from __future__ import annotations

from string import ascii_lowercase

from pellucid.data.vocab import Vocab
from pellucid.program.formula import Apply, Const, Var
from pellucid.program.ir import (
    Aggregate,
    Assign,
    Formula,
    Input,
    Lookup,
    Node,
    Program,
    Rule,
    Rules,
    Scan,
    Select,
    Test,
)
from pellucid.program.nodes import PREVIOUS as STATE
from pellucid.program.predicates import Compare, Value
from pellucid.search.columns import NONE
from pellucid.search.engine import PREVIOUS
from pellucid.search.genes import ARITHMETIC, Choose, Gene, Head, Member, Unit, reads
from pellucid.search.kinds import kinds_of
from pellucid.search.model import Cells, Model
from pellucid.search.readouts import NOTHING, Copy, Switch

ORDER = {"<e": "<", ">e": ">"}


def decode(model: Model, vocab: Vocab) -> Program:
    """The program without markers that computes what the model computes.

    Args:
        model: a searched model whose symbol and label codes are those of `vocab`.
        vocab: the user's tokens and labels.
    """
    return _Decoder(model, vocab).program()


class _Decoder:
    """Names of the variables by number, and the assignments so far."""

    def __init__(self, model: Model, vocab: Vocab) -> None:
        self.model, self.vocab = model, vocab
        self.assignments: list[Assign] = []
        self.kinds = kinds_of(model)
        self.final = _final(model)
        self.nothing = _free(NOTHING, (*vocab.tokens, *vocab.labels))
        self.start = _free("start", (*vocab.tokens, *vocab.labels, self.nothing))
        base = ["tokens", "positions", *["length"] * model.base.length, *["tokens"] * model.base.value]
        self.names = dict(enumerate(base))
        for which in ("tokens", "positions", "length", "ones"):
            self.add(which, Input(which))

    def add(self, name: str, node: Node) -> str:
        self.assignments.append(Assign(name, node))
        return name

    def program(self) -> Program:
        """Genes, stages, readout; what is not needed is dropped by the passes."""
        for number, gene in enumerate(self.model.genes, self.model.base.count):
            self.names[number] = self._gene(gene, f"variable_{number}")
        for number, stage in enumerate(self.model.stages, self.model.first_stage):
            self.names[number] = self.add(f"variable_{number}", self._lookup(stage, _group))
            self.kinds[number] = "group"
        output = self._readout()
        return Program(self.vocab, tuple(self.assignments), output, markers=False)

    # ------------------------------------------------------------ genes

    def _gene(self, gene: Gene, name: str) -> str:
        match gene:
            case Head():
                return self._head(gene, name)
            case Unit():
                return self.add(name, self._unit(gene))
            case Member(variable, among, signed):
                values = tuple(self.vocab.tokens[code] for code in sorted(among) if code < len(self.vocab.tokens))
                return self.add(name, _if(Test(self.names[variable], "in", values), 1, -1 if signed else 0))
            case Choose(flag, then, otherwise):
                test = Test(self.names[flag], "==", (1,))
                return self.add(name, _if(test, Var(self.names[then]), Var(self.names[otherwise])))

    def _head(self, head: Head, name: str) -> str:
        if head.predicate == "true":
            query = key = "ones"
            predicate = Compare("==")
        else:
            query, key = self.names[head.query], self.names[head.key]
            predicate = Compare(ORDER.get(head.predicate, head.predicate))  # pyright: ignore[reportArgumentType]
        ties = "earlier" if head.predicate in ORDER else "none"
        mask = None if head.mask is None else self.names[head.mask]
        select = Select(query, key, predicate, "all", head.reach, mask, head.negated, ties)
        selector = self.add(f"where_{name}", select)
        if head.how in ("count", "any"):
            return self.add(name, Aggregate(selector, head.how))
        return self.add(name, Aggregate(selector, head.how, self.names[head.value], self._default(head)))

    def _default(self, head: Head) -> Value | None:
        """What a head gives where it picks nothing: where only the output reads it, the label for that."""
        if head.how == "sum":
            return None
        if self.kinds[head.value] != "token":
            return NONE
        return self.nothing if self.final is not head else self._label(self.model.readout.nothing)  # pyright: ignore[reportAttributeAccessIssue, reportArgumentType]

    def _unit(self, unit: Unit) -> Node:
        left = self.names[unit.left]
        right = None if unit.right is None else self.names[unit.right]
        if unit.op in ARITHMETIC:
            other = Const(unit.constant) if right is None else Var(right)
            return Formula(Apply(unit.op, Var(left), other))  # pyright: ignore[reportArgumentType]
        if unit.op in ("and", "or", "and not"):
            assert right is not None
            if unit.op == "or":
                return Rules((Rule((Test(left, "==", (1,)),), 1), Rule((Test(right, "==", (1,)),), 1)), 0)
            second = Test(right, "==", (1 if unit.op == "and" else 0,))
            return Rules((Rule((Test(left, "==", (1,)), second), 1),), 0)
        if right is None:
            return _if(Test(left, unit.op, (self._constant(unit),)), 1, 0)  # pyright: ignore[reportArgumentType]
        return _if(Test(left, unit.op, (), right), 1, 0)  # pyright: ignore[reportArgumentType]

    def _constant(self, unit: Unit) -> Value:
        return unit.constant

    # ------------------------------------------------------------ readout

    def _label(self, code: int) -> Value:
        return self.model.alphabet.value(code, self.vocab.tokens, self.vocab.labels)

    def _lookup(self, cells: Cells, outcome) -> Lookup:
        names = tuple(STATE if v == PREVIOUS else self.names[v] for v in cells.variables)
        cases = []
        for codes, out in zip(cells.codes.tolist(), cells.outcomes.tolist(), strict=True):
            key = tuple(self._value(v, code) for v, code in zip(cells.variables, codes, strict=True))
            cases.append((key, outcome(out)))
        return Lookup(names, tuple(cases), outcome(cells.default))

    def _value(self, variable: int, code: int) -> Value:
        """What a code of a variable stands for."""
        if variable == PREVIOUS:
            return self.start if code == self.model.alphabet.start else self._label(code)
        if self.kinds[variable] == "token":
            return self.vocab.tokens[code] if code < len(self.vocab.tokens) else self.nothing
        return _group(code) if self.kinds[variable] == "group" else code

    def _readout(self) -> str:
        readout = self.model.readout
        match readout:
            case Copy():
                return self._copy(readout)
            case Cells():
                step: Lookup | Rules = self._lookup(readout, self._label)
            case Switch(by, cases):
                step = self._switch(by, cases)
        if not self.model.recurrent:
            return self.add("output", step)
        return self.add("output", Scan(self._value(PREVIOUS, self.model.initial), step))

    def _copy(self, copy: Copy) -> str:
        name = self.names[copy.variable]
        if copy.offset:
            return self.add("output", Formula(Apply("+", Var(name), Const(copy.offset))))
        if copy.kind == "token" and copy.nothing is not None and self.final is None:
            return self.add("output", _if(Test(name, "==", (self.nothing,)), self._label(copy.nothing), Var(name)))
        return name

    def _switch(self, by: int, cases: tuple) -> Rules:
        """One rule per value; the last case stands for every other value."""
        rules = []
        for value, case in cases:
            outcome = Var(self._copy_of(case)) if isinstance(case, Copy) else self._label(case)
            rules.append((value, outcome))
        name = STATE if by == PREVIOUS else self.names[by]
        tests = [Rule((Test(name, "==", (self._value(by, value),)),), outcome) for value, outcome in rules[:-1]]
        return Rules(tuple(tests), rules[-1][1])

    def _copy_of(self, copy: Copy) -> str:
        """Name of a variable that is a copied one as the readout sees it."""
        name = self.names[copy.variable]
        changed = f"copied_{copy.variable}"
        if any(a.name == changed for a in self.assignments):
            return changed
        if copy.offset:
            return self.add(changed, Formula(Apply("+", Var(name), Const(copy.offset))))
        if copy.kind == "token" and copy.nothing is not None:
            test = Test(name, "==", (self.nothing,))
            return self.add(changed, _if(test, self._label(copy.nothing), Var(name)))
        return name


def _final(model: Model) -> Head | None:
    """The head that the output is a copy of, where nothing else reads it and it may pick nothing."""
    copy, slot = model.readout, -1
    if isinstance(copy, Copy) and copy.nothing is not None:
        slot = copy.variable - model.base.count
    if slot < 0 or any(copy.variable in reads(gene) for gene in model.genes):  # pyright: ignore[reportAttributeAccessIssue]
        return None
    gene = model.genes[slot]
    return gene if isinstance(gene, Head) else None


def _group(code: int) -> str:
    """Name of an outcome of a table in between: a, b, ..., z, a1, ...; text, so that nothing is computed from it."""
    return ascii_lowercase[code % 26] + (str(code // 26) if code >= 26 else "")


def _if(test: Test, then: Value | Var, otherwise: Value | Var) -> Rules:
    return Rules((Rule((test,), then),), otherwise)


def _free(name: str, taken: tuple) -> str:
    while name in taken:
        name += "_"
    return name
