"""How large an emitted program is."""

from __future__ import annotations

import ast


def ast_nodes(source: str) -> int:
    """Size of an emitted program: nodes of `run` and of the tables it uses, runtime helpers aside."""
    tree = ast.parse(source)
    kept = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "run"]
    used = {node.id for node in ast.walk(kept[0]) if isinstance(node, ast.Name)}
    tables = [
        n
        for n in tree.body
        if isinstance(n, ast.Assign) and isinstance(n.targets[0], ast.Name) and n.targets[0].id in used
    ]
    bodies = [*kept[0].body[_has_docstring(kept[0]) :], *tables]
    return sum(1 for node in bodies for _ in ast.walk(node))


def code_lines(source: str) -> int:
    """Lines of `run` and the constants above it, without blank lines and comments."""
    body = ast.parse(source).body
    last = next(node for node in body if isinstance(node, ast.FunctionDef) and node.name == "run")
    kept = [node for node in body[: body.index(last) + 1] if isinstance(node, ast.Assign | ast.FunctionDef)]
    lines = source.split("\n")
    text = [line.strip() for node in kept for line in lines[node.lineno - 1 : node.end_lineno]]
    return sum(1 for line in text if line and not line.startswith("#"))


def _has_docstring(function: ast.FunctionDef) -> bool:
    return ast.get_docstring(function) is not None
