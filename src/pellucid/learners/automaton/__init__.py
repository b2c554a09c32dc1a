"""State machines: merged from examples, then written as formulas, or by what each letter does."""
