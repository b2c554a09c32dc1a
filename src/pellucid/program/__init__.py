"""The program half: the language, its meaning, its simplification, its text and its verification. Never imports JAX."""
