"""From a program to Python text that anybody can read and run: standard library only, nothing done at import."""
