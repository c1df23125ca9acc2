"""What Python lacks on Windows is lacking here too: `PYTHONPATH=tests/without_posix python -m pytest ...`.

Python imports this file as it starts, in the tests' process and in each that they start.
"""

import asyncio
import os
import sys
import time

MODULES = ("fcntl", "grp", "pwd", "resource", "syslog", "termios", "uvloop")
NAMES = (
    *(
        "O_CLOEXEC",
        "O_DIRECTORY",
        "O_NOFOLLOW",
        "O_NONBLOCK",
        "fchmod",
        "fork",
        "geteuid",
        "getpgid",
        "killpg",
        "mkfifo",
    ),
    *("pread", "pwrite", "sched_getaffinity", "setsid", "statvfs", "sysconf"),
)
CLOCKS = ("CLOCK_BOOTTIME", "clock_gettime")


def _no_signals(*_: object) -> None:
    raise NotImplementedError


sys.modules.update(dict.fromkeys(MODULES))  # type: ignore[arg-type]  # None: it cannot be imported
for module, names in ((os, NAMES), (time, CLOCKS)):
    for name in names:
        delattr(module, name)
asyncio.SelectorEventLoop.add_signal_handler = _no_signals  # type: ignore[method-assign, assignment]
