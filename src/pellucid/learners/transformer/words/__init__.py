"""The gradient learner of texts: Transformer Programs over words, and the standard Transformer beside them."""
