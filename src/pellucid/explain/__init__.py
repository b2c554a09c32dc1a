"""One input, one answer, one variable, the errors: what a program does, looked into."""
