"""Commands, one module per family: parse, call, reply."""
