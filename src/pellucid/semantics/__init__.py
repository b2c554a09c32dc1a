"""What programs mean: the plain reference, and fast back ends that are compared with it."""
