"""Tools: programs beside the server."""
