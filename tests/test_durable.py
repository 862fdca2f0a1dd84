"""Whole files, swapped folders, and a full disk put into words."""

import errno
import shutil

import pytest

from edgegeo import durable
from edgegeo.errors import EngineError


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "a"
    durable.write_file(path, b"old")

    def fail(_handle):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(durable.os, "fsync", fail)
    with pytest.raises(OSError, match="No space"):
        durable.write_file(path, b"new")
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["a"]


def test_exchange_swaps_two_folders(tmp_path):
    for name in "ab":
        (tmp_path / name).mkdir()
        (tmp_path / name / name).touch()
    if not durable.exchange(tmp_path / "a", tmp_path / "b"):
        pytest.skip("this file system cannot exchange two paths")
    assert (tmp_path / "a" / "b").exists()
    assert (tmp_path / "b" / "a").exists()


def test_exchange_with_nothing_is_false(tmp_path):
    assert not durable.exchange(tmp_path / "a", tmp_path / "b")


def test_hashed_file_hashes_what_it_writes(tmp_path):
    with durable.hashed_file(tmp_path / "a") as file:
        file.write(b"a")
        file.write(b"bc")
    assert (tmp_path / "a").read_bytes() == b"abc"
    assert file.bytes == 3
    assert file.digest.startswith("ba7816bf")  # SHA-256 of "abc"


def test_a_full_disk_is_explained_and_other_errors_pass(tmp_path):
    with pytest.raises(EngineError, match="free some space"), durable.disk_full_explained(tmp_path):
        raise OSError(errno.ENOSPC, "No space left on device")
    with pytest.raises(PermissionError), durable.disk_full_explained(tmp_path):
        raise PermissionError(errno.EACCES, "Permission denied")


@pytest.mark.parametrize("swaps", [True, False])
def test_a_finished_folder_takes_the_place_of_an_older_one(tmp_path, monkeypatch, swaps):
    if not swaps:
        monkeypatch.setattr(durable, "exchange", lambda _a, _b: False)
    scratch, out = tmp_path / "scratch", tmp_path / "model"
    for text in ("first", "second"):
        (scratch / "made").mkdir(parents=True)
        (scratch / "made" / "a.txt").write_text(text)
        durable.put_in_place(scratch / "made", out)
        assert (out / "a.txt").read_text() == text
        shutil.rmtree(scratch)
    assert [path.name for path in tmp_path.iterdir()] == ["model"]
