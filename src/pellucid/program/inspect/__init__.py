"""What explaining, slicing and blaming share: what fired, where it mattered, and words for it."""
