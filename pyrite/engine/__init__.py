"""From bytes on a connection to the call of a handler: clients, declarations, dispatch."""
