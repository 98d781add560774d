"""Numbers as words: one place for signs, points, dollars and seconds, so that every view says the same."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from decimal import Decimal

    from workbench.stats import Interval

TIMES = "\N{MULTIPLICATION SIGN}"
MINUS = "\N{MINUS SIGN}"
NOTHING = "\N{EN DASH}"
UNPRICED = "unpriced"

EMULATED = "These answers were made by the emulator's rules: they say nothing about Claude."
"""Said with every emulated number."""


def number(value: float, digits: int = 2) -> str:
    """Return a value with a fixed number of digits, with a true minus sign.

    >>> number(0.8444), number(-0.004), number(-1.5, 1) == f"{MINUS}1.5"
    ('0.84', '0.00', True)
    """
    if math.isnan(value):
        return NOTHING
    if math.isinf(value):
        return (MINUS if value < 0 else "") + "\N{INFINITY}"
    text = f"{value:.{digits}f}"
    return text.replace("-", MINUS) if float(text) else text.lstrip("-")


def signed(value: float, digits: int = 0) -> str:
    """Return a difference with its sign.

    >>> signed(7.2), signed(-0.2), signed(-3.0) == f"{MINUS}3"
    ('+7', '0', True)
    """
    text = number(value, digits)
    return f"+{text}" if value > 0 and any(c in "123456789" for c in text) else text


def spread(interval: Interval, digits: int = 2) -> str:
    """Return the bounds of an interval.

    >>> from workbench.stats import wilson
    >>> spread(wilson(5, 5))
    '0.57 … 1.00'
    """
    return (
        f"{number(interval.low, digits)} … {number(interval.high, digits)}" if interval.bounded else NOTHING
    )


def p_value(p: float) -> str:
    """Return a p-value to three places, never as 0.

    >>> p_value(0.0123), p_value(0.00001)
    ('p 0.012', 'p < 0.001')
    """
    return "p < 0.001" if p < 0.001 else f"p {p:.3f}"


def dollars(amount: Decimal | None, digits: int = 2) -> str:
    """Return dollars; None is unpriced, and small amounts keep two figures.

    >>> from decimal import Decimal
    >>> dollars(Decimal("1.314")), dollars(Decimal("0.0004321")), dollars(Decimal(0)), dollars(None)
    ('$1.31', '$0.00043', '$0.00', 'unpriced')
    """
    if amount is None:
        return UNPRICED
    if 0 < abs(amount) < 1:
        digits = max(digits, 1 - amount.adjusted())
    return f"${amount:,.{digits}f}".replace("$-", f"{MINUS}$")


def seconds(value: float | None) -> str:
    """Return seconds to a tenth: finer would differ from one measurement to the next.

    >>> seconds(0.94), seconds(0.004), seconds(None) == NOTHING
    ('0.9 s', '< 0.1 s', True)
    """
    if value is None or math.isnan(value):
        return NOTHING
    return "< 0.1 s" if value < 0.05 else f"{value:.1f} s"


def plural(n: int, noun: str) -> str:
    """Return a count with its noun.

    >>> plural(1, "error"), plural(1200, "reply")
    ('1 error', '1,200 replies')
    """
    many = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{n:,} {noun if n == 1 else many}"


def origin_words(origin: str) -> str:
    """Return who answered, for people.

    >>> origin_words("claude_api"), origin_words("url:http://127.0.0.1:8080")
    ('Claude API', 'server http://127.0.0.1:8080')
    """
    known = {"claude_api": "Claude API", "emulator": "emulator (made-up answers)"}
    return known.get(origin) or (f"server {origin[4:]}" if origin.startswith("url:") else origin)


def visible(text: str) -> str:
    r"""Return one line of *text* whose control characters can be seen, so that it cannot break a table.

    >>> visible("a\nb\x1b[31m")
    'a␊b␛[31m'
    """
    return text if text.isprintable() else "".join(_mark(c) for c in text)


def _mark(c: str) -> str:
    code = ord(c)
    if code < 0x20:
        return chr(0x2400 + code)
    return c if c.isprintable() or c == "\N{NO-BREAK SPACE}" else f"<U+{code:04X}>"
