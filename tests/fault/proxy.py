"""A line to PostgreSQL that is cut, at random, between an append that commits and its answer."""

from __future__ import annotations

import contextlib
import random
import re
import selectors
import socket
import threading

from psycopg.conninfo import conninfo_to_dict, make_conninfo

APPEND = re.compile(rb"B.{4}\0append_\d+\0", re.DOTALL)  # a Bind of the statement by which commands are stored
LOOK = b'[{"types":['  # and what read_boundary is asked for


class CuttingProxy:
    """Forwards a TCP port to the server of a URL; after a forwarded append it may drop the line without the answer.

    `cuts` counts how often it did. An append is one statement that commits by itself, and is recognised by its
    name. Once a line is cut, one that `stays_deaf` lets no answer to a reading through either.
    """

    def __init__(self, url: str, *, seed: int, chance: float, stays_deaf: bool = False) -> None:
        known = conninfo_to_dict(url)
        host, port = str(known.get("host") or "localhost"), int(known.get("port") or 5432)
        self._target: str | tuple[str, int] = f"{host}/.s.PGSQL.{port}" if host.startswith("/") else (host, port)
        self._dice, self._chance, self._stays_deaf = random.Random(seed), chance, stays_deaf
        self.cuts = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._closed = threading.Event()
        self._lines: list[threading.Thread] = []
        kept = {key: value for key, value in known.items() if key not in ("host", "port", "requirepeer", "hostaddr")}
        own_port = self._listener.getsockname()[1]
        plain = {"sslmode": "disable", "gssencmode": "disable"}  # the proxy must be able to read what is appended
        self.url = make_conninfo(**{**kept, **plain, "host": "127.0.0.1", "port": own_port})
        self._accepting = threading.Thread(target=self._accept)
        self._accepting.start()

    def close(self) -> None:
        self._closed.set()
        with contextlib.suppress(OSError):
            socket.create_connection(self._listener.getsockname()).close()  # wakes accept
        self._accepting.join()
        self._listener.close()
        for line in self._lines:
            line.join()

    def _accept(self) -> None:
        while True:
            client, _ = self._listener.accept()
            if self._closed.is_set():
                client.close()
                return
            line = threading.Thread(target=self._forward, args=(client,))
            line.start()
            self._lines.append(line)

    def _forward(self, client: socket.socket) -> None:
        family = socket.AF_UNIX if isinstance(self._target, str) else socket.AF_INET
        with client, socket.socket(family) as server, selectors.DefaultSelector() as ready:
            server.connect(self._target)
            ready.register(client, selectors.EVENT_READ, server)
            ready.register(server, selectors.EVENT_READ, client)
            with contextlib.suppress(OSError):
                while not self._closed.is_set():
                    for key, _ in ready.select(timeout=0.2):
                        if not self._pass_on(key.fileobj, key.data, server):
                            return

    def _pass_on(self, source: object, target: socket.socket, server: socket.socket) -> bool:
        """False when the line is at its end, or is cut."""
        assert isinstance(source, socket.socket)
        data = source.recv(65536)
        target.sendall(data)
        if not data:
            return False
        fatal = APPEND.search(data) or (self._stays_deaf and self.cuts > 0 and LOOK in data)
        if target is server and fatal and self._dice.random() < self._chance:
            self.cuts += 1
            server.settimeout(5)
            server.recv(65536)  # PostgreSQL has answered, so it has committed; nobody hears it
            return False
        return True
