"""Errors: what they carry goes where they go."""

from __future__ import annotations

import pickle

from workbench.errors import RateLimitError


def test_an_api_error_travels_whole():
    """A worker in another process raises it; its attributes arrive with it."""
    error = RateLimitError("slow", status=429, type="rate_limit_error", retry_after_s=2, request_id="req_1")
    error.lost = 1

    copy = pickle.loads(pickle.dumps(error))

    assert (type(copy), str(copy), vars(copy)) == (RateLimitError, "slow", vars(error))
