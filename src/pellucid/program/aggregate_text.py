"""Statements for `Select` and `Aggregate`: what is made of the keys that each query picks."""

from __future__ import annotations

from pellucid.program.heads import Head
from pellucid.program.indexing import is_index
from pellucid.program.ir import Aggregate, Categorical, Select
from pellucid.program.layout import Doc, Group, call, comprehension, flat
from pellucid.program.literals import LINE, literal
from pellucid.program.predicates import Compare, Match
from pellucid.program.writer import Writer


def write_selection(writer: Writer, name: str, select: Select) -> None:
    """The position that each query picks, as a list of its own."""
    head = Head(writer, name, select)
    helper = _closest(head)
    if helper is None:
        head.indexed = True
        head.write(_nearest(head))
    else:
        writer.statement(f"{name} = {helper}")


def write_aggregate(writer: Writer, name: str, node: Aggregate, select: Select, inlined: bool, plain: bool) -> None:
    """One aggregate; `inlined`: its selection has no list of its own; `plain`: it must not give `True` for 1."""
    if not inlined and node.how == "take":
        writer.line(name, f"{node.value}[j]", f"for j in {node.selector}")
        return
    head = Head(writer, name, select)
    match node.how:
        case "take":
            _take(head, node)
        case "count" | "any" | "sum":
            _reduce(head, node, plain)
        case _:
            _choose(head, node)


def _take(head: Head, node: Aggregate) -> None:
    assert node.value is not None
    if _by_position(head, node, f"{head.writer.list(node.value)}[0]"):
        return
    helper = _closest(head)
    if helper is not None:
        head.writer.line(head.name, f"{head.writer.list(node.value)}[j]", f"for j in {helper}")
        return
    head.indexed = True
    inner = _nearest(head)
    if head.writer.is_positions(node.value):
        head.write(inner)
    else:
        head.write(Group(f"{head.writer.list(node.value)}[", (inner,), "]"))


def _closest(head: Head) -> str | None:
    """Call of a runtime function where each query wants one key value; None elsewhere."""
    select, writer = head.select, head.writer
    if select.reach not in ("any", "upto") or not head.plain or head.wanted is None:
        return None
    helper = writer.call("closest" if select.reach == "any" else "closest_upto")
    return f"{helper}({_asked(head)}, {writer.list(select.key)})"


def _asked(head: Head) -> str:
    """Name of the list of wanted keys, one per query: a line of its own unless that is the query itself."""
    writer, query = head.writer, head.select.query
    assert head.wanted is not None
    if head.wanted == "q" or (head.wanted == "i" and head.asks):
        return writer.list(query)
    if head.asks:
        writer.line("wanted", head.wanted, head.clause())
    else:
        writer.statement(f"wanted = [{head.wanted}] * {writer.size}")
    return "wanted"


def _nearest(head: Head) -> Group:
    head.writer.call("nearest")
    told = head.keys("j")
    candidates: Doc = comprehension(*told, opening="(", closing=")") if told[-1] else told[1].removeprefix("for j in ")
    return call("nearest", "i", candidates)


def _by_position(head: Head, node: Aggregate, missing: str) -> bool:
    """Write a value read at a position that the query names; False where the key is something else."""
    select, writer = head.select, head.writer
    if not writer.is_positions(select.key) or not isinstance(select.predicate, Compare) or not head.plain:
        return False
    offset, kind = select.predicate.offset, writer.program.types[select.query]
    if isinstance(kind, Categorical) and any(isinstance(v, str) for v in kind.domain):
        return False
    if select.predicate.op != "==" or not head.asks or node.value is None or not _reaches(head, offset):
        return False
    value, wanted = writer.list(node.value), head.wanted
    if head.query == "i" and not (missing == f"{value}[0]" and offset == 0):
        return _shifted(head, value, offset, missing)
    if head.query == "q":
        head.query = "j"
        wanted = head.wanted_key()
    test = f"0 <= {wanted} < {writer.size}"
    element = f"{value}[{wanted}]" if is_index(writer.program, select.query, offset) else (
        f"{value}[{wanted}] if {test} else {missing}"
    )  # fmt: skip
    clause = f"for j in {writer.list(select.query)}" if head.query == "j" else head.clause()
    writer.line(head.name, element, clause)
    return True


def _reaches(head: Head, offset: int) -> bool:
    """Whether the reach leaves out no key at this distance from its query."""
    inside = {"upto": offset <= 0, "before": offset < 0, "after": offset > 0, "from": offset >= 0}
    return head.select.reach == "any" or (head.query == "i" and inside[head.select.reach])


def _shifted(head: Head, value: str, offset: int, missing: str) -> bool:
    writer = head.writer
    if abs(offset) == 1 and missing != f"{value}[0]":
        listed = f"[{missing}, *{value}][:-1]" if offset < 0 else f"[*{value}, {missing}][1:]"
        writer.statement(f"{head.name} = {listed}")
    elif offset < 0 and missing == f"{value}[0]":
        head.write(f"{value}[max(i - {-offset}, 0)]")
    elif offset < 0:
        head.write(f"{value}[i - {-offset}] if i >= {-offset} else {missing}")
    else:
        place = f"i + {offset}" if offset else "i"
        head.write(f"{value}[{place}] if {place} < {writer.size} else {missing}" if offset else f"{value}[i]")
    return True


def _reduce(head: Head, node: Aggregate, plain: bool) -> None:
    """`count`, `any` and `sum`, whose value is 0 where nothing is picked."""
    if node.how == "sum" and _totals(head, node):
        return
    element = _reduced(head, node)
    if node.how == "any" and plain:
        element = Group("int(", (element,), ")")
    same = f"{head.name} = [{flat(element)}] * {head.writer.size}"
    if head.once or head.indexed or (head.asks and head.query == "q") or len(same) > LINE - 4:
        head.write(element)
    else:
        head.writer.statement(same)


def _reduced(head: Head, node: Aggregate) -> Doc:
    select, size = head.select, head.writer.size
    if head.sure and head.plain and node.how != "sum":
        counted = {"any": size, "upto": "i + 1", "before": "i", "after": f"{size} - i - 1", "from": f"{size} - i"}
        some = {"before": "i > 0", "after": f"i + 1 < {size}"}
        return counted[select.reach] if node.how == "count" else some.get(select.reach, "True")
    if head.sure and node.how != "sum" and select.mask is not None:
        listed, wanted = head.sliced(select.mask), 0 if select.negated else 1
        return f"{listed}.count({wanted})" if node.how == "count" else f"{wanted} in {listed}"
    if head.sure and head.plain and node.value is not None:
        return f"sum({head.sliced(node.value)})"
    if head.wanted is not None and head.plain and node.how != "sum" and not head.writer.is_positions(select.key):
        listed = head.sliced(select.key)
        return f"{listed}.count({head.wanted})" if node.how == "count" else f"{head.wanted} in {listed}"
    parts = head.keys("v", node.value) if node.how == "sum" else head.keys("")
    return comprehension(*parts, opening="any(" if node.how == "any" else "sum(", closing=")")


def _totals(head: Head, node: Aggregate) -> bool:
    """Write a sum over the keys of one wanted value that a table gives, by a runtime function."""
    select = head.select
    if not isinstance(select.predicate, Match) or head.wanted is None or not head.plain or head.once:
        return False
    if select.reach not in ("any", "upto") or node.value is None:
        return False
    writer = head.writer
    helper, asked = writer.call("total" if select.reach == "any" else "total_upto"), _asked(head)
    writer.statement(f"{head.name} = {helper}({asked}, {writer.list(select.key)}, {writer.list(node.value)})")
    return True


def _choose(head: Head, node: Aggregate) -> None:
    """`min`, `max`, `first` and `last`."""
    assert node.value is not None
    missing = literal(node.default)
    if _by_position(head, node, missing):
        return
    if head.sure and head.plain and (simple := _unconditional(head, node.how, node.value, missing)):
        head.write(simple)
        return
    parts = head.keys("v", node.value, backwards=node.how == "last")
    generator = comprehension(*parts, opening="(", closing=")")
    if node.how in ("min", "max"):
        head.write(call(node.how, generator, f"default={missing}"))
    else:
        head.write(call("next", generator, missing))


def _unconditional(head: Head, how: str, value: str, missing: str) -> str:
    """The aggregate of everything within reach."""
    reach, size, listed = head.select.reach, head.writer.size, head.sliced(value)
    name, empty = head.writer.list(value), reach in ("before", "after")
    if how in ("min", "max"):
        return f"{how}({listed}, default={missing})" if empty else f"{how}({listed})"
    ends = {"any": "0", "upto": "0", "before": "0", "after": "i + 1", "from": "i"}
    if how == "last":
        ends = {"any": "-1", "upto": "i", "before": "i - 1", "after": "-1", "from": "-1"}
    some = {"before": " if i > 0", "after": f" if i + 1 < {size}"}.get(reach)
    return f"{name}[{ends[reach]}]" + (f"{some} else {missing}" if some else "")
