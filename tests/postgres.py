"""A real PostgreSQL that a test may kill, freeze, and set up as it likes."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg
import pytest

from tests.parts import free_port, require

USER, PASSWORD, DATABASE = "watertower", "a-secret-of-the-database", "watertower"
WITHIN_S = 30.0
only_files = pytest.mark.parametrize("storage", ["files"], indirect=True)
"""For a test of what is a property of files."""


class Postgres:
    """A server of its own in a folder, with the database `watertower` that the user of that name owns; or a replica of
    `another`, which acknowledges nothing from then on that the replica has not."""

    def __init__(self, folder: Path, another: "Postgres | None" = None) -> None:
        self.programs = Path(require("postgresql"))
        self.port = free_port()
        # not in pytest's folder, which every pytest that starts makes one for its owner alone again
        self.folder = Path(tempfile.mkdtemp(prefix="watertower-postgresql-"))
        self.password_file = folder / "database-password"
        self.password_file.write_text(f"{PASSWORD}\n", encoding="ascii")
        if os.geteuid() == 0:
            subprocess.run(["chown", "postgres", self.folder], check=True)
        self._data = self.folder / "data"
        self._process: subprocess.Popen[bytes] | None = None
        if another is None:
            self._make()
        else:
            self._follow(another)

    def _follow(self, another: "Postgres") -> None:
        where = ("-h", str(another.folder), "-p", str(another.port), "-U", "postgres")
        self._run("pg_basebackup", "-D", str(self._data), "-R", "-c", "fast", "--no-sync", *where)
        self.start()
        another.tell("ALTER SYSTEM SET synchronous_standby_names = '*'", "SELECT pg_reload_conf()")

    def _make(self) -> None:
        words = (
            "--auth-host=scram-sha-256",
            "--auth-local=trust",
            "--username=postgres",
            "--no-sync",
            "--encoding=UTF8",
        )
        self._run("initdb", "-D", str(self._data), "--locale=C.UTF-8", *words)
        with (self._data / "pg_hba.conf").open("a", encoding="ascii") as rules:
            rules.write("host all all samenet scram-sha-256\n")
        self.start()
        self.tell(f"CREATE USER {USER} PASSWORD '{PASSWORD}'", f"CREATE DATABASE {DATABASE} OWNER {USER}")

    @property
    def url(self) -> str:
        """As in tower.yaml."""
        return self.url_at("127.0.0.1")

    def url_at(self, host: str) -> str:
        """The same, by another address of this machine."""
        return f"postgresql://{USER}@{host}:{self.port}/{DATABASE}"

    def url_with(self, spare: "Postgres") -> str:
        """Of whichever of two takes writes."""
        hosts = ",".join(f"127.0.0.1:{each.port}" for each in (self, spare))
        return f"postgresql://{USER}@{hosts}/{DATABASE}?target_session_attrs=read-write"

    def promote(self) -> None:
        """A replica is one no more."""
        self.tell("SELECT pg_promote()")

    def start(self, *settings: str) -> None:
        """Start it, with settings as `max_connections=5`; it takes connections when this returns."""
        more = [word for setting in ("fsync=off", "listen_addresses=127.0.0.1", *settings) for word in ("-c", setting)]
        command = ["-D", str(self._data), "-p", str(self.port), "-k", str(self.folder), *more]
        end = time.monotonic() + WITHIN_S
        while True:
            if self._process is None or self._process.poll() is not None:  # processes of before may still be ending
                (self._data / "postmaster.pid").unlink(missing_ok=True)
                with (self.folder / "log").open("ab") as log:
                    self._process = subprocess.Popen(self._as_user("postgres", *command), stderr=log, stdout=log)
            try:
                psycopg.connect(self._admin(), connect_timeout=2).close()
            except psycopg.OperationalError:
                assert time.monotonic() < end, "PostgreSQL does not take connections"
                time.sleep(0.05)
            else:
                return

    def tell(self, *statements: str, database: str = "postgres") -> list[tuple[object, ...]]:
        """What the administrator says, each in a transaction of its own; the rows of the last."""
        rows: list[tuple[object, ...]] = []
        with psycopg.connect(self._admin(database), autocommit=True) as connection:
            for statement in statements:
                answer = connection.execute(statement)  # type: ignore[call-overload]
                rows = answer.fetchall() if answer.description else []
        return rows

    def stop(self) -> None:
        """End it at once, as with the power off: everything of it is gone when this returns."""
        if self._process is not None:
            self._signal_all(signal.SIGKILL)
            self._process.wait()
            self._process = None

    def remove(self) -> None:
        """Stop it, and delete what it holds."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def freeze(self, *, thaw: bool = False) -> None:
        """Every process of it stops, and goes on with `thaw`."""
        self._signal_all(signal.SIGCONT if thaw else signal.SIGSTOP)

    def _signal_all(self, number: signal.Signals) -> None:
        assert self._process is not None
        top = self._process.pid
        below = subprocess.run(["pgrep", "-P", str(top)], capture_output=True, text=True, check=False).stdout.split()
        for pid in (top, *map(int, below)):
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                continue

    def _admin(self, database: str = "postgres") -> str:
        return f"host={self.folder} port={self.port} user=postgres dbname={database}"

    def _as_user(self, program: str, *words: str) -> list[str]:
        command = [str(self.programs / program), *words]
        if os.geteuid() != 0:
            return command
        return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--pdeathsig=KILL", *command]

    def _run(self, program: str, *words: str) -> None:
        subprocess.run(self._as_user(program, *words), check=True, capture_output=True, timeout=60)
