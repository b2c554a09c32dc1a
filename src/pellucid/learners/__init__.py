"""The learners: what each can find, and in which order they run."""
