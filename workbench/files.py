"""Writing a file in one step: whoever reads it sees the old one or the new one, never a part."""

from __future__ import annotations

import errno
import os
import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def write(path: Path, data: bytes) -> None:
    """Write under a temporary name beside *path*, then rename; nothing is left where that fails.

    Raises:
        OSError: It cannot be written. Callers say what that means for them.
    """
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        with beside.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def no_space(error: OSError) -> bool:
    """Return whether an error says that the disk, or the user's share of it, is full.

    >>> no_space(OSError(errno.ENOSPC, "No space left on device")), no_space(OSError(errno.EACCES, "no"))
    (True, False)
    """
    return error.errno in _NO_SPACE
