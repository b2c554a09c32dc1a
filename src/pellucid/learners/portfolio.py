"""All learners, in the order in which they run. To add one, add its entry here."""

from __future__ import annotations

from pellucid.learners.accumulators import ACCUMULATORS
from pellucid.learners.approximate import APPROXIMATE
from pellucid.learners.automaton.learner import AUTOMATON
from pellucid.learners.base import Learner
from pellucid.learners.carried import CARRIED
from pellucid.learners.cases import CASES
from pellucid.learners.dynamics import DYNAMICS
from pellucid.learners.enumerate.learner import ENUMERATE
from pellucid.learners.evidence.learn import EvidenceLearner
from pellucid.learners.evolve.learn import Evolve
from pellucid.learners.guises import GUISES
from pellucid.learners.linear import LINEAR
from pellucid.learners.powers import POWERS
from pellucid.learners.simple import SIMPLE
from pellucid.learners.sparse import SPARSE
from pellucid.learners.starts import STARTS
from pellucid.learners.transformer.learners import Discrete, Programs, Words
from pellucid.learners.windows import WINDOWS

EVOLVE, EVIDENCE, PROGRAMS, WORDS, DISCRETE = Evolve(), EvidenceLearner(), Programs(), Words(), Discrete()
LEARNERS: tuple[Learner, ...] = (
    SIMPLE,
    DYNAMICS,
    POWERS,
    SPARSE,
    LINEAR,
    STARTS,
    GUISES,
    WINDOWS,
    CASES,
    AUTOMATON,
    CARRIED,
    ACCUMULATORS,
    ENUMERATE,
    APPROXIMATE,
)
SEARCHES: tuple[Learner, ...] = (*LEARNERS, EVOLVE, EVIDENCE)
TRANSFORMERS: tuple[Learner, ...] = (PROGRAMS, WORDS, DISCRETE)
