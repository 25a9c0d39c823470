"""The embedded broker keeps its messages and refuses rather than forgets."""

import tempfile
from pathlib import Path

import redis

from mldtrial.embedded import places, valkey


def test_messages_survive_a_restart_and_none_is_evicted():
    with tempfile.TemporaryDirectory(prefix="mldtrial-test-") as folder:
        data_dir = Path(folder)
        for _ in range(2):
            child = valkey.start(data_dir)
            try:
                with redis.Redis(unix_socket_path=str(valkey.socket_path(data_dir))) as client:
                    client.rpush("bell", "ring")
                    length = client.llen("bell")
                    settings = client.config_get("maxmemory-policy", "appendonly", "port")
            finally:
                child.terminate()
                child.wait()
        places.socket_dir(data_dir).rmdir()
    assert length == 2
    assert settings == {"maxmemory-policy": "noeviction", "appendonly": "yes", "port": "0"}


def test_the_address_has_three_slashes(tmp_path: Path):
    assert valkey.url(tmp_path).startswith("redis+socket:///")
