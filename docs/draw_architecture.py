"""Draws docs/architecture.svg: the packages of Pellucid, and who imports whom, read off the source.

    python docs/draw_architecture.py [--check]

With `--check` nothing is written; exit code 1 where the picture is not what the source says.
"""

from __future__ import annotations

import ast
import sys
from pathlib import Path

SOURCE = Path(__file__).parents[1] / "src" / "pellucid"
PICTURE = Path(__file__).parent / "architecture.svg"
ROWS = (
    ("cli", "estimators"),
    ("learn",),
    ("learners",),
    ("candidates", "artifact", "certificate", "problem"),
    ("verify", "explain", "simplify"),
    ("emit",),
    ("semantics",),
    ("data",),
    ("language",),
)
WIDTH, HEIGHT, GAP = 150, 34, 46


def imports() -> dict[str, set[str]]:
    """For each package or module of the picture, those that it imports."""
    known = {name for row in ROWS for name in row}
    found: dict[str, set[str]] = {name: set() for name in known}
    for path in sorted(SOURCE.rglob("*.py")):
        owner = path.relative_to(SOURCE).parts[0].removesuffix(".py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if owner in known and isinstance(node, ast.ImportFrom) and (node.module or "").startswith("pellucid."):
                other = (node.module or "").split(".")[1]
                if other in known and other != owner:
                    found[owner].add(other)
    return found


def svg() -> str:
    """The picture."""
    place = {}
    wide = max(map(len, ROWS)) * (WIDTH + 40)
    for y, row in enumerate(ROWS):
        left = (wide - len(row) * (WIDTH + 40)) / 2 + 20
        place |= {name: (left + x * (WIDTH + 40), 10 + y * (HEIGHT + GAP)) for x, name in enumerate(row)}
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide:.0f} {len(ROWS) * (HEIGHT + GAP)}" '
        'font-family="sans-serif" font-size="14">'
    ]
    for name, others in sorted(imports().items()):
        x, y = place[name]
        for other in sorted(others):
            a, b = place[other]
            line = f'x1="{x + WIDTH / 2:.0f}" y1="{y + HEIGHT:.0f}" x2="{a + WIDTH / 2:.0f}" y2="{b:.0f}"'
            parts.append(f'<line {line} stroke="#7a8aa0" stroke-opacity="0.45"/>')
    for name, (x, y) in place.items():
        box = f'x="{x:.0f}" y="{y:.0f}" width="{WIDTH}" height="{HEIGHT}"'
        parts.append(f'<rect {box} rx="6" fill="#eef3fa" stroke="#1f6fb4"/>')
        parts.append(f'<text x="{x + WIDTH / 2:.0f}" y="{y + 22:.0f}" text-anchor="middle">{name}</text>')
    return "\n".join([*parts, "</svg>\n"])


if __name__ == "__main__":
    if "--check" in sys.argv:
        sys.exit(PICTURE.read_text(encoding="utf-8") != svg())
    PICTURE.write_text(svg(), encoding="utf-8")
