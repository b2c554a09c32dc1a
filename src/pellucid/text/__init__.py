"""Programs from texts: one kind of hard model, two learners that make it, and the pipeline from files to a folder."""
