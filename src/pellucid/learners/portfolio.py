"""All learners that search, in the order in which they run: the cheap ones first."""

from __future__ import annotations

from pellucid.learners.approximate import APPROXIMATE
from pellucid.learners.automaton.learner import AUTOMATON
from pellucid.learners.base import Learner
from pellucid.learners.cases import CASES
from pellucid.learners.dynamics import DYNAMICS
from pellucid.learners.enumerate.learner import ENUMERATE
from pellucid.learners.linear import LINEAR
from pellucid.learners.sparse import SPARSE

LEARNERS: tuple[Learner, ...] = (DYNAMICS, SPARSE, LINEAR, CASES, AUTOMATON, ENUMERATE, APPROXIMATE)
