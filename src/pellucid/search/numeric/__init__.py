"""The search learner for number sequences (NumPy, no JAX).

Learners, the cheap exact ones first (`learn.py`): sparse linear laws and recurrences (`linear.py`), merged finite
machines written as formulas (`machines.py`), enumeration of short terms with closed-form last steps (`enumerated.py`),
sparse regression for noisy reals (`sparse.py`), and an elitist search whose gates are trained by the score function
(`evolve.py`). All of them make terms (`terms.py`) for one output at a time; `build.py` turns terms into a program.
"""

from pellucid.search.numeric.learn import Result as Result
from pellucid.search.numeric.learn import search_numeric as search_numeric
