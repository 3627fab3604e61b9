from pyrite.engine.state import ServerState

class ReplayError(Exception):
    at: int

class UnknownCommandError(ReplayError): ...

class Replay:
    whole: int
    commands: int
    in_transaction: bool

    def __init__(self, server: ServerState, start: int = ...) -> None: ...
    def run(self, data: bytes, base: int, left: int, limit: int) -> int: ...
