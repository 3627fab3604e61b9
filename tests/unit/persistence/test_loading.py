"""The LOADING state: when clients have their turn, and how far loading is over several files."""

from types import SimpleNamespace
from typing import Any

import pytest

from pyrite.persistence.loading import GUARD_LOADING, Loading, LoadingStopped

OTHER_GUARD = 2


def server(interval_bytes: int = 1000) -> Any:
    """What loading needs of a server; `turns` counts those that clients had."""
    made = SimpleNamespace(
        guards=OTHER_GUARD,
        turns=0,
        config=SimpleNamespace(loading_process_events_interval_bytes=interval_bytes),
        cron=SimpleNamespace(note_memory=lambda: None),
        watcher=SimpleNamespace(serve=None),
    )

    def serve_meanwhile(_: object) -> None:
        made.turns += 1

    made.poller = SimpleNamespace(serve_meanwhile=serve_meanwhile, stopping=False)
    return made


def test_commands_are_refused_while_it_lasts() -> None:
    made = server()
    loading = Loading(made)
    assert not loading.active
    with loading.of(5000):
        assert loading.active
        assert made.guards == GUARD_LOADING | OTHER_GUARD
        assert loading.total_bytes == 5000
    assert not loading.active
    assert made.guards == OTHER_GUARD


def test_turns_come_by_bytes_over_all_files() -> None:
    made = server()
    loading = Loading(made)
    with loading.of(5000) as progress:
        for done in range(100, 1001, 100):
            progress.at(done)
        assert (made.turns, progress.loaded_bytes) == (1, 1000)
        progress.at(1500)
        progress.file_done(1600)
        assert (made.turns, progress.loaded_bytes) == (1, 1600)
        progress.at(300)
        assert (made.turns, progress.loaded_bytes) == (1, 1900)
        progress.at(450)
        assert (made.turns, progress.loaded_bytes) == (2, 2050)
        progress.at(3000)
        assert made.turns == 3
    with loading.of(10):
        assert loading.loaded_bytes == 0
        loading.at(999)
        assert made.turns == 3


def test_a_failure_leaves_it_loading() -> None:
    made = server()
    loading = Loading(made)
    with pytest.raises(ValueError, match="broken"), loading.of(5000):
        raise ValueError("broken")
    assert loading.active
    assert made.guards & GUARD_LOADING
    loading.end()
    assert not loading.active


def test_the_end_of_the_server_ends_it() -> None:
    made = server()
    loading = Loading(made)
    with loading.of(5000):
        loading.at(500)
        made.poller.stopping = True
        loading.at(900)
        with pytest.raises(LoadingStopped):
            loading.at(1000)
