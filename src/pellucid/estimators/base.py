"""What the estimators share: parameters, fitting by `pellucid.learn`, looking inside, folders, notebooks."""

from __future__ import annotations

import html
import json
from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, asdict, dataclass, field, fields
from functools import partial
from os import PathLike, fspath
from pathlib import Path
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from pellucid import folder
from pellucid.artifact import heart
from pellucid.bias import Bias
from pellucid.errors import PellucidError
from pellucid.language.json import decoded
from pellucid.language.words import Words
from pellucid.loading import load
from pellucid.pipeline import learn

ESTIMATOR = "estimator.json"


@dataclass(repr=False, eq=False)
class ProgramEstimator(BaseEstimator):
    """Base of the estimators; what is learned is in `learned_`, an object as `pellucid.learn` returns it.

    Args:
        model, budget, seed, seeds, steps, simplify, settings: as for `pellucid.learn`.
    """

    kept = ()  # attributes that `fit` sets beside `learned_`, without their `_`; JSON

    model: str = "auto"
    _: KW_ONLY
    budget: float | None = None
    seed: int = 0
    seeds: int | None = None
    steps: int | None = None
    simplify: str = "exact"
    settings: Mapping[str, Any] | None = None
    learned_: Any = field(init=False)

    def _learned(self, data: Any, **more: Any) -> Any:
        """Learn from data in memory with the parameters that all estimators have."""
        common = {f.name: getattr(self, f.name) for f in fields(ProgramEstimator) if f.init}
        return learn(data, **{**common, "settings": self.settings or {}}, **more)

    @property
    def program_(self) -> Any:
        """The program as data; None for `model="standard"`, which has none."""
        return self._fitted().program

    @property
    def source_(self) -> str | None:
        """The program as standalone Python text."""
        return self._fitted().source

    @property
    def accuracy_(self) -> dict[str, dict[str, float]]:
        """Figures on the parts that the data given to `fit` were divided into: `train`, `valid`, `test`."""
        return {part: dict(score) for part, score in self._fitted().report["accuracy"].items()}

    def explain(self, x: Any) -> Any:
        """What the program did on one input; printed, it is the text of `pellucid explain`."""
        return self._fitted().explain(plain(x))

    def save(self, path: str | Path) -> Path:
        """Write a folder as `pellucid learn` does, with the estimator's parameters; it must not exist or be empty.

        Raises:
            PellucidError: the folder is in use or cannot be written. NotFittedError: there is nothing to save.
        """
        learned = self._fitted()
        kept = {name: getattr(self, f"{name}_") for name in self.kept}
        state = {"class": type(self).__name__, "params": self._params_to_json(), "state": kept}
        folder.write(Path(path), {**learned.files, ESTIMATOR: folder.dump(state)})
        return Path(path)

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """An estimator from a folder that `save` wrote. Nothing in it is executed; no pickle.

        Raises:
            PellucidError: naming the file that is missing, damaged, or of another estimator.
        """
        place = Path(path) / ESTIMATOR
        state = folder.read_json(Path(path), ESTIMATOR)
        if state.get("class") != cls.__name__:
            raise PellucidError(f"{place}: class is {state.get('class')!r:.60}; expected {cls.__name__}")
        params, kept = state.get("params"), state.get("state")
        if not isinstance(params, dict) or set(params) != set(cls._get_param_names()) or not isinstance(kept, dict):
            raise PellucidError(f"{place}: not in the form that {cls.__name__}.save writes")
        try:
            given: dict[str, Any] = {k: _READ[k](v) if k in _READ and v is not None else v for k, v in params.items()}
            made = cls(**given)
            made.learned_ = load(path)
            for name in cls.kept:
                setattr(made, f"{name}_", tuple(kept[name]) if isinstance(kept[name], list) else kept[name])
        except PellucidError:
            raise
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise PellucidError(f"{place}: not in the form that {cls.__name__}.save writes ({error})") from None
        return made

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array, tags.input_tags.string = False, True
        tags.target_tags.required, tags.no_validation = True, True
        return tags

    def __str__(self) -> str:
        if not hasattr(self, "learned_"):
            return repr(self)
        return f"{self!r}\n{self._told()}\n\n{self._shown()}"

    def _repr_html_(self) -> str:  # pyright: ignore[reportIncompatibleMethodOverride]
        """In a notebook: the program and its accuracy, once there is one."""
        if not hasattr(self, "learned_"):
            return f"<pre>{html.escape(repr(self))}</pre>"
        head = f"<pre>{html.escape(repr(self))}</pre><p>{html.escape(self._told())}</p>"
        return f"{head}<pre>{html.escape(self._shown())}</pre>"

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"text/plain": str(self), "text/html": self._repr_html_()}

    def _shown(self) -> str:
        """The program, without the functions that all programs have; `source_` has them."""
        return heart(str(self.learned_), "source_")

    def _told(self) -> str:
        """The figures in a line."""
        parts = [f"{part} {_figures(score)}" for part, score in self.accuracy_.items()]
        return f"Accuracy: {'; '.join(parts)}"

    def _fitted(self) -> Any:
        check_is_fitted(self, "learned_")
        return self.learned_

    def _params_to_json(self) -> dict[str, Any]:
        params = self.get_params(deep=False)
        try:
            return json.loads(json.dumps(params, default=_plain))
        except (TypeError, ValueError, AttributeError) as error:
            raise PellucidError(f"parameters cannot be saved as JSON: {error}") from None


def rows(X: Any) -> list[Any]:
    """The examples in a list, array, column or data frame: its rows, or what a lone column of texts or lists has."""
    if hasattr(X, "to_numpy") and getattr(X, "ndim", 0) == 2:
        X = X.to_numpy()
    if isinstance(X, np.ndarray) and X.ndim == 2 and X.shape[1] == 1 and len(X):
        X = X[:, 0] if isinstance(X[0, 0], str | list | tuple | np.ndarray) else X
    if isinstance(X, (str, bytes, dict)) or not hasattr(X, "__iter__"):
        raise PellucidError(f"{X!r:.60} is no list of inputs; expected one sequence per example")
    return list(X)


def paired(X: Any, y: Any) -> tuple[list[Any], list[Any]]:
    """Inputs and outputs, as many of each.

    Raises:
        PellucidError: y is missing, or of another length.
    """
    if y is None:
        raise PellucidError("y is None; expected one output per input")
    inputs, outputs = rows(X), rows(y)
    if len(inputs) != len(outputs):
        raise PellucidError(f"{len(inputs)} inputs but {len(outputs)} outputs; one output per input is needed")
    return inputs, outputs


def weighted(values: Sequence[float], weights: Any) -> float:
    """Mean of a figure of every example, weighted where weights are given."""
    if weights is None:
        return sum(values) / max(1, len(values))
    shares = [float(w) for w in weights]
    return sum(v * w for v, w in zip(values, shares, strict=True)) / sum(shares)


def plain(x: Any) -> Any:
    """An input without NumPy."""
    return x.tolist() if hasattr(x, "tolist") else x


def _plain(value: Any) -> Any:
    """A parameter that JSON does not know."""
    if isinstance(value, Bias):
        return {k: sorted(v) if isinstance(v, frozenset) else v for k, v in vars(value).items()}
    return fspath(value) if isinstance(value, PathLike) else asdict(value)


def _bias(given: Any) -> Bias:
    if not isinstance(given, dict) or set(given) != {f.name for f in fields(Bias)}:
        raise PellucidError("bias is not in the form that ProgramRegressor.save writes")
    values: dict[str, Any] = {k: frozenset(v) if isinstance(v, list) else v for k, v in given.items()}
    return Bias(**values)


_READ = {"words": partial(decoded, hint=Words, where="words"), "bias": _bias}  # parameters from JSON


def _figures(score: dict[str, float]) -> str:
    if "mse" in score:
        return f"{score.get('sequence', 0.0):.2%} of sequences, mean squared error {score['mse']:.3g}"
    if "f1" in score:
        return f"entity F1 {score['f1']:.2%}, {score['token']:.2%} of words"
    if score.get("token") == score.get("sequence"):
        return f"{score['token']:.2%}"
    return f"{score['token']:.2%} of tokens, {score['sequence']:.2%} of sequences"
