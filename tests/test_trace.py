"""`pellucid explain`: the trace equals the interpreter, and says what was picked, what fired, and why."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inspect_samples import COUNTS, DYCK, HIST, LAST, POOLED, PROGRAMS, VOTE, call, call_json, domain, write_folder
from pellucid.errors import PellucidError
from pellucid.learned import load
from pellucid.program.inspect.demand import answer_rows, demand
from pellucid.program.inspect.trace_text import text
from pellucid.program.interpret import evaluate, predict, scores, values_of
from pellucid.program.ir import Formula, Lookup, Readout, Rules, Scan, Selection, stretched
from pellucid.program.trace import explain
from random_programs import random_ir
from test_program_conformance import CASES

few = settings(max_examples=40, deadline=None)
seeds = st.integers(0, 10**6)


def rows(told):
    """The lines of a table, columns one space apart."""
    return [" ".join(line.split()) for line in told.splitlines()]


@few
@given(seeds, st.data())
def test_every_value_and_pick_is_the_interpreters(seed, data):
    program = random_ir(seed, markers=bool(seed % 2))
    sequence = data.draw(st.sampled_from(domain(program)))
    trace = explain(program, sequence)
    assert trace.output == predict(program, [sequence])[0]
    env = evaluate(program, program.vocab.encode_inputs([sequence]))
    for variable in trace.variables:
        codes = env[variable.name][0]
        rows = [codes] if np.ndim(codes) == 0 else [codes[p.row] for p in trace.places]
        assert list(variable.values) == [values_of(program, variable.name)[int(c)] for c in rows]
    for picks in trace.picks:
        found = env[picks.name][0]
        for place, keys in zip(trace.places, picks.picked, strict=True):
            rows = np.flatnonzero(found[place.row]) if found.ndim == 2 else [found[place.row]]
            assert [k - trace.first for k in keys] == [int(r) for r in rows]
            assert (len(keys) == 0) <= picks.unmatched[trace.places.index(place)]
    json.dumps(trace.to_json())


@few
@given(seeds, st.data())
def test_the_rule_said_to_have_fired_gives_the_value(seed, data):
    """What `short` names is looked up in the program again: its outcome must be the traced value."""
    program = random_ir(seed, markers=bool(seed % 2))
    sequence = data.draw(st.sampled_from(domain(program)))
    trace = explain(program, sequence)
    values = {v.name: v.values for v in trace.variables}
    for v in trace.variables:
        node = program[v.name]
        step = node.step if isinstance(node, Scan) else node
        for i in range(len(trace.places)) if v.fired is not None else ():
            here = {name: found[i] for name, found in values.items() if len(found) == len(trace.places)}
            if v.before is not None:
                here["previous"] = v.before[i]
            told = v.fired[i]
            if isinstance(step, Rules):
                number = None if told.startswith("default") else int(told.split()[1].rstrip(":"))
                outcome = step.default if number is None else step.rules[number - 1].outcome
                assert v.values[i] == (here[outcome.name] if hasattr(outcome, "name") else outcome)
            elif isinstance(step, Lookup):
                key = tuple(here[name] for name in step.variables)
                assert told.startswith("default") == (key not in dict(step.cases))
                assert v.values[i] == dict(step.cases).get(key, step.default)


@few
@given(seeds, st.data())
def test_scores_and_evidence_add_up(seed, data):
    program = random_ir(seed, markers=True, kind=("tagging", "classification")[seed % 2])
    node = program[program.output]
    if not isinstance(node, Readout):
        return
    sequence = data.draw(st.sampled_from(domain(program)))
    tokens = program.vocab.encode_inputs([sequence])
    env = evaluate(program, tokens)
    per_row = scores(node, env, program, tokens.shape)[0]
    for reason in explain(program, sequence).reasons:
        total = per_row[1 : len(sequence) + 1].sum(0) if reason.row is None else per_row[reason.row]
        assert dict(reason.scores) == dict(zip(node.labels, total.tolist(), strict=True))
        assert reason.scores[0][0] == reason.label
        margins = [s - reason.scores[-1][1] for _, s in reason.scores]
        told = [sum(p.weights[c] - p.weights[-1] for p in reason.evidence) for c in range(len(margins))]
        assert told == margins  # evidence that says the same of every label is left out


def check_needed_cells(program, sequence, position, seed):
    """Every cell that is not needed is overwritten; the output at the position must stay."""
    program = stretched(program, len(sequence))
    tokens = program.vocab.encode_inputs([sequence])
    env = evaluate(program, tokens)
    rows = answer_rows(program, tokens)
    answers = rows & (np.arange(rows.shape[1]) == position - 1 + program.markers)
    needed = demand(program, tokens, env, answers)
    rng = np.random.default_rng(seed)
    spoilt = {}
    for a in program.assignments[:-1]:
        if isinstance(program.types[a.name], Selection) or isinstance(a.node, Formula | Rules):
            continue  # formulas and rules may read what is spoilt: they are computed again where they are needed
        noise = rng.integers(0, len(values_of(program, a.name)), env[a.name].shape)
        keep = needed.get(a.name, np.zeros(env[a.name].shape, bool))
        spoilt[a.name] = np.where(keep, env[a.name], noise)
    again = evaluate(program, tokens, spoilt)[program.output]
    assert (again[answers] == env[program.output][answers]).all()


@few
@given(seeds, st.data())
def test_an_answer_depends_on_nothing_but_the_needed_cells(seed, data):
    program = random_ir(seed, markers=bool(seed % 2), kind="tagging")
    sequence = data.draw(st.sampled_from(domain(program)))
    check_needed_cells(program, sequence, data.draw(st.integers(1, len(sequence))), seed)


@pytest.mark.parametrize("name", CASES)
def test_needed_cells_of_every_node(name):
    program, sequence, _ = CASES[name]
    sequence = tuple(sequence)
    for seed in range(5):
        for position in range(1, len(sequence) + 1) if program.vocab.kind == "tagging" else ():
            check_needed_cells(program, sequence, position, seed)
    assert explain(program, sequence).output == predict(program, [sequence])[0]
    assert str(explain(program, sequence, 1))


def test_a_program_with_markers_shows_them_where_they_were_picked():
    trace = explain(VOTE, "abca")
    assert [p.position for p in trace.shown()] == [0, 1, 2, 3, 4]
    assert [p.token for p in trace.shown()] == ["<s>", *"abca"]
    told = str(trace)
    assert "<s> is the marker before the first token (position 0): shown because a position picked it." in told
    assert "picked k none <s> 1 2 3" in rows(told)
    assert [p.position for p in explain(POOLED, "ab").shown()] == [1, 2]
    assert "(position 0): not shown." in str(explain(POOLED, "ab"))
    assert "marker" not in str(explain(HIST, (1, 1)))


def test_rules_of_a_scan_are_told_with_the_state_before():
    told = str(explain(DYCK, "())("))
    assert '"P": the first of 3 rules that holds' in told
    assert "before P P T F" in rows(told)
    assert "rule - 3 2 1" in rows(told)
    assert '  rule 2: if depth < 0: "F"   at 3' in told
    assert '  rule 1: if previous == "F": "F"   at 4' in told
    assert "  step, default: -1   at 2-3" in told


def test_a_vote_is_told_with_its_evidence():
    data = explain(VOTE, "abca").to_json()
    last = data["decision"][-1]
    assert (last["position"], last["label"]) == (4, "z")
    assert last["scores"] == [{"label": "z", "score": 4}, {"label": "y", "score": 1}, {"label": "x", "score": 0}]
    assert [(e["variable"], e["value"]) for e in last["evidence"]] == [("place", 2), (None, None)]
    assert last["evidence"][0]["weights"][0] == {"label": "z", "weight": 4}
    assert "the first label wins a tie" in str(explain(VOTE, "abca"))
    pooled = explain(POOLED, "abb")
    assert pooled.output == "no"
    assert "always (3 times): +3" in str(pooled)
    assert [r.label for r in explain(LAST, "ab").reasons] == ["no"]


def test_a_formula_and_a_count_are_told_with_their_numbers():
    told = str(explain(COUNTS, (1, 1, 2, 2, 0)))
    assert "  twice // count = 4 // 2 = 2   at 1-4" in told
    counted = str(explain(HIST, (1, 2, 1)))
    assert "picked k 1,3 2 1,3" in rows(counted)
    assert counted.endswith("  number of k where tokens[k] == tokens[q]   at 1-3")


def test_one_position_alone():
    trace = explain(DYCK, "(())", 2)
    assert [p.position for p in trace.shown()] == [1, 2]
    json_ = trace.to_json()
    depth = next(v for v in json_["variables"] if v["name"] == "depth")
    assert depth["values"] == [1, 2]  # the scan reads it at both
    assert len(explain(HIST, (1, 2, 1), 3).to_json()["positions"]) == 2
    for wrong in (0, 5, -1):
        with pytest.raises(PellucidError, match=f"--position {wrong}: expected a number from 1 to 4"):
            explain(DYCK, "(())", wrong)


def test_long_inputs_wrap_in_blocks_of_the_width_asked_for():
    sequence = (0, 1, 2, 3, 4) * 12
    told = text(explain(HIST, sequence), width=60)
    assert max(map(len, told.split("\nPicked")[0].splitlines()[2:])) <= 60
    heads = [line.split()[1:] for line in told.splitlines() if line.startswith("  position ")]
    assert len(heads) > 2
    assert [int(n) for head in heads for n in head] == list(range(1, 61))
    assert "k 1,6,11,16,21,26,31,36,41,46,51,56   at 1, 6," in told


def test_values_that_look_alike_are_told_apart():
    from pellucid.program.inspect.words import plain

    assert [plain(v) for v in (1, "a", "", " ", "two words", "a\nb")] == [
        "1",
        "a",
        '""',
        '" "',
        '"two words"',
        '"a\\nb"',
    ]


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_command_prints_text_and_one_json_object(name, tmp_path):
    given_program = PROGRAMS[name]
    place = write_folder(tmp_path / "learned", given_program)
    sequence = domain(given_program)[-1]
    typed = [str(token) for token in sequence]
    told = call("explain", place, *typed)
    assert told.startswith(f"input   {' '.join(typed)}\n")
    data = call_json("explain", place, *typed)
    assert data["output"] == predict(given_program, [sequence])[0]
    assert {"input", "output", "positions", "markers", "variables", "selections", "decision"} <= set(data)
    assert [v["name"] for v in data["variables"]] == [
        a.name for a in given_program if not isinstance(given_program.types[a.name], Selection)
    ]
    assert str(load(place).explain(typed)) + "\n" == told


def test_bad_input_is_one_line(tmp_path):
    place = write_folder(tmp_path / "learned", DYCK)
    assert "no TOKENS to explain; try: pellucid explain" in call("explain", place, code=2)
    assert "unknown token 'x'" in call("explain", place, "x", code=2)
    assert "9 tokens; expected 1 to 8" in call("explain", place, *"(" * 9, code=2)
    assert "--position 3: expected a number from 1 to 2" in call("explain", place, "(", ")", "--position", "3", code=2)
    assert "no such folder" in call("explain", tmp_path / "absent", "(", code=2)


def test_longer_inputs_of_a_program_that_takes_them():
    sequence = (1,) * 12
    assert explain(HIST, sequence).output == [12] * 12
