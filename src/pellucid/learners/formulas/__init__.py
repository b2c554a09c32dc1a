"""What learners of formulas share: terms, their values on the data, what a bias allows, programs made of them."""
