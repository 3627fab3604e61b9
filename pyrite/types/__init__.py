"""Values and what can be done with them; no replies, no clients."""
