"""Programs from a table of one's own, and what the inductive bias does to them.

    python examples/own_table.py [FOLDER]

Makes a small CSV file (a room that is heated, a step a row), learns a program for its last column, and uses it. Then
the two demonstrations of the Discrete Transformer's paper: the same data explained in another way because something may
not be used.
"""

from __future__ import annotations

import csv
import random
import sys
import tempfile
from pathlib import Path

import pellucid


def heated_room(path: Path, days: int = 60, hours: int = 24) -> None:
    """A table with the columns sequence, outside, heating (0 or 1) and room, in degrees."""
    rng = random.Random(0)
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["sequence", "outside", "heating", "room"])
        for day in range(days):
            room = 15.0
            for _ in range(hours):
                outside, heating = round(rng.uniform(-10, 15), 1), rng.randint(0, 1)
                room += 0.08 * (outside - room) + 2.5 * heating
                table.writerow([day, outside, heating, room])


def body(learned: pellucid.Learned) -> str:
    """The text of `run`, without the helpers around it."""
    source = learned.source or ""
    text = source[source.index("def run(") :]
    return text[: text.index("\n\n\n")]


def main(place: Path) -> None:
    """Learn three times; print what was found."""
    heated_room(place / "room.csv")
    room = pellucid.learn(place / "room.csv", budget=60)
    print("The room, from its table:", "exact" if room.exact else "not exact")
    print(body(room))
    print("A cold hour without heating, then one with it:", room.run([[-5.0, 0], [-5.0, 1]]))

    print("\nThe larger of the last two inputs, with no arithmetic allowed (units=0): a window instead of a comparison")
    print(body(pellucid.learn("mips/maximum_prev2", model="search", budget=60, bias=pellucid.Bias(units=0))))

    print("\nA mass on a spring, with the last two outputs masked: the law three steps back")
    mask = pellucid.Bias(mask=frozenset({"y[t-1]", "y[t-2]"}))
    print(body(pellucid.learn("mips/newton_spring", model="search", budget=60, bias=mask)))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]))
    else:
        with tempfile.TemporaryDirectory() as scratch:
            main(Path(scratch))
