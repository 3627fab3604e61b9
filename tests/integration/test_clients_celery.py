"""Celery with a server as broker and as store of results: a worker of its own runs tasks."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.integration.processes import wait_for
from tests.support import Server

WORKER_TIMEOUT_S = 60

TASKS = """
from celery import Celery, chord, group

app = Celery("tasks", broker="{url}", backend="{url}")
app.conf.update(
    broker_connection_retry_on_startup=True, task_acks_late=True, worker_prefetch_multiplier=1,
    broker_transport_options={{"visibility_timeout": 60}},
)

@app.task
def add(a, b):
    return a + b

@app.task
def total(numbers):
    return sum(numbers)

@app.task(bind=True, max_retries=2, default_retry_delay=0)
def shaky(self):
    if self.request.retries < 2:
        raise self.retry()
    return self.request.retries

if __name__ == "__main__":
    assert add.delay(2, 3).get(timeout={timeout}) == 5
    assert group(add.s(n, n) for n in range(10))().get(timeout={timeout}) == [2 * n for n in range(10)]
    assert (add.s(1, 2) | add.s(3)).delay().get(timeout={timeout}) == 6
    assert chord((add.s(n, 1) for n in range(5)), total.s()).delay().get(timeout={timeout}) == 15
    assert shaky.delay().get(timeout={timeout}) == 2
    failed = add.delay(1, "x")
    assert isinstance(failed.get(timeout={timeout}, propagate=False), TypeError)
    assert add.apply_async((1, 1), countdown=0.2).get(timeout={timeout}) == 2
    assert app.control.ping(timeout=2)
    print("all done")
"""


@contextmanager
def worker(directory: Path) -> Iterator[subprocess.Popen[bytes]]:
    with (directory / "worker.txt").open("wb") as output:
        command = [sys.executable, "-m", "celery", "-A", "tasks", "worker", "--pool", "solo", "--loglevel", "info"]
        process = subprocess.Popen(command, cwd=directory, env=environment(directory), stdout=output, stderr=output)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(WORKER_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def environment(directory: Path) -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(directory), "PYTHONSAFEPATH": "1"}


def test_tasks(server: Server, tmp_path: Path) -> None:
    url = f"redis://127.0.0.1:{server.port}/0"
    (tmp_path / "tasks.py").write_text(TASKS.format(url=url, timeout=WORKER_TIMEOUT_S))
    with worker(tmp_path):
        wait_for(lambda: "ready." in (tmp_path / "worker.txt").read_text(), "the worker is ready", WORKER_TIMEOUT_S)
        done = subprocess.run(
            [sys.executable, "tasks.py"],
            cwd=tmp_path,
            env=environment(tmp_path),
            capture_output=True,
            text=True,
            timeout=WORKER_TIMEOUT_S * 2,
            check=False,
        )
    assert done.stdout == "all done\n", done.stderr + (tmp_path / "worker.txt").read_text()[-3000:]
