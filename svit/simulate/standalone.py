"""`python -m svit.simulate.standalone`: what `svit.simulate.process` starts. People use `svit simulate`.

The options are a line of JSON on stdin, where `ps` does not show the key; the address goes to stdout. It ends when
stdin does, so that it never outlives the test that started it.
"""

import asyncio
import sys

import msgspec

from svit.simulate.server import Server, serve
from svit.simulate.simulator_options import SimulatorOptions


async def _main(options: SimulatorOptions) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_reader(sys.stdin, stop.set)
    await serve(options, _announce, stop)


def _announce(server: Server) -> None:
    sys.stdout.write(f"{server.origin}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(_main(msgspec.json.decode(sys.stdin.readline(), type=SimulatorOptions)))
