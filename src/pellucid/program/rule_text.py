"""Decision lists as text: a conditional expression where it is short, else a function of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby

from pellucid.program.formula import Var
from pellucid.program.ir import Rule, Rules, Test, reads
from pellucid.program.literals import LINE, literal, one_of, settled
from pellucid.program.names import SINGULAR
from pellucid.program.predicates import Value
from pellucid.program.writer import Writer

SHORT = 2  # rules that a conditional expression may have


@dataclass(frozen=True)
class RuleText:
    """How the rules of one variable are written.

    `called`: the text of each variable at one position; `flags`: those that are 0 or 1 on every input.
    """

    writer: Writer
    name: str
    flags: frozenset[str]
    called: Mapping[str, str]

    def write(self, node: Rules) -> str:
        """Text of the outcome at one position; a function is added to the program where that would be long."""
        node = _without_hidden(node)
        parts = [f"{self._outcome(r.outcome)} if {self._all(r)} else" for r in node.rules[: SHORT + 1]]
        text = " ".join([*parts, self._outcome(node.default)])
        return text if len(node.rules) <= SHORT and len(text) <= LINE - 8 else self._call(node)

    def _call(self, node: Rules) -> str:
        names = reads(node)
        function = self.writer.free(f"{self.name}_rule")
        parameters = _parameters(names)
        inside = RuleText(self.writer, function, self.flags, parameters)
        text = f"def {function}({', '.join(parameters.values())}):"
        self.writer.functions.append("\n".join([settled(text), *inside._body(node)]))
        return f"{function}({', '.join(self.called[name] for name in names)})"

    def _body(self, node: Rules) -> Iterator[str]:
        for outcome, rules in groupby(node.rules, key=lambda rule: rule.outcome):
            told = f"        return {self._outcome(outcome)}"
            for condition in self._joined([self._all(rule, long=True) for rule in rules]):
                yield settled(f"    if {condition}:")
                yield settled(told)
        yield settled(f"    return {self._outcome(node.default)}")

    def _joined(self, conditions: list[str]) -> list[str]:
        """Conditions with the same outcome as one, where that fits on a line."""
        inner = [f"({c})" if " and " in c else c for c in conditions]
        whole = " or ".join(inner)
        return [whole] if len(conditions) > 1 and len(whole) <= LINE - 8 else conditions

    def _outcome(self, outcome: Value | Var) -> str:
        return self.called[outcome.name] if isinstance(outcome, Var) else literal(outcome)

    def _all(self, rule: Rule, long: bool = False) -> str:
        return " and ".join(self._test(test, long) for test in rule.tests)

    def _test(self, test: Test, long: bool) -> str:
        who = self.called[test.variable]
        if test.against is not None:
            return f"{who} {test.op} {self.called[test.against]}"
        if test.op in ("in", "not in"):
            if not test.values:
                return "False" if test.op == "in" else "True"
            if len(test.values) == 1:
                return f"{who} {'==' if test.op == 'in' else '!='} {literal(test.values[0])}"
            listed = self.writer.one_of(f"{self.name.upper()}_{len(test.values)}", test.values) if long else None
            return f"{who} {test.op} {listed or one_of(test.values)}"
        if test.variable in self.flags and test.op in ("==", "!=") and test.values[0] in (0, 1):
            return who if (test.op == "==") == (test.values[0] == 1) else f"not {who}"
        return f"{who} {test.op} {literal(test.values[0])}"


def _without_hidden(node: Rules) -> Rules:
    """Without the rules that a rule without tests hides."""
    for place, rule in enumerate(node.rules):
        if not rule.tests:
            return Rules(node.rules[:place], rule.outcome)
    return node


def _parameters(names: tuple[str, ...]) -> dict[str, str]:
    """Parameters named after the variables: their singular where that tells them apart."""
    singular = {name: SINGULAR.get(name, name) for name in names}
    return singular if len(set(singular.values())) == len(names) else {name: name for name in names}
