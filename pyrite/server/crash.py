"""Reports of crashes in the log, as crash-log-enabled says."""

from __future__ import annotations

import faulthandler
import os
import time

from pyrite import __version__
from pyrite.core.crash import ignore_crashes, report_crashes
from pyrite.server.config.config import Config


def follow(config: Config) -> None:
    """Report crashes of this process from now on, or not, and whenever that option changes."""
    spare = os.open(os.devnull, os.O_WRONLY)

    def apply(config: Config) -> None:
        if config.crash_log_enabled:
            faulthandler.enable(spare)
            about = f"Pyrite {__version__}".encode()
            report_crashes(os.fsencode(config.logfile), about, time.localtime().tm_gmtoff, spare)
        else:
            ignore_crashes()
            faulthandler.disable()

    config.on_change("crash-log-enabled", apply)
    apply(config)
