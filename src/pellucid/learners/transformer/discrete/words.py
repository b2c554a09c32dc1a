"""Expressions in words, for reports."""

from __future__ import annotations

from pellucid.program.numeric import Apply, Const, Expression, Var

INFIX = {"+", "-", "*", "/", "//", "%", "==", "!=", "<", "<=", ">", ">=", "and", "or"}


def to_text(expression: Expression) -> str:
    """Infix where a person would write it so."""
    match expression:
        case Var(name):
            return name
        case Const(value):
            return str(value)
        case Apply("neg", (arg,)):
            return f"-{_bracketed(arg)}"
        case Apply("square", (arg,)):
            return f"{_bracketed(arg)}**2"
        case Apply(op, args) if op in INFIX:
            return f" {op} ".join(map(_bracketed, args))
        case Apply(op, args):
            return f"{op}({', '.join(map(to_text, args))})"
    raise TypeError(f"not an expression: {expression!r}")


def _bracketed(expression: Expression) -> str:
    text = to_text(expression)
    return f"({text})" if isinstance(expression, Apply) and expression.op in INFIX else text
