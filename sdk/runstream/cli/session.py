"""What the commands of one command line share: the address, the doors, the output."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import click

from runstream.cli.output import Output

if TYPE_CHECKING:
    from runstream.cli.calls import Calls
    from runstream.tracking import MlflowClient


class Session:
    """One command line. Doors open when first used.

    tracking_uri: as the user gave it; None leaves it to the environment.
    """

    def __init__(
        self,
        tracking_uri: str | None = None,
        client: MlflowClient | None = None,
        calls: Calls | None = None,
    ) -> None:
        self.tracking_uri = tracking_uri
        self.output = Output()
        self._client = client
        self._calls = calls

    @cached_property
    def client(self) -> MlflowClient:
        """The reading and writing calls that the SDK offers to everybody."""
        if self._client is not None:
            return self._client
        from runstream.tracking import MlflowClient

        return MlflowClient(tracking_uri=self.tracking_uri)

    @cached_property
    def calls(self) -> Calls:
        """Verification, and the agent of this machine."""
        if self._calls is not None:
            return self._calls
        from runstream.cli.calls import Calls

        return Calls(self.client.tracking_uri)


pass_session = click.make_pass_decorator(Session, ensure=True)
