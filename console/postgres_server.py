"""One PostgreSQL of the wheel's programs: who runs it, how it starts and stops, and whether it truly lives."""

import hashlib
import os
import pwd
import shlex
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from urllib.parse import quote

import psycopg

from console.errors import EmbeddedDatabaseError

NAME = "zapisnik"  # of the superuser and the database, and of root's system user
START_SECONDS = 60
SOCKET_PATH_LIMIT = 103  # sun_path has 108 bytes on Linux and 104 on macOS, with the closing NUL
LOG_LIMIT = 10_000_000
PID_NEVER_USED = 2**31 - 1  # Linux gives at most 2^22
DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
PRIVATE = {"listen_addresses": "", "unix_socket_permissions": "0700", "port": "5432"}  # a mere socket name
SETTINGS = MappingProxyType({**DURABLE, **PRIVATE, "max_connections": "100", "timezone": "UTC"})


@dataclass(frozen=True)
class Account:
    """Who runs PostgreSQL: ourselves, or a system user if we are root, whom PostgreSQL refuses."""

    uid: int
    gid: int
    name: str

    def run(self, *command: str | Path, timeout: float, **env: str) -> subprocess.CompletedProcess[str]:
        """Run a program as this account, out of reach of the terminal's Ctrl-C and of our PG* variables."""
        user, group = (self.uid, self.gid) if self.uid != os.geteuid() else (None, None)
        return subprocess.run(
            command, check=False, timeout=timeout, cwd=env.get("PGDATA", "/"), umask=0o077, start_new_session=True,
            env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", **env}, stdin=subprocess.DEVNULL,
            user=user, group=group, extra_groups=None if user is None else [],
            capture_output=True, text=True, errors="replace",
        )  # fmt: skip  # a line an argument would hide what matters

    def own(self, path: Path, mode: int = 0o700) -> None:
        """Make the directory if need be: this account's alone or, with another mode, ours that it may pass."""
        path.mkdir(mode=0o700, exist_ok=True)
        os.chown(path, self.uid if mode == 0o700 else os.geteuid(), self.gid)
        path.chmod(mode)


@dataclass(frozen=True)
class Server:
    """One data directory, beside its socket and log, and the programs that serve it."""

    data: Path
    bin: Path
    account: Account

    def url(self, database: str) -> str:
        """By the socket that the running server wrote down, if only its own user listens there."""
        socket = "".join(self._pid_file()[4:5]) or self._socket_directory()
        place = f"{quote(os.fsencode(socket), safe='')}:{SETTINGS['port']}/{database}"
        # After a reboot anyone could listen under /tmp in our name, hence libpq's requirepeer.
        return f"postgresql://{NAME}@{place}?requirepeer={quote(self.account.name, safe='')}"

    def bring_up(self, settings: Mapping[str, str]) -> None:
        """Return once the server answers; start it unless its process is there, recovering or just ending."""
        deadline, said = time.monotonic() + START_SECONDS, ""
        while (trouble := self._trouble()) is not None:
            if time.monotonic() > deadline:
                said = said or f"Process {''.join(self._pid_file()[:1])}: {trouble}"
                raise EmbeddedDatabaseError(f"{self.data} is held by a PostgreSQL that does not answer: end it", said)
            if not self.is_alive():
                said = self._launch(settings, deadline - time.monotonic())
            time.sleep(0.2)

    def shut_down(self) -> bool:
        # pg_ctl signals whatever process the pid file names, so it is only asked about our own.
        if not self.is_alive():
            return False
        stop = ["stop", "-w", "-m", "fast", "-t", str(START_SECONDS), "-D", str(self.data)]
        done = self.account.run(self.bin / "pg_ctl", *stop, timeout=START_SECONDS + 10)
        if done.returncode and self.is_alive():
            raise EmbeddedDatabaseError(f"PostgreSQL does not leave {self.data}: end it by hand", done.stderr)
        with suppress(OSError):
            self._socket_directory().rmdir()  # lest /tmp fill up
        return True

    def _trouble(self) -> str | None:
        """Why the server does not answer a `SELECT`, or nothing; no pid file is believed. Our database is made."""
        try:
            with psycopg.connect(self.url("postgres"), autocommit=True, connect_timeout=5) as connection:
                if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [NAME]).fetchone():
                    connection.execute(f'CREATE DATABASE "{NAME}"')
        except psycopg.Error as error:
            return str(error).strip()
        return None

    def _launch(self, settings: Mapping[str, str], seconds: float) -> str:
        self._clear_pid_file()
        log = self.data.with_name("server.log")
        if log.exists() and log.stat().st_size > LOG_LIMIT:
            log.replace(log.with_suffix(".log.1"))
        log.touch(mode=0o600)
        os.chown(log, self.account.uid, self.account.gid)
        seen = log.stat().st_size
        words = ["-D", str(self.data), "-c", f"unix_socket_directories={self._socket_directory()}"]
        words += [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        # pg_ctl pastes -D and -l into a shell's line as they are; PGDATA and a relative log are safe there.
        start = ["start", "-w", "-t", str(max(1, round(seconds))), "-l", "../server.log", "-o", shlex.join(words)]
        done = self.account.run(self.bin / "pg_ctl", *start, timeout=START_SECONDS + 10, PGDATA=str(self.data))
        ending = log.read_bytes()[seen:].decode(errors="replace") or done.stderr
        # A killed server's sessions may live a moment longer, and PostgreSQL rightly waits for them to go.
        if done.returncode and "shared memory block" not in ending:
            raise EmbeddedDatabaseError(f"PostgreSQL did not start in {self.data}: mend that", ending)
        return ending

    def _pid_file(self) -> list[str]:
        """Lines of postmaster.pid: pid, data, start time, port, socket directory, address, shared memory, state."""
        try:
            return os.fsdecode((self.data / "postmaster.pid").read_bytes()).splitlines()
        except FileNotFoundError:
            return []

    def is_alive(self) -> bool:
        """Whether the recorded pid serves this very data directory, and is no zombie and no stranger."""
        pid = "".join(self._pid_file()[:1]).strip()
        return pid.isdecimal() and f" {self.data} " in (_command_line(int(pid)) or "")

    def _clear_pid_file(self) -> None:
        """PostgreSQL steps over a dead pid by itself, but not over one that a stranger or a zombie has."""
        path, lines = self.data / "postmaster.pid", self._pid_file()
        if path.exists() and not "".join(lines[:1]).strip().lstrip("-").isdecimal():
            time.sleep(1)  # it may be being written just now, by a server whose starter was killed
            if self._pid_file() == lines:
                path.unlink()
        elif lines and _command_line(abs(int(lines[0]))) is not None:
            # Only the pid goes: the shared memory named further down must still keep two servers apart.
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_TRUNC | os.O_NOFOLLOW), "wb") as file:
                file.write(os.fsencode("\n".join([str(PID_NEVER_USED), *lines[1:], ""])))
        (self._socket_directory() / f".s.PGSQL.{SETTINGS['port']}.lock").unlink(missing_ok=True)  # the same pid

    def _socket_directory(self) -> Path:
        """Private to the server's user: beside the data or, if that path cannot name a socket, under /tmp."""
        near = self.data.with_name("socket")
        # A comma parts several sockets, in PostgreSQL's setting and in libpq's host.
        if len(os.fsencode(near / ".s.PGSQL.5432")) <= SOCKET_PATH_LIMIT and "," not in str(near):
            self.account.own(near)
            return near
        digest = hashlib.sha256(os.fsencode(self.data)).hexdigest()[:16]
        far = Path(f"/tmp/{NAME}-{self.account.uid}-{digest}")  # noqa: S108  # its owner is checked
        with suppress(FileExistsError):
            far.mkdir(mode=0o700)
        if far.is_symlink() or not far.is_dir() or far.stat().st_uid not in {self.account.uid, os.geteuid()}:
            raise EmbeddedDatabaseError(f"{far} is not ours: remove it, use a shorter ZAPISNIK_HOME")
        self.account.own(far)
        return far


def find_account() -> Account:
    """Ourselves; for root the system user, made at first use by the commands of shadow or of BusyBox."""
    uid = os.geteuid()
    shadow = f"useradd --system --user-group --no-create-home --home-dir /nonexistent --shell /bin/false {NAME}"
    busybox = f"addgroup -S {NAME}", f"adduser -S -D -H -G {NAME} -s /bin/false {NAME}"
    for command in ("", shadow, *busybox):
        with suppress(FileNotFoundError):
            if command:
                subprocess.run(command.split(), check=False, capture_output=True)
        with suppress(KeyError):
            found = pwd.getpwuid(uid) if uid else pwd.getpwnam(NAME)
            return Account(found.pw_uid, os.getegid() if uid else found.pw_gid, found.pw_name)
        if uid:
            raise EmbeddedDatabaseError(f"PostgreSQL needs a name for user {uid}: add it to /etc/passwd")
    raise EmbeddedDatabaseError(f"PostgreSQL refuses root: add a system user {NAME} for it")


def _command_line(pid: int) -> str | None:
    """What runs as this pid: nothing if nobody has it, an empty text if a zombie has."""
    with suppress(OSError):
        return os.fsdecode(Path(f"/proc/{pid}/cmdline").read_bytes()).replace("\0", " ")
    if Path("/proc/self").exists():
        return None
    ps = ["ps", "-ww", "-o", "args=", "-p", str(pid)]
    return subprocess.run(ps, check=False, capture_output=True, text=True).stdout or None
