"""An append-only file of records that survives a kill at any byte.

One record a line: ``crc32 length json``, the checksum in 8 hex digits, the length in bytes. A record counts
only when all three agree, so a torn write is seen and cut, and a whole record is never dropped. Nothing here
holds a whole file: records are read one after the other, or one by its place.
"""

from workbench.journal.salvage import Salvaged, salvage
from workbench.journal.scan import Reader, Records, read
from workbench.journal.writer import Journal, frame, in_use, sync_folder

__all__ = ["Journal", "Reader", "Records", "Salvaged", "frame", "in_use", "read", "salvage", "sync_folder"]
