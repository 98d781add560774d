"""CSV cells that no spreadsheet takes for a formula, and their way back.

Source: https://owasp.org/www-community/attacks/CSV_Injection
"""

from __future__ import annotations

import re

_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_FORMULA = re.compile(r"[\s']*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
_ESCAPED = re.compile(r"'[\s']*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")


def safe_cell(text: str) -> str:
    """Return *text* for a CSV cell: an apostrophe before what a spreadsheet might compute.

    Numbers stay numbers. `plain_cell` gives the exact text back.

    >>> safe_cell("=1+1"), safe_cell("-5"), safe_cell("fine"), safe_cell("'=1")
    ("'=1+1", '-5', 'fine', "''=1")
    """
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text


def plain_cell(cell: str) -> str:
    """Return the text that `safe_cell` was given; other cells pass as they are.

    >>> plain_cell("'=1+1"), plain_cell("'tis"), plain_cell("-5")
    ('=1+1', "'tis", '-5')
    """
    return cell[1:] if _ESCAPED.match(cell) else cell
