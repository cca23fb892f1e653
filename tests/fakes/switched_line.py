"""A line to PostgreSQL that can be cut and given back, as when the server is away for a while."""

from __future__ import annotations

import contextlib
import socket
import threading

from psycopg.conninfo import conninfo_to_dict, make_conninfo


class SwitchedLine:
    """Forwards a TCP port to the server of a URL. While cut, every open line is dead and every new one is refused."""

    def __init__(self, url: str) -> None:
        known = conninfo_to_dict(url)
        host, port = str(known.get("host") or "localhost"), int(known.get("port") or 5432)
        self._target: str | tuple[str, int] = f"{host}/.s.PGSQL.{port}" if host.startswith("/") else (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._is_cut = threading.Event()
        self._is_closed = threading.Event()
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        kept = {key: value for key, value in known.items() if key not in ("host", "port", "requirepeer", "hostaddr")}
        own_port = self._listener.getsockname()[1]
        plain = {"sslmode": "disable", "gssencmode": "disable"}
        self.url = make_conninfo(**{**kept, **plain, "host": "127.0.0.1", "port": own_port})
        self._start(self._accept)

    def cut(self) -> None:
        self._is_cut.set()
        self._drop_all()

    def mend(self) -> None:
        self._is_cut.clear()

    def close(self) -> None:
        self._is_closed.set()
        with contextlib.suppress(OSError):
            socket.create_connection(self._listener.getsockname()).close()  # wakes accept
        self._threads[0].join()
        self._listener.close()
        self._drop_all()
        for thread in self._threads:
            thread.join()
        for one in self._open:
            one.close()

    def _accept(self) -> None:
        while True:
            client, _ = self._listener.accept()
            if self._is_closed.is_set() or self._is_cut.is_set():
                client.close()
                if self._is_closed.is_set():
                    return
                continue
            server = socket.socket(socket.AF_UNIX if isinstance(self._target, str) else socket.AF_INET)
            server.connect(self._target)
            self._open += [client, server]
            self._start(self._forward, client, server)
            self._start(self._forward, server, client)

    def _start(self, work: object, *arguments: socket.socket) -> None:
        assert callable(work)
        thread = threading.Thread(target=work, args=arguments)
        self._threads.append(thread)
        thread.start()

    def _forward(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
        for end in (source, target):
            _end(end)

    def _drop_all(self) -> None:
        for one in self._open:
            _end(one)


def _end(one: socket.socket) -> None:
    """Both ways at once; closing alone would not wake a thread that reads from it."""
    with contextlib.suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
