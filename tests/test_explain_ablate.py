"""Ablation: variables held at their commonest value; what changes is counted by hand."""

import json
from collections import Counter
from itertools import accumulate

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explain_samples import DYCK, POOLED, PROGRAMS, VOTE, WORDS
from pellucid.errors import PellucidError
from pellucid.explain.ablate import ablate, held, overview, variables
from pellucid.explain.slices import drawn
from pellucid.explain.slices import given as these
from pellucid.language.expressions import Const
from pellucid.language.nodes import Let
from pellucid.semantics.domain import sample
from pellucid.semantics.reference import run


def test_the_commonest_value_is_held():
    scope = drawn(DYCK)
    found = ablate(DYCK, ["depth"], scope)
    depths = Counter(depth for s in scope.inputs for depth in accumulate(1 if t == "(" else -1 for t in s))
    assert depths[-1] == max(depths.values())
    assert found.variables == {"depth": "held at its commonest value, -1"}
    # Where the depth is -1 everywhere, the answer is "F" everywhere.
    assert found.changed == sum(a != "F" for s in scope.inputs for a in run(DYCK, s))
    assert found.answers == sum(map(len, scope.inputs))
    assert found.examples[0] == (["("], ["P"], ["F"])
    assert [len(e[0]) for e in found.examples] == [1, 2, 2]
    labels = {label: (answers, changed, to) for label, answers, changed, to in found.labels}
    assert labels["F"][1:] == (0, None)
    assert labels["P"][0] == labels["P"][1]
    assert labels["P"][2] == "F"
    assert sum(changed for _, _, changed in found.positions) == found.changed
    told = str(found).splitlines()
    assert told[0] == "depth: held at its commonest value, -1."
    assert told[1].startswith("On all 510 inputs of up to 8 positions: ")
    assert [line.split() for line in told if line.startswith("  P ")] == [["P", f"{labels['P'][0]:,}", "100.0%", "F"]]
    assert json.dumps(found.to_json())


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(sorted(PROGRAMS)), st.integers(0, 10**6))
def test_counts_are_those_of_outputs_compared_one_by_one(name, seed):
    made = PROGRAMS[name]
    inputs = sample(made, 15, seed, min(made.longest or 5, 5))
    right = [run(made, s) for s in inputs]
    for variable in variables(made)[-2:]:
        replaced, values = held(made, [variable], inputs)
        assert replaced[variable] == Let(Const(values[variable]))
        after = [run(replaced, s) for s in inputs]
        found = ablate(made, [variable], these(made, inputs, "these", right))
        pairs = [(a, b) for x, y in zip(right, after, strict=True)
                 for a, b in (zip(x, y, strict=True) if made.when == "every" else [(x, y)])]  # fmt: skip
        assert (found.answers, found.changed) == (len(pairs), sum(a != b for a, b in pairs))
        assert found.before["token"] == 1
        assert found.after["token"] == pytest.approx(1 - found.share)


def test_what_is_never_read_does_not_matter_and_the_output_does():
    shares = {name: share for name, _, share in overview(VOTE, drawn(VOTE)).rows}
    assert shares["left"] > 0
    assert 0 < shares["output"] <= 1
    assert shares["unused"] < shares["place"]
    told = str(overview(POOLED, drawn(POOLED))).splitlines()
    share = "share of the answers that change when it is held at its commonest value"
    assert told[-1] == f"matters: {share}, on all 30 inputs of up to 4 positions."
    assert told[1].split()[1:4] == ["start", "=", "first"]


def test_bad_names_are_refused():
    known = "variables: step, depth, before, output"
    with pytest.raises(PellucidError, match=f"ablate depht: no variable of this name; {known}"):
        ablate(DYCK, ["depht"], drawn(DYCK))
    with pytest.raises(PellucidError, match=f"ablate token: this is the input itself; {known}"):
        ablate(DYCK, ["token"], drawn(DYCK))


def test_figures_on_data_of_words():
    scope = these(WORDS, ["Who is the", "the Zed"], "data", ["HUM", "LOC"])
    found = ablate(WORDS, ["pair"], scope)
    assert found.before == {"token": 1.0, "sequence": 1.0}
    assert "Before: accuracy 100.000%" in str(found)
