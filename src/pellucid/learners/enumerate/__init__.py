"""Short terms in rising order of cost, with closed-form last steps."""
