"""The Discrete Transformer: a Transformer over named scalars, trained with annealed choices, read off as a program."""

from pellucid.learners.transformer.discrete.config import DiscreteConfig as DiscreteConfig
from pellucid.learners.transformer.discrete.config import DiscreteTraining as DiscreteTraining
from pellucid.learners.transformer.discrete.fit import FittedDiscrete as FittedDiscrete
from pellucid.learners.transformer.discrete.fit import fit_discrete as fit_discrete
from pellucid.learners.transformer.discrete.options import DiscreteOptions as DiscreteOptions
