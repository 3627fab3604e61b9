"""Everything that is cimported is C, and Any to a type checker."""

from typing import Any

def __getattr__(name: str) -> Any: ...
