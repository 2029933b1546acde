"""Counts requests on the wire: a proxy between a contestant and DynamoDB, by the name of the API operation."""

import collections
import socket
import threading


class Counter:
    """Listens on a port of its own, and hands everything on to another."""

    def __init__(self, target: int):
        self.operations: collections.Counter[str] = collections.Counter()
        self.request_bytes = 0
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.endpoint = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def reset(self) -> None:
        """Starts counting from zero."""
        self.operations.clear()
        self.request_bytes = 0

    def _accept(self) -> None:
        while True:
            client, _ = self._listener.accept()
            server = socket.create_connection(("127.0.0.1", self._target))
            threading.Thread(target=self._requests, args=(client, server), daemon=True).start()
            threading.Thread(target=_answers, args=(server, client), daemon=True).start()

    def _requests(self, client: socket.socket, server: socket.socket) -> None:
        """One request after the other, as HTTP/1.1 delimits them: a body is as long as its header says."""
        with client.makefile("rb") as lines:
            while head := _head(lines):
                headers = {name.lower(): value for name, _, value in (line.decode().partition(":") for line in head[1:])}
                body = lines.read(int(headers.get("content-length", "0")))
                # Such as `DynamoDB_20120810.PutItem`.
                operation = headers.get("x-amz-target", "unknown").strip().rpartition(".")[2]
                self.operations[operation] += 1
                self.request_bytes += len(body)
                server.sendall(b"\r\n".join(head) + b"\r\n\r\n" + body)
        server.shutdown(socket.SHUT_WR)


def _head(lines) -> list[bytes]:
    """Request line and headers; nothing at the end of the connection."""
    head = []
    while (line := lines.readline()) and (line := line.rstrip(b"\r\n")):
        head.append(line)
    return head


def _answers(server: socket.socket, client: socket.socket) -> None:
    while data := server.recv(65536):
        client.sendall(data)
    client.close()
