"""Which connections are used again: none on which a server broke.

Servers in Python (uvicorn) answer 500 after an exception, close the connection a moment later, and do not say so
beforehand. A request that is sent on it meanwhile is lost, and counts as one that may have been paid for.
"""

from typing import cast

import aiohttp

_BROKEN = 500


class ReusableResponse(aiohttp.ClientResponse):
    """A response whose connection goes back to the others once its status is known, and is no 5xx."""

    async def start(self, connection: aiohttp.connector.Connection) -> "ReusableResponse":
        """Read status and headers."""
        held = _Held(connection)
        await super().start(cast("aiohttp.connector.Connection", held))
        held.answered(well=self.status < _BROKEN)
        return self


class _Held:
    """What a response does with its connection, put off until it is known how the server fares."""

    def __init__(self, connection: aiohttp.connector.Connection) -> None:
        self._connection = connection
        self._is_over = False
        self._is_well: bool | None = None
        self.protocol, self.transport = connection.protocol, connection.transport

    def close(self) -> None:
        self._connection.close()

    def release(self) -> None:
        self._is_over = True
        if self._is_well is not None:
            self.answered(well=self._is_well)

    def answered(self, *, well: bool) -> None:
        self._is_well = well
        if self._is_over and well:
            self._connection.release()
        elif self._is_over:
            self._connection.close()
