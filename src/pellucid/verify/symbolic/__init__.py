"""Programs and oracles on symbolic inputs: all inputs of a length at once, for proofs. Needs z3, imported when used."""
