"""Raw memory: the allocator, entries, tables, the RESP parser and reply buffer. Pointers live here and nowhere else."""
