"""Programs that read texts: how they are written as Python, and what they did on one text."""
