"""Where requests go, and with which key."""

from __future__ import annotations

import base64
import pickle

import pytest

from workbench.errors import UsageError
from workbench.platforms import Endpoint, check_url, resolve
from workbench.secret import Secret, find, scrub, spellings

KEY = "sk-ant-api03-canary-canary-canary"


@pytest.mark.parametrize(
    ("options", "environ", "origin", "has_key"),
    [
        ({}, {"ANTHROPIC_API_KEY": KEY}, "claude_api", True),
        ({"api_key": KEY}, {}, "claude_api", True),
        ({}, {"ANTHROPIC_BASE_URL": "http://127.0.0.1:1"}, "url:http://127.0.0.1:1", False),
        ({}, {}, "emulator", False),
        ({"base_url": "emulator"}, {"ANTHROPIC_API_KEY": KEY}, "emulator", False),
        ({"base_url": "https://gate.example"}, {"ANTHROPIC_API_KEY": KEY}, "url:https://gate.example", True),
        ({"base_url": "https://api.anthropic.com/"}, {"ANTHROPIC_API_KEY": KEY}, "claude_api", True),
    ],
    ids=["key", "key-argument", "address", "nothing", "emulator", "address-argument", "api-by-address"],
)
def test_the_endpoint_is_chosen_in_order(options, environ, origin, has_key):
    """Arguments, then the key, then the address, then the emulator."""
    chosen = resolve(**options, environ=environ)

    assert (chosen.origin, bool(chosen.key)) == (origin, has_key)


def test_a_key_never_follows_an_address_of_the_environment():
    """A cloned project's .env with an address gets no key: with a key, the address is not used."""
    environ = {"ANTHROPIC_API_KEY": KEY, "ANTHROPIC_BASE_URL": "https://sink.example"}

    chosen = resolve(environ=environ)

    assert chosen.base_url == "https://api.anthropic.com"


@pytest.mark.parametrize(
    ("key", "headers"),
    [
        (KEY, {"x-api-key": KEY}),
        ("sk-ant-oat01-token-token-token", {"authorization": "Bearer sk-ant-oat01-token-token-token"}),
        ("anything", {"x-api-key": "anything"}),
    ],
    ids=["key", "token", "other"],
)
def test_a_credential_travels_in_one_header(key, headers):
    """x-api-key for keys, Bearer for tokens, never both."""
    assert resolve(api_key=key, environ={}).headers() == headers


@pytest.mark.parametrize(
    ("address", "cure"),
    [
        ("api.anthropic.com", "not an http"),
        ("ftp://host", "not an http"),
        ("http://", "not an http"),
        ("http://example.org", "use https"),
        ("https://user:pass@example.org", "user name"),
        ("https://example.org?x=1", "query"),
        ("https://example.org/v1", "leave out /v1"),
        ("http://127.0.0.1:99999", "not an address"),
        ("https://exa mple.org", "not an http"),
        ("", "not an http"),
    ],
)
def test_nonsense_is_refused_with_its_cure(address, cure):
    """One clear line."""
    with pytest.raises(UsageError, match=cure):
        check_url(address)


@pytest.mark.parametrize("rest", ["@example.org", "@example.org:99999", "/x@example.org"])
def test_a_password_in_an_address_is_not_repeated(rest):
    """Not even in the error."""
    with pytest.raises(UsageError) as info:
        check_url(f"https://user:hunter2{rest}")

    assert "hunter2" not in str(info.value)


def test_a_key_with_a_line_break_is_refused():
    """It would be another header."""
    with pytest.raises(UsageError, match="copy it again"):
        resolve(api_key="sk-ant\r\nx: y", environ={})


def test_an_endpoint_does_not_show_its_key():
    """In no text, and not in a pickle."""
    chosen = resolve(api_key=KEY, environ={})

    assert KEY not in repr(chosen) + str(chosen) + f"{chosen.key}"
    copy: Endpoint = pickle.loads(pickle.dumps(chosen))
    assert KEY.encode() not in pickle.dumps(chosen)
    assert not copy.key


@pytest.mark.parametrize("before", ["", "x", "xy"], ids=["0", "1", "2"])
def test_a_key_is_found_however_it_is_written(before):
    """Raw, reversed, hex, URL-encoded, JSON-escaped, and base64 at every alignment."""
    secret = 'not/a "pattern" 0123'

    for _, needle in spellings(secret):
        assert find(b"junk " + needle + b" junk", [secret]) is not None
    assert find(base64.b64encode(f"{before}{secret} and more".encode()), [secret]) == "base64"


def test_any_key_of_the_service_is_found():
    """Known or not."""
    assert find(b'{"a": "' + KEY.encode() + b'"}') == "raw"
    assert find(KEY.encode()[::-1]) == "raw"
    assert find(b"about sk-ant- keys in general") is None
    assert scrub(f"key {KEY}!") == "key ••••••!"
    assert scrub("hunter2hunter2", [Secret("hunter2hunter2"), None]) == "••••••"
