"""The language of programs: types, expressions, the tables of operators and aggregates, five nodes, programs, JSON."""
