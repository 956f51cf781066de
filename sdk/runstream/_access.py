"""Credentials and TLS of this process: from the address or the environment, to the agent.

    https://USER:PASSWORD@host              in the address: only for that address
    RUNSTREAM_TOKEN                         Bearer
    RUNSTREAM_USERNAME, RUNSTREAM_PASSWORD  Basic (MLflow's variables count too)
    MLFLOW_TRACKING_TOKEN                   Bearer

The first that is set counts. They are written to a file in the spool that only
this user can read (`runstream.agent.access`), and stand nowhere else: not in an
address that anything shows, not in an error.
"""

from __future__ import annotations

import base64
import os
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from runstream._notices import warn_once
from runstream._variables import text_of, value_of
from runstream.exceptions import MlflowException
from runstream.spool.errors import SpoolError

if TYPE_CHECKING:
    from runstream._process import Process
    from runstream.agent.access import Access

# Address without credentials → the Authorization that stood in it.
_in_address: dict[str, str] = {}
# Address → what was written last by this process.
_announced: dict[tuple[int, str], Access] = {}


def without_credentials(uri: str) -> str:
    """A server's address without user and password, which are kept for it."""
    parts = urlsplit(uri)
    if parts.username is None:
        return uri
    bare = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
    _in_address[bare] = _basic(unquote(parts.username), unquote(parts.password or ""))
    return bare


def access_to(uri: str) -> Access:
    """How this process would come in at an address. Raises for a bad variable."""
    from runstream.agent.access import Access

    return Access(
        authorization=_in_address.get(uri) or _from_environment(),
        tls_ca=_absolute(text_of("TLS_CA")),
        tls_insecure=_flag("TLS_INSECURE"),
        tls_client_cert=_absolute(text_of("TLS_CLIENT_CERT")),
        # Not said where not set: another process of this user may have set it.
        transport=str(value_of("TRANSPORT")) if text_of("TRANSPORT") else "",
    )


def announce(process: Process, uri: str) -> None:
    """Tell the agent how to come in there, where that is not what it knows already.

    Never raises: what is logged is safe without.
    """
    from runstream.agent.access import AccessFile

    try:
        access = access_to(uri)
        key = (os.getpid(), uri)
        if _announced.get(key) == access or not access.said:
            return
        AccessFile(process.folders().disk, uri).save(access)
        _announced[key] = access
    except (OSError, SpoolError, MlflowException) as error:
        warn_once(f"access {uri}", f"The agent does not learn how to come in at {uri}: {error}")


def tell_denied(process: Process, uri: str) -> None:
    """One warning when the server does not let this user in."""
    from runstream.agent.access import AccessFile

    why = AccessFile(process.folders().disk, uri).denied()
    if why:
        warn_once(
            f"denied {uri}",
            f"{why} What is logged stays on this machine until then; `runstream agent status` "
            "shows how much.",
        )


def _from_environment() -> str:
    token = os.environ.get("RUNSTREAM_TOKEN", "")
    if token:
        return f"Bearer {token}"
    username, password = text_of("USERNAME"), text_of("PASSWORD")
    if username and password:
        return _basic(username, password)
    token = text_of("TOKEN")
    return f"Bearer {token}" if token else ""


def _basic(username: str, password: str) -> str:
    return f"Basic {base64.b64encode(f'{username}:{password}'.encode()).decode()}"


def _flag(name: str) -> str:
    """ "true" or "false" where it is set: "false" takes back what was said before."""
    return str(value_of(name)).lower() if text_of(name) else ""


def _absolute(path: str) -> str:
    return os.path.abspath(path) if path else ""
