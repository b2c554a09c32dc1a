"""Dicts, sets and counters that compare their keys with `==` instead of hashing them, for keys that are unknown.

`rewritten` puts them in place of Python's own in the source of a user's file, so that `Counter(sequence)` asks which
tokens are equal, not what each of them is.
"""

from __future__ import annotations

import ast
import collections
from collections.abc import Iterable, Iterator, MutableMapping, MutableSet
from types import ModuleType, SimpleNamespace
from typing import Any

DICT, SET = "pellucid_dict", "pellucid_set"


_ABSENT = object()


class _Key:
    """A key that all dicts must compare with `==`."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __hash__(self) -> int:
        return 0

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and (self.value is other.value or bool(self.value == other.value))


class SlowDict(MutableMapping):
    """A dict whose keys are compared one after the other, in the order they came."""

    def __init__(self, entries: Any = (), **named: Any) -> None:
        self._items: dict[_Key, Any] = {}
        self.update(entries, **named)

    def __class_getitem__(cls, _: Any) -> type:
        return cls

    def __getitem__(self, key: Any) -> Any:
        found = self._items.get(_Key(key), _ABSENT)
        return self.__missing__(key) if found is _ABSENT else found

    def __missing__(self, key: Any) -> Any:
        raise KeyError(key)

    def __setitem__(self, key: Any, value: Any) -> None:
        self._items[_Key(key)] = value

    def __delitem__(self, key: Any) -> None:
        del self._items[_Key(key)]

    def __contains__(self, key: object) -> bool:
        return _Key(key) in self._items

    def get(self, key: Any, default: Any = None) -> Any:
        """The value of a key, or the default."""
        return self._items.get(_Key(key), default)

    def __iter__(self) -> Iterator:
        return iter([key.value for key in self._items])

    def __reversed__(self) -> Iterator:
        return reversed(list(self))

    def __len__(self) -> int:
        return len(self._items)

    def copy(self) -> Any:
        """A shallow copy."""
        found = type(self)()
        found._items = dict(self._items)
        return found

    @classmethod
    def fromkeys(cls, keys: Iterable, value: Any = None) -> Any:
        """A dict with one value for all keys."""
        return cls((key, value) for key in keys)


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

    def elements(self) -> Iterator:
        """Each key as often as it was counted."""
        return (key for key, count in self.items() for _ in range(count))

    def total(self) -> int:
        """The sum of the counts."""
        return sum(self.values())


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

    def intersection(self, other: Iterable) -> SlowSet:
        """The items that are in both."""
        return SlowSet(self & SlowSet(other))

    def difference(self, other: Iterable) -> SlowSet:
        """The items that are not in the other."""
        return SlowSet(self - SlowSet(other))

    def issubset(self, other: Iterable) -> bool:
        """Whether all items are in the other."""
        return self <= SlowSet(other)

    def issuperset(self, other: Iterable) -> bool:
        """Whether all items of the other are in."""
        return all(item in self for item in other)

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
    def visit_Dict(self, node: ast.Dict) -> ast.AST:  # the name that ast looks for
        self.generic_visit(node)
        if None in node.keys:
            return node
        keys = [key for key in node.keys if key is not None]
        pairs: list[ast.expr] = [ast.Tuple([k, v], ast.Load()) for k, v in zip(keys, node.values, strict=True)]
        return _call(DICT, ast.List(pairs, ast.Load()))

    def visit_Set(self, node: ast.Set) -> ast.AST:
        self.generic_visit(node)
        return _call(SET, ast.List(node.elts, ast.Load()))

    def visit_DictComp(self, node: ast.DictComp) -> ast.AST:
        self.generic_visit(node)
        return _call(DICT, ast.ListComp(ast.Tuple([node.key, node.value], ast.Load()), node.generators))

    def visit_SetComp(self, node: ast.SetComp) -> ast.AST:
        self.generic_visit(node)
        return _call(SET, ast.ListComp(node.elt, node.generators))


def _call(name: str, argument: ast.expr) -> ast.Call:
    return ast.Call(ast.Name(name, ast.Load()), [argument], [])
