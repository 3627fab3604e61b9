"""A progress bar."""

from __future__ import annotations

import sys
import time

BAR_CELLS = 40


class Bar:
    """A progress bar on standard error, if that is a terminal; only for a file that takes a while."""

    AFTER_S = 0.5

    def __init__(self, total_bytes: int) -> None:
        self._total = total_bytes
        self._started_s = time.monotonic()
        self._shows = total_bytes > 0 and sys.stderr.isatty()
        self._is_drawn = False

    def at(self, done_bytes: int) -> None:
        """So many bytes are checked."""
        elapsed_s = time.monotonic() - self._started_s
        if not self._shows or elapsed_s < self.AFTER_S:
            return
        self._is_drawn = True
        share = min(done_bytes / self._total, 1.0)
        cells = "#" * round(share * BAR_CELLS)
        speed = done_bytes / elapsed_s / 1024**2
        sys.stderr.write(f"\r[{cells:<{BAR_CELLS}}] {share * 100:3.0f} %  {speed:.0f} MB/s ")
        sys.stderr.flush()

    def clear(self) -> None:
        """Make room for a line of the report."""
        if self._is_drawn:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
            self._is_drawn = False
