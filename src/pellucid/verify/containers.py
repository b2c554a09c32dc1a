"""Dicts, sets and counters that compare their keys with `==` instead of hashing them, for keys that are unknown.

`rewritten` puts them in place of Python's own in the source of a user's file, so that `Counter(sequence)` asks which
tokens are equal, not what each of them is.
"""

from __future__ import annotations

import ast
import collections
import operator
from collections.abc import Callable, Iterable, Iterator, MutableSet
from types import ModuleType, SimpleNamespace
from typing import Any

DICT, SET = "pellucid_dict", "pellucid_set"
LOAD = ast.Load()


class _Key:
    """A key that all dicts must compare with `==`."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __hash__(self) -> int:
        return 0

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and (self.value is other.value or bool(self.value == other.value))


class SlowDict(collections.UserDict):
    """A dict whose keys are compared one after the other, in the order they came."""

    data: dict[_Key, Any]

    def __class_getitem__(cls, _: Any) -> type:
        return cls

    def __getitem__(self, key: Any) -> Any:
        return self.data[_Key(key)] if key in self else self.__missing__(key)

    def __missing__(self, key: Any) -> Any:
        raise KeyError(key)

    def __setitem__(self, key: Any, value: Any) -> None:
        self.data[_Key(key)] = value

    def __delitem__(self, key: Any) -> None:
        del self.data[_Key(key)]

    def __contains__(self, key: object) -> bool:
        return _Key(key) in self.data

    def __iter__(self) -> Iterator:
        return iter([key.value for key in self.data])

    def __reversed__(self) -> Iterator:
        return reversed(list(self))


class SlowCounter(SlowDict):
    """A `collections.Counter`."""

    def __missing__(self, key: Any) -> int:
        return 0

    def update(self, items: Any = (), **named: Any) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Add counts, or count items."""
        pairs = items.items() if hasattr(items, "items") else ((item, 1) for item in items)
        for key, count in [*pairs, *named.items()]:
            self[key] = self[key] + count

    def most_common(self, n: int | None = None) -> list:
        """Items by falling count, equal ones as they came."""
        return sorted(self.items(), key=lambda item: item[1], reverse=True)[:n]

    elements, total = collections.Counter.elements, collections.Counter.total


class SlowDefaultDict(SlowDict):
    """A `collections.defaultdict`."""

    def __init__(self, factory: Any = None, entries: Any = (), **named: Any) -> None:
        self.default_factory = factory
        super().__init__(entries, **named)

    def __missing__(self, key: Any) -> Any:
        if self.default_factory is None:
            raise KeyError(key)
        self[key] = found = self.default_factory()
        return found


def _of_sets(operation: Callable[[Any, Any], Any]) -> Callable[[SlowSet, Iterable], Any]:
    return lambda self, other: operation(self, SlowSet(other))


class SlowSet(MutableSet):
    """A set whose items are compared one after the other, in the order they came."""

    def __init__(self, items: Iterable = ()) -> None:
        self._items = SlowDict.fromkeys(items)

    def __class_getitem__(cls, _: Any) -> type:
        return cls

    def __contains__(self, item: object) -> bool:
        return item in self._items

    def __iter__(self) -> Iterator:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def add(self, value: Any) -> None:
        """Put an item in."""
        self._items[value] = None

    def discard(self, value: Any) -> None:
        """Take an item out, if it is in."""
        self._items.pop(value, None)

    def update(self, *others: Iterable) -> None:
        """Put all items of others in."""
        self._items.update(SlowDict.fromkeys(item for other in others for item in other))

    def union(self, *others: Iterable) -> SlowSet:
        """A new set with the items of others, too."""
        return SlowSet(item for items in (self, *others) for item in items)

    intersection, difference = _of_sets(operator.and_), _of_sets(operator.sub)
    issubset, issuperset = _of_sets(operator.le), _of_sets(operator.ge)

    def copy(self) -> SlowSet:
        """A shallow copy."""
        return SlowSet(self)


NAMES: dict[str, Any] = {"dict": SlowDict, "set": SlowSet, "frozenset": SlowSet, DICT: SlowDict, SET: SlowSet}
IMPORTED: dict[str, Any] = {
    "Counter": SlowCounter, "defaultdict": SlowDefaultDict, "OrderedDict": SlowDict,
}  # fmt: skip


def rewritten(source: str) -> ast.Module:
    """The source with displays and comprehensions of dicts and sets as calls. Raises `SyntaxError`."""
    return ast.fix_missing_locations(_Displays().visit(ast.parse(source)))


def replace_imported(module: ModuleType) -> None:
    """Put our containers where a module has imported those of `collections`."""
    for name, value in list(vars(module).items()):
        if value is collections:
            setattr(module, name, SimpleNamespace(**{**vars(collections), **IMPORTED}))
        for known, ours in IMPORTED.items():
            if value is getattr(collections, known):
                setattr(module, name, ours)


class _Displays(ast.NodeTransformer):
    def generic_visit(self, node: ast.AST) -> ast.AST:
        match super().generic_visit(node):
            case ast.Dict(keys, values) if None not in keys:
                pairs = [ast.Tuple([k, v], LOAD) for k, v in zip(keys, values, strict=True)]  # pyright: ignore[reportArgumentType]
                return _call(DICT, ast.List(list(pairs), LOAD))
            case ast.Set(items):
                return _call(SET, ast.List(items, LOAD))
            case ast.DictComp(key, value, generators):
                return _call(DICT, ast.ListComp(ast.Tuple([key, value], LOAD), generators))
            case ast.SetComp(item, generators):
                return _call(SET, ast.ListComp(item, generators))
        return node


def _call(name: str, argument: ast.expr) -> ast.Call:
    return ast.Call(ast.Name(name, LOAD), [argument], [])
