"""Classifiers as a person writes them: single values instead of lists, words counted where they stand."""

import pytest

from pellucid.data.vocab import Vocab
from pellucid.program import ir
from pellucid.program.closed_flags import inline_flags, masks_to_keys
from pellucid.program.emit import emit
from pellucid.program.interpret import predict
from pellucid.program.ir import Aggregate, Input, Lookup, Rule, Rules, Select
from pellucid.program.names import with_readable_names
from pellucid.program.once import needed_once
from pellucid.program.predicates import Compare
from pellucid.program.verify import all_inputs, run_text, verify
from program_samples import plain

VOCAB = Vocab.of(("red", "blue", "green"), ("yes", "no"), "classification", 4)


def counted(kind: str = "classification", reach: str = "upto"):
    """`yes` where there are more reds than blues, in the words of the search."""
    vocab = Vocab.of(("red", "blue", "green"), ("yes", "no"), kind, 4)
    return plain(
        vocab,
        ("tokens", Input("tokens")),
        ("ones", Input("ones")),
        ("a", Rules((Rule((ir.Test("tokens", "in", ("red",)),), 1),), 0)),
        ("b", Rules((Rule((ir.Test("tokens", "in", ("blue",)),), 1),), 0)),
        ("where_a", Select("ones", "ones", Compare("=="), "all", reach, "a")),
        ("where_b", Select("ones", "ones", Compare("=="), "all", reach, "b")),
        ("count_a", Aggregate("where_a", "count")),
        ("count_b", Aggregate("where_b", "count")),
        ("more", Rules((Rule((ir.Test("count_a", "<=", (), "count_b"),), 1),), 0)),
        ("output", Lookup(("more",), (((1,), "no"),), "yes")),
        unbounded=True,
    )  # fmt: skip


def test_a_classifier_reads_as_one_sentence() -> None:
    program = counted()
    short = with_readable_names(inline_flags(masks_to_keys(program)))
    text = emit(short)
    assert 'red_count = tokens.count("red")' in text
    assert 'return "no" if red_count <= blue_count else "yes"' in text
    inputs = [list(x) for x in all_inputs(VOCAB)]
    assert run_text(text, inputs) == predict(program, inputs)
    assert verify(short, text, None, seed=0).faithful


@pytest.mark.parametrize("reach", ["any", "upto", "before"])
def test_only_what_needs_no_place_is_a_single_value(reach: str) -> None:
    program = counted(reach=reach)
    once = needed_once(program)
    assert ("count_a" in once) == (reach != "before")
    assert {"more", "output"} <= once
    assert "a" not in once
    inputs = [list(x) for x in all_inputs(VOCAB)]
    assert run_text(emit(with_readable_names(program)), inputs) == predict(program, inputs)


def test_a_tagger_keeps_its_lists() -> None:
    program = counted("tagging")
    assert needed_once(program) == frozenset()
    inputs = [list(x) for x in all_inputs(program.vocab)]
    short = with_readable_names(inline_flags(masks_to_keys(program)))
    assert run_text(emit(short), inputs) == predict(program, inputs) == predict(short, inputs)


def test_a_flag_that_others_read_too_stays() -> None:
    program = counted()
    output = Lookup(("more", "a"), (((1, 0), "no"),), "yes")
    changed = program.map(lambda x: output if x.name == "output" else x.node)
    assert inline_flags(changed) == changed
