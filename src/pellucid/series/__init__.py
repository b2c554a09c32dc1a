"""Numeric sequences from the outside: the problem, the learners in turn, the report, the folder and the commands."""
