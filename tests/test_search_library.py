"""Pieces of a trained program become starts of a search that compute the same columns."""

import numpy as np

from pellucid.data import Vocab
from pellucid.program.interpret import evaluate
from pellucid.program.ir import Aggregate, Assign, Input, Lookup, Program, Select
from pellucid.program.predicates import Compare, OneOf
from pellucid.search.columns import Batch, Columns
from pellucid.search.data import symbols_of
from pellucid.search.engine import Base, base_columns
from pellucid.search.genes import Bank, Member
from pellucid.search.library import starts_from

VOCAB = Vocab.of(["a", "b", "c"], range(8), "tagging", 6)


def program(*pairs) -> Program:
    first = [("tokens", Input("tokens")), ("positions", Input("positions"))]
    return Program(VOCAB, tuple(Assign(*pair) for pair in (*first, *pairs)), pairs[-1][0], markers=False)


def test_the_last_piece_is_the_variable() -> None:
    trained = program(
        ("where_same", Select("tokens", "tokens", Compare("=="), "all")),
        ("same", Aggregate("where_same", "count")),
        ("where_more", Select("same", "same", Compare(">"), "all", "upto")),
        ("more", Aggregate("where_more", "count")),
    )
    base, bank = Base(True, False, False), Bank(3, False)
    start = starts_from(trained, base, bank)[0]
    codes = VOCAB.encode_inputs([("a", "b", "a"), ("c", "c", "c", "a", "b", "b")])
    batch = Batch(symbols_of(codes, VOCAB), np.full((6, 2), -1))
    columns = Columns(batch, 3, base_columns(batch, base, True, None))
    index = columns.of(start)[-1]
    assert index is not None
    expected = evaluate(trained, codes)["more"].T
    assert (columns.found[index].values == expected)[batch.valid].all()
    assert len(start) == 2


def test_what_no_gene_can_say_is_left_out() -> None:
    trained = program(
        ("where_a", Select("tokens", "tokens", OneOf(("a",)), "all")),
        ("as", Aggregate("where_a", "count")),
        ("table", Lookup(("as", "tokens"), (((1, "a"), 3),), 0)),
        ("where_t", Select("table", "table", Compare("=="), "all")),
        ("ts", Aggregate("where_t", "count")),
    )
    starts = starts_from(trained, Base(True, False, False), Bank(3, False))
    assert {len(genes) for genes in starts} == {1, 2}
    assert any(gene == Member(0, frozenset([0]), False) for genes in starts for gene in genes)
