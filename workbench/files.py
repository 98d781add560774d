"""Writing a file in one step: whoever reads it sees the old one or the new one, never a part."""

from __future__ import annotations

import errno
import os
import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def write(path: Path, data: bytes | Iterable[bytes], *, private: bool = False) -> None:
    """Write under a temporary name beside *path*, then rename; nothing is left where that fails.

    Args:
        path: The file.
        data: Its content, whole or in pieces.
        private: Let its owner alone read it.

    Raises:
        OSError: It cannot be written. Callers say what that means for them.
    """
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        mode = 0o600 if private else 0o666
        with open(beside, "xb", opener=lambda name, flags: os.open(name, flags, mode)) as file:
            file.writelines([data] if isinstance(data, bytes) else data)
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
