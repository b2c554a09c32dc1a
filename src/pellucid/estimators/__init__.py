"""Estimators in the manner of scikit-learn: fit, predict, score, and the program that does it.

They work with `clone`, `GridSearchCV`, `cross_val_score` and pipelines. An input is a sequence of tokens (strings or
whole numbers), or a raw text, which is split into words; arrays and data frames have an input per row, a frame with one
column of texts or lists a text or list per row. Raw texts, and lists of many different words, are learned as texts: a
word that was not seen in training is then no error, but taken by what it looks like. As `learn` does,
`fit` divides what it is given: 81 % to learn from, 9 % to choose the program with, 10 % to state its accuracy on
(`accuracy_`).

    model = ProgramClassifier(model="search", budget=20).fit(sequences, labels)
    print(model.source_)
"""

from pellucid.estimators.base import ProgramEstimator as ProgramEstimator
from pellucid.estimators.sequences import ProgramClassifier as ProgramClassifier
from pellucid.estimators.sequences import ProgramRegressor as ProgramRegressor
from pellucid.estimators.sequences import ProgramTagger as ProgramTagger

__all__ = ["ProgramClassifier", "ProgramRegressor", "ProgramTagger"]
