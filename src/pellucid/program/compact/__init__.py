"""Compact simplification: a smaller program that is no worse on held-out data, and a front of still smaller ones.

Unlike the exact passes this may change the function. The given program's own variables and simple stand-ins for them
make a library (`library`); readouts over few of those are fitted to the training data (`tables`, `select`); what comes
out is simplified on the data seen, put into closed forms and measured on the validation data (`judge`).
"""

from pellucid.program.compact.front import Compacted as Compacted
from pellucid.program.compact.front import compact as compact
from pellucid.program.compact.judge import Candidate as Candidate
from pellucid.program.compact.measure import Changes as Changes
