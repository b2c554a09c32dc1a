"""The Discrete Transformer: a Transformer over named scalars, trained with annealed choices, read off as a program."""

from pellucid.learning.discrete.config import DiscreteConfig as DiscreteConfig
from pellucid.learning.discrete.config import DiscreteTraining as DiscreteTraining
from pellucid.learning.discrete.fit import FittedDiscrete as FittedDiscrete
from pellucid.learning.discrete.fit import fit_discrete as fit_discrete
from pellucid.learning.discrete.options import DiscreteOptions as DiscreteOptions
