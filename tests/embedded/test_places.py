"""Sockets have short paths, in a folder that nobody else can offer."""

import os
from pathlib import Path

import pytest

from mldtrial.embedded import places, postgres, valkey

LONGEST_SOCKET_BYTES = 107


def longest_socket(data_dir: Path) -> int:
    sockets = (
        places.socket_dir(data_dir) / "pg" / ".s.PGSQL.5432.lock",
        valkey.socket_path(data_dir),
    )
    return max(len(os.fsencode(path)) for path in sockets)


def test_a_deep_data_folder_still_has_short_sockets(tmp_path: Path):
    assert longest_socket(tmp_path.joinpath(*["deeper"] * 40)) <= LONGEST_SOCKET_BYTES


def test_a_long_temporary_folder_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    long = tmp_path.joinpath(*["x" * 40] * 4)
    long.mkdir(parents=True)
    monkeypatch.setattr(places.tempfile, "gettempdir", lambda: str(long))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(long))
    assert longest_socket(tmp_path) <= LONGEST_SOCKET_BYTES


def test_two_data_folders_do_not_share_sockets(tmp_path: Path):
    assert places.socket_dir(tmp_path / "a") != places.socket_dir(tmp_path / "b")


def test_root_does_not_use_its_closed_run_time_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setattr(places.os, "geteuid", lambda: 0)
    assert not places.socket_dir(tmp_path).is_relative_to(tmp_path)


def test_a_user_has_sockets_in_the_run_time_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(places, "_is_short_enough", lambda _: True)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setattr(places.os, "geteuid", lambda: 1000)
    assert places.socket_dir(tmp_path).parent == tmp_path


def test_a_socket_folder_of_someone_else_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(places.tempfile, "gettempdir", lambda: str(tmp_path))
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.setattr(places, "_is_short_enough", lambda _: True)
    (tmp_path / "elsewhere").mkdir()
    places.socket_dir(tmp_path).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(RuntimeError, match="belongs to someone else"):
        places.make_socket_dir(tmp_path)


def test_addresses_are_computed_without_starting_anything(tmp_path: Path):
    found = postgres.urls(tmp_path)
    assert found.app.startswith("postgresql://mldtrial_app@/")
    assert found.owner.startswith("postgresql://mldtrial_owner@/")
    assert not places.socket_dir(tmp_path).exists()
