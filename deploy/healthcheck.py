"""Exit status 0 when the process in this container says that it is well.

Where clients need a certificate of their own, only that the door is open is asked.
"""

from __future__ import annotations

import os
import socket
import ssl
import sys
import urllib.error
import urllib.request

_SECONDS = 4.0


def main() -> int:
    """0 or 1, as Docker wants it; the reason goes to standard output."""
    port = os.environ.get("RUNSTREAM_PORT", "5000")
    try:
        if os.environ.get("RUNSTREAM_TLS_CLIENT_CA"):
            socket.create_connection(("127.0.0.1", int(port)), _SECONDS).close()
            return 0
        return 0 if _asked(port) == 200 else 1
    except (OSError, ValueError) as error:
        print(error)
        return 1


def _asked(port: str) -> int:
    scheme = "https" if os.environ.get("RUNSTREAM_TLS_CERT") else "http"
    # The certificate names the service, not this loopback address.
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    url = f"{scheme}://127.0.0.1:{port}/health"
    handlers = (urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))
    try:
        with urllib.request.build_opener(*handlers).open(url, timeout=_SECONDS) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        print(error.read().decode(errors="replace"))
        return error.code


if __name__ == "__main__":
    sys.exit(main())
