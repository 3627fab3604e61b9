"""Configuration: every option of redis.conf, the file and the command line, CONFIG GET, SET and REWRITE.

options       the declarations, one per option
option        what an option is, and the kinds of value many share; special: the kinds that one option has
config        `Config`: typed values, get, set_many, hooks
load          files, standard input, command line -> Config
rewrite       Config -> file
text          quoting, splitting, sizes
"""

from __future__ import annotations

from pyrite.server.config.command_line import Invocation, parse_command_line, usage
from pyrite.server.config.config import Config, Hook
from pyrite.server.config.errors import ConfigError, ConfigFileError, ConfigLoadingError, ConfigSetError
from pyrite.server.config.load import load

__all__ = [
    "Config",
    "ConfigError",
    "ConfigFileError",
    "ConfigLoadingError",
    "ConfigSetError",
    "Hook",
    "Invocation",
    "load",
    "parse_command_line",
    "usage",
]
