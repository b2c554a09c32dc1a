"""Laws with cases, a start and thresholds; and what is written when nothing is right."""

import random

import pytest

import pellucid
from pellucid.data import Series


def thermostat(rng, steps):
    on, t, rows = 0, 20.0, []
    for _ in range(steps):
        t = round(t + rng.uniform(-2, 2), 1)
        on = 1 if t < 19 else 0 if t > 21 else on
        rows.append((t, on))
    return rows


def overdraft(rng, steps):
    balance, rows = 1000, []
    for _ in range(steps):
        amount = rng.randint(-400, 400)
        balance += amount
        balance -= 25 * (balance < 0)
        rows.append((amount, balance))
    return rows


def tax(rng, steps):
    incomes = [rng.randint(0, 1000) for _ in range(steps)]
    return [(x, 0 if x <= 100 else (x - 100) * 2 if x <= 500 else 800 + (x - 500) * 4) for x in incomes]


def refilled(rng, steps):
    stock, rows = 100, []
    for _ in range(steps):
        demand = rng.randint(0, 30)
        stock -= demand
        stock = 100 if stock < 20 else stock
        rows.append((demand, stock))
    return rows


LAWS = {"thermostat": thermostat, "overdraft": overdraft, "tax": tax, "refilled": refilled}


def series(law, count=120, steps=25, seed=1) -> Series:
    rng = random.Random(seed)
    rows = [law(rng, steps) for _ in range(count)]
    return Series.of([[x for x, _ in r] for r in rows], [[y for _, y in r] for r in rows])


@pytest.mark.parametrize("name", LAWS)
def test_laws_with_cases_hold_on_fresh_sequences(name: str) -> None:
    learned = pellucid.learn(series(LAWS[name]), model="search", budget=60)
    assert learned.exact
    assert learned.evaluate(series(LAWS[name], steps=80, seed=9))["token"] > 0.99
    assert " if " in learned.source.split("def run")[1].split("\n\n\n")[0]


def test_the_best_of_several_approximations_is_written() -> None:
    rng = random.Random(3)
    inputs = [[rng.randint(0, 99) for _ in range(20)] for _ in range(60)]
    outputs = [[3 * x + rng.randint(-9, 9) for x in row] for row in inputs]
    learned = pellucid.learn(Series.of(inputs, outputs), model="search", budget=3)
    assert not learned.exact
    assert learned.report["accuracy"]["test"]["r2"] > 0.95
