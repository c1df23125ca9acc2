"""python failing_disk.py FILE BYTES WORDS...: svit, on a disk whose fsync fails as soon as the file has that size.

The kernel makes it fail, by a seccomp filter over all threads of the process: whoever syncs gets EIO.
"""

import ctypes
import os
import platform
import struct
import sys
import threading
import time
from pathlib import Path

_EIO, _ALLOW, _ERRNO = 5, 0x7FFF0000, 0x00050000
_LOAD, _EQUAL, _RETURN = 0x20, 0x15, 0x06
_FSYNC, _FDATASYNC, _SECCOMP = {"x86_64": (74, 75, 317), "aarch64": (82, 83, 277)}[platform.machine()]
_FILTER_ALL_THREADS, _NO_NEW_PRIVILEGES = 1, 38


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("rules", ctypes.c_char_p))


def let_syncs_fail() -> None:
    """From now on each fsync and fdatasync of this process fails with EIO."""
    rules = b"".join(
        struct.pack("HBBI", *rule)
        for rule in (
            (_LOAD, 0, 0, 0),
            (_EQUAL, 1, 0, _FSYNC),
            (_EQUAL, 0, 1, _FDATASYNC),
            (_RETURN, 0, 0, _ERRNO | _EIO),
            (_RETURN, 0, 0, _ALLOW),
        )
    )
    libc = ctypes.CDLL(None, use_errno=True)
    program = _Program(len(rules) // 8, rules)
    if libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) or libc.syscall(
        _SECCOMP, 1, _FILTER_ALL_THREADS, ctypes.byref(program)
    ):
        os._exit(99)


def _when_it_has_grown(file: Path, size: int) -> None:
    while not (file.exists() and file.stat().st_size >= size):
        time.sleep(0.005)
    let_syncs_fail()


if __name__ == "__main__":
    threading.Thread(target=_when_it_has_grown, args=(Path(sys.argv[1]), int(sys.argv[2])), daemon=True).start()
    from svit.cli import main

    sys.argv = ["svit", *sys.argv[3:]]
    main()
