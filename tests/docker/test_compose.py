"""The containers run the same parts, with the same commands, as one terminal does."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from mldtrial.embedded import postgres, valkey
from mldtrial.embedded.processes import Process, processes

ROOT = Path(__file__).resolve().parent.parent.parent
DOCKER = ROOT / "docker"
COMPOSE: dict[str, Any] = yaml.safe_load((DOCKER / "compose.yaml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]


def in_container(process: Process) -> list[str]:
    assert process.command[0] == sys.executable
    return ["python", *process.command[1:]]


def listed(device: str) -> tuple[Process, ...]:
    return processes(port=8000, device=device, threads=2, host="0.0.0.0")  # noqa: S104 - inside a container


@pytest.mark.parametrize("process", listed("cpu"), ids=lambda process: process.name)
def test_each_process_has_a_service_with_its_command(process: Process):
    service = SERVICES[process.name]
    assert service["command"] == in_container(process)
    assert set(process.environment) <= set(service["environment"])


def test_the_gpu_worker_has_the_command_of_a_gpu_worker():
    process = next(p for p in listed("cuda") if p.name == "segmentation")
    assert SERVICES["segmentation-gpu"]["command"] == in_container(process)
    assert SERVICES["segmentation-gpu"]["environment"]["MLDTRIAL_DEVICE"] == "cuda"


def test_workers_keep_large_buffers_as_the_supervisor_has_it():
    process = next(p for p in listed("cpu") if p.name == "segmentation")
    for name in ("segmentation", "segmentation-gpu"):
        found = SERVICES[name]["environment"]["GLIBC_TUNABLES"]
        assert found == process.environment["GLIBC_TUNABLES"]


def test_no_service_is_left_over():
    known = {process.name for process in listed("cpu")}
    assert set(SERVICES) == known | {"database", "broker", "migrate", "segmentation-gpu"}


def test_the_image_starts_the_web_server_when_told_nothing():
    command = re.search(r"^CMD (\[.*\])$", (DOCKER / "Dockerfile").read_text(), re.MULTILINE)
    assert command is not None
    assert yaml.safe_load(command[1]) == SERVICES["web"]["command"]


def test_the_image_takes_the_torch_that_is_required():
    wanted = re.search(r"^torch==\S+", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    taken = re.search(r"^ARG TORCH=(\S+)$", (DOCKER / "Dockerfile").read_text(), re.MULTILINE)
    assert wanted is not None
    assert taken is not None
    assert taken[1] == wanted[0]


def test_the_image_does_not_run_as_root():
    stages = (DOCKER / "Dockerfile").read_text().split("\nFROM ")
    assert "\nUSER mldtrial\n" in stages[-1]


def test_the_broker_keeps_its_messages_as_the_embedded_one_does(tmp_path: Path):
    embedded = valkey.command(tmp_path)
    contained = SERVICES["broker"]["command"]
    for option in ("--appendonly", "--maxmemory-policy", "--save"):
        assert contained[contained.index(option) + 1] == embedded[embedded.index(option) + 1]
    assert "--requirepass" in contained
    assert "ports" not in SERVICES["broker"]


def test_the_application_role_has_the_same_rights_as_in_the_embedded_database():
    script = (DOCKER / "roles.sh").read_text()
    missing = [statement for statement in postgres.GRANTS if f"{statement};" not in script]
    assert missing == []


def test_only_migrations_connect_as_the_owner():
    owners = {
        name
        for name, service in SERVICES.items()
        if postgres.OWNER in str(service.get("environment", {}).get("DATABASE_URL"))
    }
    assert owners == {"migrate"}


def test_the_web_port_is_published_on_the_loopback_interface_only():
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert published == {"web": ["127.0.0.1:8000:8000"]}


def test_no_secret_has_a_default():
    text = (DOCKER / "compose.yaml").read_text()
    secrets = re.findall(r"\$\{(\w*(?:PASSWORD|SECRET)\w*)([^}]*)\}", text)
    optional = {"DJANGO_SECRET_KEY_FALLBACKS", "EMAIL_HOST_PASSWORD", "OIDC_CLIENT_SECRET"}
    assert {name for name, _ in secrets} - optional == {
        "POSTGRES_PASSWORD",
        "OWNER_PASSWORD",
        "APP_PASSWORD",
        "VALKEY_PASSWORD",
        "DJANGO_SECRET_KEY",
    }
    assert {default for name, default in secrets if name not in optional} == {":?"}
    assert {default for name, default in secrets if name in optional} == {":-"}


def test_every_variable_of_the_compose_file_stands_in_the_example():
    used = set(re.findall(r"\$\{(\w+)", (DOCKER / "compose.yaml").read_text()))
    example = (DOCKER / "example.env").read_text()
    assert used <= set(re.findall(r"^(\w+)=", example, re.MULTILINE))


def test_a_container_without_a_database_says_so(tmp_path: Path):
    run = subprocess.run(
        [sys.executable, str(DOCKER / "entrypoint.py"), "true"],
        env={
            **os.environ,
            "DATABASE_URL": f"postgresql://app@/trial?host={tmp_path}",
            "MLDTRIAL_DATA": str(tmp_path),
            "MLDTRIAL_WAIT_SECONDS": "0",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 1
    assert run.stderr == "The database of DATABASE_URL did not answer within 0 s.\n"
