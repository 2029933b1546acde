"""Serves `.local/out` on 127.0.0.1, so that before and after open in a browser.

The buckets themselves answer nobody without a signature, as on AWS.
"""

import threading
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import Iterator

from . import settings


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_args) -> None:
        """Says nothing: the terminal belongs to the results."""


@contextmanager
def served_results() -> Iterator[str]:
    """The address, for as long as the block runs."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(settings.OUT)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()
