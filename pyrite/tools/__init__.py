"""Tools for the files of a server, each a program of its own."""
