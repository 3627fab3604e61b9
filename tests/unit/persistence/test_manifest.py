"""The manifest of the append-only log."""

from pathlib import Path

import pytest

from pyrite.persistence import manifest as manifests
from pyrite.persistence.manifest import LogFile, Manifest, ManifestError, parse

TEXT = b"""file appendonly.aof.2.base.rdb seq 2 type b
file appendonly.aof.1.base.rdb seq 1 type h
file appendonly.aof.1.incr.aof seq 1 type h
file appendonly.aof.3.incr.aof seq 3 type i
file appendonly.aof.4.incr.aof seq 4 type i
"""


def test_it_is_read_and_written_back() -> None:
    manifest = parse(TEXT)
    assert manifest.base == LogFile("appendonly.aof.2.base.rdb", 2, "b")
    assert [file.sequence for file in manifest.increments] == [3, 4]
    assert len(manifest.history) == 2
    assert manifest.text() == TEXT
    assert parse(manifest.text()) == manifest


def test_names_with_blanks_are_quoted() -> None:
    manifest = Manifest().with_increment("my log").with_increment("my log")
    assert b'file "my log.1.incr.aof" seq 1 type i' in manifest.text()
    assert parse(manifest.text()) == manifest


def test_comments_and_unknown_fields_are_left_alone() -> None:
    manifest = parse(b"# a comment\nfile a.1.incr.aof seq 1 type i startoffset 7\n")
    assert manifest.increments == (LogFile("a.1.incr.aof", 1, "i"),)


@pytest.mark.parametrize(
    ("text", "problem", "line"),
    [
        (b"", manifests.EMPTY, 0),
        (b"\n", manifests.BAD_FORMAT, 1),
        (b"file a seq 1\n", manifests.BAD_FORMAT, 1),
        (b"file a seq 1 type i more\n", manifests.BAD_FORMAT, 1),
        (b'file "a seq 1 type i\n', manifests.BAD_FORMAT, 1),
        (b"file a seq x type i\n", manifests.BAD_FORMAT, 1),
        (b"file a seq 0 type i\n", manifests.BAD_FORMAT, 1),
        (b"file a seq -1 type i\n", manifests.BAD_FORMAT, 1),
        (b"file a seq 99999999999999999999 type i\n", manifests.BAD_FORMAT, 1),
        (b"file a seq 1 type ii\n", manifests.BAD_FORMAT, 1),
        (b"file ../a seq 1 type i\n", "File can't be a path, just a filename", 1),
        (b"file .. seq 1 type i\n", "File can't be a path, just a filename", 1),
        (b"file a seq 1 type x\n", manifests.UNKNOWN_TYPE, 1),
        (b"file a seq 1 type b\nfile b seq 2 type b\n", manifests.TWO_BASES, 2),
        (b"file a seq 2 type i\nfile b seq 2 type i\n", manifests.NOT_RISING, 2),
        (b"file a seq 2 type i\nfile b seq 1 type i\n", manifests.NOT_RISING, 2),
        (b"file " + b"a" * 2000 + b" seq 1 type i\n", manifests.LONG_LINE, 1),
        (b"file a seq 1 type i", manifests.LONG_LINE, 1),
    ],
)
def test_damage_is_named_with_its_line(text: bytes, problem: str, line: int) -> None:
    with pytest.raises(ManifestError) as caught:
        parse(text)
    assert str(caught.value) == problem
    assert caught.value.line == line


def test_any_cut_is_refused_or_a_shorter_manifest() -> None:
    whole = parse(TEXT)
    for end in range(len(TEXT)):
        try:
            cut = parse(TEXT[:end])
        except ManifestError:
            continue
        assert TEXT[:end].endswith(b"\n")
        assert len(cut.files) + len(cut.history) < len(whole.files) + len(whole.history)


def test_a_rewrite() -> None:
    manifest = Manifest().with_base("log", is_rdb=True).with_increment("log")
    during = manifest.with_increment("log")
    after = during.with_base("log", is_rdb=False).rewritten(1)
    assert [file.name for file in after.files] == ["log.2.base.aof", "log.2.incr.aof"]
    assert [(file.name, file.type) for file in after.history] == [("log.1.incr.aof", "h"), ("log.1.base.rdb", "h")]
    assert after.without_history().history == ()
    assert after.rewritten(0).increments == ()
    assert after.rewritten(0).with_increment("log").files[-1].name == "log.3.incr.aof"
    # Not before the old ones are gone may a name be used again.
    assert after.rewritten(0).without_history().with_increment("log").files[-1].name == "log.1.incr.aof"


def test_it_is_replaced_as_a_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "log.manifest"
    old = Manifest().with_base("log", is_rdb=True)
    manifests.write(str(path), old)
    assert manifests.read(str(path)) == old

    def fail(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(manifests.os, "fsync", fail)
    with pytest.raises(OSError, match="No space"):
        manifests.write(str(path), old.with_increment("log"))
    assert manifests.read(str(path)) == old
    assert [entry.name for entry in tmp_path.iterdir()] == ["log.manifest"]


def test_there_may_be_none(tmp_path: Path) -> None:
    assert manifests.read(str(tmp_path / "none")) is None


def test_a_number_that_the_history_has_is_not_used_again() -> None:
    """A file of the history is to be removed, whenever that is."""
    manifest = parse(
        b"file a.aof.2.base.rdb seq 2 type b\nfile a.aof.3.base.rdb seq 3 type h\n"
        b"file a.aof.1.incr.aof seq 1 type h\nfile a.aof.2.incr.aof seq 2 type h\n"
    )
    assert manifest.with_increment("a.aof").increments[-1].name == "a.aof.3.incr.aof"
    base = manifest.with_base("a.aof", is_rdb=True).base
    assert base is not None
    assert base.name == "a.aof.4.base.rdb"


def test_a_directory_that_can_not_be_flushed_leaves_the_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: str) -> None:
        raise OSError(5, "Input/output error")

    path = str(tmp_path / "a.aof.manifest")
    manifests.write(path, Manifest().with_base("a.aof", is_rdb=True))
    monkeypatch.setattr(manifests, "sync_directory", fail)
    changed = Manifest().with_base("a.aof", is_rdb=False)
    with pytest.raises(manifests.NotFlushedError):
        manifests.write(path, changed)
    assert manifests.read(path) == changed
