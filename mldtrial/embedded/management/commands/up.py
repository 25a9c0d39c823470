"""Start everything on one machine, in one terminal."""

import argparse
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from mldtrial.embedded import postgres, valkey
from mldtrial.embedded.processes import Process, processes
from mldtrial.embedded.sharing import DatabaseInUse
from mldtrial.embedded.supervisor import Supervisor

WHERE = {"cpu": "CPU (declared)", "openvino": "CPU by OpenVINO (declared)"}


class Command(BaseCommand):
    """Start database, broker, web, workers and sweep; Ctrl-C ends all of them."""

    help = "Start everything on one machine; Ctrl-C stops all of it."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--demo", action="store_true", help="create the demo study")
        parser.add_argument("--port", type=int, default=settings.PORT)

    def handle(self, *_: Any, demo: bool, port: int, **__: Any) -> None:
        """Set up, start, watch, stop."""
        self.data_dir = settings.DATA_DIR
        self.data_dir.mkdir(parents=True, exist_ok=True)
        _refuse_used_port(port)
        device = _declared_device()
        own_database = not os.environ.get("DATABASE_URL")
        own_broker = not os.environ.get("CELERY_BROKER_URL")
        supervisor = self._supervisor(device, port, own_broker=own_broker)
        signal.signal(signal.SIGINT, supervisor.request_stop)
        signal.signal(signal.SIGTERM, supervisor.request_stop)
        with DatabaseInUse(self.data_dir) if own_database else nullcontext():
            self._run(supervisor, port, device, demo=demo)
        self.stdout.write("Stopped.")

    def _run(self, supervisor: Supervisor, port: int, device: str, *, demo: bool) -> None:
        try:
            self._set_up(demo=demo)
            if not supervisor.is_stopping:
                supervisor.start()
                supervisor.watch(on_ready=lambda: self._announce(port, device))
        except CommandError:
            # Ctrl-C reaches a set-up step too, which then fails; that is no error.
            if not supervisor.is_stopping:
                raise
        finally:
            self.stdout.write("Stopping ...")
            supervisor.stop()

    def _supervisor(self, device: str, port: int, *, own_broker: bool) -> Supervisor:
        listed = list(processes(port=port, device=device, threads=os.cpu_count() or 1))
        if own_broker:
            valkey.prepare(self.data_dir)
            broker = tuple(valkey.command(self.data_dir))
            listed.insert(0, Process("broker", broker, is_server=True))
        return Supervisor(listed, folder=settings.BASE_DIR, say=self._say)

    def _say(self, line: str) -> None:
        if "broker |" not in line:
            self.stdout.write(line)
            self.stdout.flush()

    def _set_up(self, *, demo: bool) -> None:
        owner = os.environ.get("DATABASE_OWNER_URL") or os.environ.get("DATABASE_URL")
        self._manage("migrate", "--verbosity", "0", DATABASE_URL=owner or self._embedded_owner())
        self._manage("collectstatic", "--noinput", "--verbosity", "0")
        if demo:
            self._manage("create_demo")

    def _embedded_owner(self) -> str:
        return postgres.urls(self.data_dir).owner

    def _manage(self, *arguments: str, **environment: str) -> None:
        done = subprocess.run(  # noqa: S603 - our own commands
            [sys.executable, "manage.py", *arguments],
            cwd=settings.BASE_DIR,
            env={**os.environ, **environment},
            check=False,
        )
        if done.returncode:
            raise CommandError(f"'manage.py {arguments[0]}' failed; see the lines above.")

    def _announce(self, port: int, device: str) -> bool:
        if not _answers(f"http://127.0.0.1:{port}/health/ready"):
            return False
        where = WHERE.get(device, "the GPU")
        lines = ["", f"Ready: http://127.0.0.1:{port}/   Segmentation on {where}."]
        sign_ins = Path(self.data_dir) / "demo_sign_ins.txt"
        if sign_ins.exists():
            lines.append(sign_ins.read_text())
        lines.append("Ctrl-C stops everything.")
        self.stdout.write("\n".join(lines))
        self.stdout.flush()
        return True


def _refuse_used_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise CommandError(
                f"Port {port} is in use. Set MLDTRIAL_PORT or give --port another number."
            ) from error


def _declared_device() -> str:
    """Return the declared device; a GPU that is asked for must be there."""
    device: str = settings.SEGMENTATION_DEVICE
    if device in settings.DEVICES_WITHOUT_GPU:
        return device
    if device.partition(":")[0] != "cuda":
        raise CommandError(
            f"MLDTRIAL_DEVICE={device} is not known. Declare cpu, openvino (a processor, by "
            "faster kernels, not identical voxel by voxel) or cuda."
        )
    probe = "import sys, torch; sys.exit(0 if torch.cuda.is_available() else 1)"
    if subprocess.run([sys.executable, "-c", probe], check=False).returncode:  # noqa: S603
        raise CommandError(
            f"MLDTRIAL_DEVICE={device} asks for a GPU and none is usable. "
            "Install a CUDA build of torch, or declare MLDTRIAL_DEVICE=cpu."
        )
    return device


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=2) as answer:  # noqa: S310 - loopback
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
