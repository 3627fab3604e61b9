from pyrite.engine.state import ServerState

class ReplayError(Exception):
    at: int

class Replay:
    whole: int
    commands: int
    in_transaction: bool

    def __init__(self, server: ServerState) -> None: ...
    def run(self, data: bytes, base: int, left: int, limit: int) -> int: ...
