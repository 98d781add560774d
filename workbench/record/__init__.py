"""Replies as they are kept, in the store and in cassettes.

Both answer the same two questions: what was said to this request, and if nothing was, which recording is
nearest and where it first differs.
"""

from workbench.record.form import (
    API_VERSION,
    Record,
    body_key,
    from_bytes,
    from_json,
    keepable,
    key_of,
    preferred,
    split,
    to_bytes,
    to_json,
)
from workbench.record.nearest import Asked, Explanation, differences, nearest
from workbench.record.tape import FORMAT, VERSION, write

__all__ = [
    "API_VERSION",
    "FORMAT",
    "VERSION",
    "Asked",
    "Explanation",
    "Record",
    "body_key",
    "differences",
    "from_bytes",
    "from_json",
    "keepable",
    "key_of",
    "nearest",
    "preferred",
    "split",
    "to_bytes",
    "to_json",
    "write",
]
