"""JSON in and out: exact, limited, quick."""

from __future__ import annotations

import base64
import math
import random
import time
from typing import Any

import orjson
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from workbench.errors import WireError
from workbench.wire.codec import MAX_DEPTH, canonical, digest, dumps, loads

ANY_TEXT = st.text(st.characters(exclude_categories=[]), max_size=10)  # lone surrogates too
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(ANY_TEXT, inner, max_size=4),
    max_leaves=15,
)


def paired(text: str) -> bool:
    """Whether a high surrogate meets a low one: JSON reads such a pair as one character."""
    return text != text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")


def texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    inner = value if isinstance(value, list) else [*value, *value.values()] if isinstance(value, dict) else []
    return [text for item in inner for text in texts(item)]


@given(JSON)
def test_values_come_back_with_their_types(value):
    """Any JSON value, lone surrogates and long integers included."""
    assume(not any(paired(text) for text in texts(value)))

    assert repr(loads(dumps(value))) == repr(value)
    assert repr(loads(dumps(value).decode())) == repr(value)


@given(JSON)
def test_the_canonical_form_does_not_know_the_order(value):
    """Equal values have equal keys, whatever order their own keys came in."""

    def turned(item: Any) -> Any:
        if isinstance(item, dict):
            return {name: turned(item[name]) for name in reversed(item)}
        return [turned(one) for one in item] if isinstance(item, list) else item

    assert canonical(turned(value)) == canonical(value)
    assert digest(turned(value)) == digest(value)


@pytest.mark.parametrize(
    ("data", "value"),
    [
        pytest.param(b"\xef\xbb\xbf[1]", [1], id="bom"),
        pytest.param("\ufeff[1]", [1], id="bom in text"),
        pytest.param(b'{"a": 1, "a": 2}', {"a": 2}, id="the last of two keys"),
        pytest.param(b'"\\ud800"', "\ud800", id="lone surrogate"),
        pytest.param('"\ud800"', "\ud800", id="lone surrogate in text"),
        pytest.param(b'"\\ud83d\\ude00 \\ud83d"', "\U0001f600 \ud83d", id="pair and lone"),
        pytest.param(b'"\\\\ud800 \\ud800"', "\\ud800 \ud800", id="escaped backslash"),
        pytest.param(b'"\\u0000"', "\x00", id="nul"),
        pytest.param(b"9223372036854775808", 2**63, id="past int64"),
        pytest.param(b"18446744073709551616", 2**64, id="past uint64"),
        pytest.param(b"-9223372036854775809", -(2**63) - 1, id="below int64"),
        pytest.param(b"1" * 4000, int("1" * 4000), id="4000 digits"),
        pytest.param(b"[-0, 0, -0.0]", [0, 0, -0.0], id="zeros"),
        pytest.param(b"[Infinity, -Infinity]", [math.inf, -math.inf], id="infinities"),
    ],
)
def test_hard_values_are_read_exactly(data, value):
    """What real servers send is kept as it is."""
    assert repr(loads(data)) == repr(value)
    assert repr(loads(dumps(value))) == repr(value)


def test_nan_is_kept():
    """NaN is no JSON, but a server that sends it in its usage is recorded as it was."""
    assert math.isnan(loads(b'{"n": NaN}')["n"])
    assert dumps({"n": math.nan, "o": None}) == b'{"n":NaN,"o":null}'


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b" ",
        b"{",
        b"[1,]",
        b"{'a': 1}",
        b'"\xff"',
        b"nul",
        b"[1] 2",
        b'{"a": "\\ud800"',
        b'"\x00"',
        "",
        "\ud800",
    ],
)
def test_what_is_no_json_is_a_wire_error(data):
    """One typed error, never a raw one."""
    with pytest.raises(WireError, match="not JSON"):
        loads(data)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"[" * 100_000, id="open"),
        pytest.param(b"[" * 100_000 + b"]" * 100_000, id="closed"),
        pytest.param(b'{"a":' * 100_000 + b"1" + b"}" * 100_000, id="objects"),
        pytest.param(b'["\\ud800",' + b"[" * 100_000 + b"]" * 100_001, id="behind a surrogate"),
        pytest.param(b"\xef\xbb\xbf" + b"[" * 100_000, id="behind a bom"),
    ],
)
def test_deep_json_is_refused_at_once(data):
    """100,000 levels are an attack: a typed error, no recursion, no time."""
    began = time.process_time()

    with pytest.raises(WireError, match="nested deeper than 200 levels"):
        loads(data)

    assert time.process_time() - began < 10


def test_depth_up_to_the_limit_is_accepted():
    """The limit is on levels, not on brackets: brackets side by side or in text do not count."""
    assert loads(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH)
    assert len(loads(b"[" + b"[]," * 10_000 + b"1]")) == 10_001
    assert loads(b'"' + b"[" * 10_000 + b'"') == "[" * 10_000


def test_a_large_body_is_read_and_written_exactly():
    """5 MB of base64 with all that stands beside it."""
    image = base64.b64encode(random.Random(1).randbytes(3_750_000)).decode()
    raw = orjson.dumps({"data": image, "n": None})

    assert dumps(loads(raw)) == raw


@pytest.mark.parametrize("inner", [b"", b"1", b'"\\ud800"'], ids=["empty", "a number", "a surrogate"])
def test_one_level_too_many_is_refused_whatever_is_innermost(inner):
    """The limit counts containers, an empty innermost one too."""
    assert loads(b"[" * 200 + inner + b"]" * 200)

    with pytest.raises(WireError, match="nested deeper than 200 levels"):
        loads(b"[" * 201 + inner + b"]" * 201)


def test_many_brackets_are_not_many_levels():
    """What is wide, or text, is not deep."""
    wide: list[object] = [*([[]] * 500), "[" * 500]

    assert loads(dumps(wide)) == wide
