"""A body too large for the memory: written to a temporary file, read anew for every attempt."""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING, Self

from workbench.errors import DiskFullError, UsageError
from workbench.files import no_space

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from types import TracebackType

_PIECE = 256 * 1024


class Spool:
    """Bytes in a temporary file that is gone when this is closed.

    Attributes:
        size: Bytes written.
    """

    def __init__(self) -> None:
        self.size = 0
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `close`

    def write(self, data: bytes) -> None:
        """Put *data* behind what was written.

        Raises:
            DiskFullError: No space for it.
        """
        try:
            self._file.write(data)
        except OSError as error:
            place = tempfile.gettempdir()
            if no_space(error):
                raise DiskFullError(f"{place}: no space left for a batch; free some and try again") from error
            raise UsageError(f"{place}: a batch cannot be written there ({error.strerror})") from error
        self.size += len(data)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        self._file.seek(0)
        while piece := self._file.read(_PIECE):
            yield piece

    def close(self) -> None:
        """Remove the file."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
