"""One input, one answer, one variable, the errors: what a program does, looked into."""

from pellucid.explain.explanation import Explanation as Explanation
from pellucid.explain.explanation import explain as explain
