"""The catalog: what it knows, under which names, and where each figure comes from."""

import json

import pytest

from tests.shared import CATALOG
from workbench.catalog import PRICES, catalog
from workbench.errors import UnknownModelError

FIVE = ("low", "medium", "high", "xhigh", "max")
FOUR = ("low", "medium", "high", "max")
THREE = ("low", "medium", "high")

# id: thinking types, default, effort levels, default effort, efforts at which "disabled" is refused.
# https://platform.claude.com/docs/en/build-with-claude/thinking and /effort
THINKING = {
    "claude-fable-5-2": (("adaptive",), "always_on", FIVE, "high", ()),
    "claude-mythos-5-2": (("adaptive",), "always_on", FIVE, "high", ()),
    "claude-fable-5-1": (("adaptive",), "always_on", FIVE, "high", ()),
    "claude-mythos-5-1": (("adaptive",), "always_on", FIVE, "high", ()),
    "claude-fable-5": (("adaptive",), "always_on", FIVE, "high", ()),
    "claude-mythos-5": (("adaptive",), "always_on", FIVE, "high", ()),
    "claude-mythos-preview": (("adaptive", "enabled"), "always_on", FOUR, "high", ()),
    "claude-opus-5-5": (("adaptive",), "always_on", FIVE, "medium", ()),
    "claude-opus-5": (("adaptive", "disabled"), "on", FIVE, "high", ("xhigh", "max")),
    "claude-opus-4-8": (("adaptive", "disabled"), "off", FIVE, "high", ()),
    "claude-opus-4-7": (("adaptive", "disabled"), "off", FIVE, "high", ()),
    "claude-opus-4-6": (("adaptive", "enabled", "disabled"), "off", FOUR, "high", ()),
    "claude-sonnet-4-6": (("adaptive", "enabled", "disabled"), "off", FOUR, "high", ()),
    "claude-opus-4-5": (("enabled", "disabled"), "off", THREE, "high", ()),
    "claude-sonnet-5-5": (("adaptive", "between_tools"), "on", FIVE, "high", ("xhigh", "max")),
    "claude-sonnet-5": (("adaptive", "disabled"), "on", FIVE, "high", ()),
    "claude-haiku-5-5": (("adaptive", "disabled"), "on", FIVE, "medium", ("xhigh", "max")),
    "claude-sonnet-4-5": (("enabled", "disabled"), "off", (), None, ()),
    "claude-haiku-4-5": (("enabled", "disabled"), "off", (), None, ()),
    "claude-opus-4-1": (("enabled", "disabled"), "off", (), None, ()),
    "claude-3-7-sonnet-latest": (("enabled", "disabled"), "off", (), None, ()),
}


def test_all_models_are_there():
    """26 models on record, and 12 older ones of which the end is known."""
    assert len(catalog()) == 26
    assert len(catalog().retired) == 12


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("claude-haiku-4-5", "claude-haiku-4-5-20251001"),
        ("claude-haiku-4-5-20251001", "claude-haiku-4-5-20251001"),
        ("claude-opus-4-0", "claude-opus-4-20250514"),
        ("claude-3-7-sonnet-latest", "claude-3-7-sonnet-20250219"),
        ("claude-3-5-sonnet-latest", "claude-3-5-sonnet-20241022"),
        ("anthropic.claude-opus-5-5", "claude-opus-5-5"),
        ("anthropic.claude-sonnet-4-5-20250929-v1:0", "claude-sonnet-4-5-20250929"),
        ("us.anthropic.claude-haiku-4-5-20251001-v1:0", "claude-haiku-4-5-20251001"),
        ("us-gov.anthropic.claude-haiku-4-5-20251001-v1:0", "claude-haiku-4-5-20251001"),
        ("apac.anthropic.claude-sonnet-4-6", "claude-sonnet-4-6"),
        ("arn:aws:bedrock:eu-west-1:1:inference-profile/eu.anthropic.claude-sonnet-4-6", "claude-sonnet-4-6"),
        ("claude-haiku-4-5@20251001", "claude-haiku-4-5-20251001"),
        ("publishers/anthropic/models/claude-opus-5-5", "claude-opus-5-5"),
    ],
)
def test_a_model_has_many_names(name, expected):
    """Id, alias, dated id and each platform's id lead to the same model."""
    assert catalog().model(name).id == expected


@pytest.mark.parametrize(
    ("wrong", "nearest"),
    [
        ("claude-haiku-45", "claude-haiku-4-5"),
        ("claude-opus-5.5", "claude-opus-5-5"),
        ("sonnet-4-6", "claude-sonnet-4-6"),
    ],
)
def test_an_unknown_name_gets_the_nearest_served_one(wrong, nearest):
    """The message names it, and where to see all."""
    with pytest.raises(UnknownModelError, match=f"did you mean '{nearest}'.*workbench models"):
        catalog().model(wrong)


def test_a_name_like_nothing_known_gets_no_suggestion():
    """A guess is worse than none."""
    with pytest.raises(UnknownModelError, match=r"^unknown model 'gpt-4o' \(`workbench models` lists all\)$"):
        catalog().model("gpt-4o")


def test_the_catalogs_own_short_keys_are_not_ids():
    """`claude-opus-4` is what the rate-limit tables say; the API never took it."""
    assert catalog().get("claude-opus-4") is None


def test_retired_models_off_the_record_still_have_a_successor():
    """Enough to say what to use instead."""
    model = catalog().model("claude-3-5-sonnet-20240620")

    assert (model.status, model.retires) == ("retired", "2025-10-28")
    assert catalog().model(model.replacement or "").status == "active"


@pytest.mark.parametrize("name", THINKING)
def test_thinking_and_effort_per_model(name):
    """The table of the thinking documentation, model by model."""
    model = catalog().model(name)

    types, default, levels, effort, refused = THINKING[name]

    assert model.thinking_types == types
    assert model.thinking_default == default
    assert model.effort_levels == levels
    assert model.effort_default == effort
    assert model.no_disabled_effort == refused


@pytest.mark.parametrize(
    ("name", "accepted"),
    [
        ("claude-fable-5-1", False),
        ("claude-mythos-5-1", False),
        ("claude-opus-5-5", False),
        ("claude-sonnet-5-5", False),
        ("claude-fable-5-2", None),
        ("claude-fable-5", True),
        ("claude-haiku-5-5", True),
        ("claude-sonnet-4-6", True),
    ],
)
def test_forced_tools_per_model(name, accepted):
    """Refused by four models; unknown on the 5.2 ones, and unknown is not guessed."""
    assert catalog().model(name).forced_tool_choice is accepted


@pytest.mark.parametrize(
    ("minimum", "names"),
    [
        (
            512,
            ["claude-opus-5", "claude-opus-5-5", "claude-sonnet-5-5", "claude-haiku-5-5", "claude-fable-5"],
        ),
        (1024, ["claude-opus-4-8", "claude-sonnet-5", "claude-sonnet-4-6", "claude-sonnet-4-5"]),
        (2048, ["claude-opus-4-7", "claude-mythos-preview"]),
        (4096, ["claude-opus-4-6", "claude-opus-4-5", "claude-haiku-4-5"]),
        (None, ["claude-fable-5-2", "claude-fable-5-1"]),
    ],
)
def test_shortest_prompt_that_is_cached(minimum, names):
    """https://platform.claude.com/docs/en/build-with-claude/prompt-caching, November 2026."""
    assert {catalog().model(name).min_cacheable_tokens for name in names} == {minimum}


def test_where_the_docs_overtook_the_seed():
    """Every figure of a model whose seed value is another one today."""
    found = {
        (model.slug, name): (alternate["value"], figure["value"])
        for model in catalog()
        for name, figure in model.figures.items()
        for alternate in figure.get("alt", ())
        if alternate["source"] == "seed" and alternate["value"] != figure["value"]
    }

    assert found == {
        ("claude-opus-4-7", "min_cacheable_tokens"): (4096, 2048),
        ("claude-sonnet-4-6", "min_cacheable_tokens"): (2048, 1024),
        ("claude-sonnet-4-6", "max_output_tokens"): (64000, 128000),
        ("claude-opus-4-6", "fast_mode"): (True, "accepted_but_runs_at_standard_speed"),
        ("claude-opus-4-6", "fast_input"): (30, None),
        ("claude-opus-4-6", "fast_output"): (150, None),
        ("claude-opus-4-1", "status"): ("active", "retired"),
        ("claude-opus-4", "status"): ("deprecated, retires 2026-06-15", "retired"),
        ("claude-sonnet-4-5", "status"): ("active", "deprecated"),
        ("claude-sonnet-4", "status"): ("deprecated, retires 2026-06-15", "retired"),
        ("claude-sonnet-3-7", "status"): ("deprecated", "retired"),
        ("claude-haiku-3-5", "status"): ("deprecated", "retired"),
        ("claude-haiku-3", "status"): ("active", "retired"),
        ("claude-opus-3", "status"): ("deprecated", "retired"),
    }


def test_every_figure_has_a_source_and_its_date():
    """A figure without a source is a rumour."""
    undated = [
        (model.id, name)
        for model in catalog()
        for name, figure in model.figures.items()
        if figure["value"] not in (None, [])
        if not figure["source"]
        or not (figure["source"].startswith("derived") or catalog().dated(figure["source"]))
    ]

    assert undated == []


def test_prices_of_every_model_are_exact():
    """Decimal, five of them, or all unknown."""
    for model in catalog():
        known = [getattr(model.prices, name) for name in PRICES]
        if model.id == "claude-mythos-5-2":
            known.remove(None)

        assert all(known) or not any(known), model.id


@pytest.mark.parametrize(
    ("name", "pool"),
    [
        ("claude-opus-4-8", "opus-4.x"),
        ("claude-opus-4-5-20251101", "opus-4.x"),
        ("claude-haiku-4-5", "haiku-4.5"),
        ("claude-fable-5", "fable-5.x"),
        ("claude-3-5-haiku-latest", "haiku-3.5"),
        ("claude-fable-5-2", "claude-fable-5-2"),
        ("somebody-elses", "somebody-elses"),
    ],
)
def test_rate_limit_pools(name, pool):
    """Models of one pool share their limits; one in no known pool is alone."""
    assert catalog().group(name) == pool


def test_the_models_api_speaks_last():
    """A live row replaces what it says, keeps what it does not, and is named as the source."""
    row = {
        "type": "model",
        "id": "claude-haiku-5-5",
        "max_tokens": 64000,
        "lifecycle": "deprecated",
        "retires_at": "2027-12-01T00:00:00Z",
        "capabilities": {
            "structured_outputs": {"supported": True},
            "effort": {"supported": True, "low": {"supported": True}, "high": True, "max": False},
            "thinking": {"supported": True, "types": {"adaptive": {"supported": True}, "disabled": False}},
        },
    }

    live = catalog().overlay([row]).model("claude-haiku-5-5")

    assert (live.max_output_tokens, live.status, live.retires) == (64000, "deprecated", "2027-12-01")
    assert (live.structured_outputs, live.effort_levels) == (True, ("low", "high"))
    assert live.thinking_types == ("adaptive",)
    assert live.context_window == 1_000_000
    assert live.source("status") == "Models API"
    assert catalog().model("claude-haiku-5-5").status == "active"


def test_the_models_api_may_know_a_newer_model():
    """It becomes a model of which nothing else is known: no price, no limits."""
    newer = catalog().overlay(
        [{"id": "claude-opus-6", "display_name": "Claude Opus 6", "max_input_tokens": 2_000_000}]
    )

    model = newer.model("claude-opus-6")

    assert (model.name, model.context_window, model.prices.input) == ("Claude Opus 6", 2_000_000, None)
    assert len(newer) == 27


def test_an_effort_the_live_model_lacks_is_empty_not_unknown():
    """`()` means the parameter is refused, None that nobody knows."""
    rows = [{"id": "claude-opus-4-8", "capabilities": {"effort": {"supported": False}}}]

    assert catalog().overlay(rows).model("claude-opus-4-8").effort_levels == ()


def test_frame_has_one_row_per_model():
    """As a table for pandas; unknown figures are missing values."""
    frame = catalog().frame().set_index("id")

    assert len(frame) == 26
    assert frame.loc["claude-haiku-4-5-20251001", "input_usd"] == 1.0
    assert frame["min_cacheable_tokens"].isna()["claude-fable-5-2"]


def test_text_lists_every_model():
    """One aligned line each, unknown shown as a question mark."""
    lines = str(catalog()).splitlines()

    assert len(lines) == 28
    assert lines[1].split()[:6] == ["claude-fable-5-2", "active", "1,000,000", "8", "/", "40"]
    assert "?" in lines[1]
    assert lines[-1] == "as of 2026-11-22"


@pytest.mark.skipif(not CATALOG.exists(), reason="the shared catalog is not here")
def test_prices_and_limits_agree_with_the_shared_catalog():
    """What was filled in since is added knowledge; nothing known was changed."""
    shared = {row["id"]: row for row in json.loads(CATALOG.read_text())["models"]}

    for model in catalog():
        row = shared[model.id]
        for part in (row, row["prices"], row["capabilities"], row["lifecycle"]):
            for name, figure in part.items():
                ours = model.figures.get({"recommended_replacement": "replacement"}.get(name, name))
                if isinstance(figure, dict) and figure.get("value") is not None and name != "fast_mode":
                    assert ours is not None
                    assert ours["value"] == figure["value"], (model.id, name)
