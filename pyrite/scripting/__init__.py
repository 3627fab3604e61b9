"""Scripts and functions: which there are, what they say of themselves, how libraries go from server to server."""
