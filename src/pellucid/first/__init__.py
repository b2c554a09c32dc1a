"""What only the first edition's stack uses; goes with it."""
