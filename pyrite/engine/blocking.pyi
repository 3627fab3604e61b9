from pyrite.engine.client import Client

class KeyWait:
    client: Client
    keys: list[bytes]
    on_deletion: bool
