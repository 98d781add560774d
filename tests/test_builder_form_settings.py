"""Thinking, output and settings of the form: what is offered, and why something is off."""

from __future__ import annotations

from tests.forms import HI, SCHEMA, form
from workbench.catalog import catalog
from workbench.prompt import Prompt
from workbench.widgets.builder.settings import model_choices

HAIKU = HI.with_(model="claude-haiku-4-5")


# --- thinking & effort -------------------------------------------------------------------------------


def test_thinking_and_effort_offer_what_each_model_accepts():
    """Every model of the catalog, by the catalog's own record."""
    builder = form(HI)

    for known in catalog():
        builder.draft.set("model", known.id)
        kinds = [value for _, value in builder.thinking.kind.widget.options if value]
        levels = [value for _, value in builder.thinking.effort.widget.options if value]

        assert tuple(kinds) == (known.thinking_types or tuple(kinds)), known.id
        assert tuple(levels) == (tuple(levels) if known.effort_levels is None else known.effort_levels), (
            known.id
        )
        assert builder.thinking.effort.widget.disabled == (known.effort_levels == ()), known.id


def test_why_thinking_is_off_is_said():
    """In a sentence below the menus."""
    assert form(HAIKU).thinking.why.said == (
        "claude-haiku-4-5 takes a budget or no thinking, not adaptive · effort is not available on it"
    )


def test_a_budget_comes_with_its_kind_and_goes_with_it():
    """No half-made thinking object is ever sent."""
    builder = form(HAIKU)

    builder.thinking.kind.widget.value = "enabled"
    assert builder.draft.get("thinking") == {"type": "enabled", "budget_tokens": 2048}
    builder.thinking.kind.widget.value = "disabled"
    assert builder.draft.get("thinking") == {"type": "disabled"}
    builder.thinking.kind.widget.value = ""
    assert builder.draft.get("thinking") is None


def test_what_the_model_does_not_take_stays_until_it_is_changed():
    """Another model must not silently drop a setting: it is shown as not taken, and lint says so."""
    builder = form(HI.with_(thinking={"type": "adaptive"}, effort="high"))

    builder.settings.model.widget.value = "claude-haiku-4-5"

    assert builder.draft.get("thinking.type") == "adaptive"
    assert builder.thinking.kind.widget.label == "adaptive (not taken)"
    assert "E010" in builder.findings.codes


# --- output, settings ----------------------------------------------------------------------------------


def test_numbers_are_read_or_refused():
    """A wrong one is said beside its field, and the last good one holds."""
    builder = form(HI)

    builder.output.limit.widget.value = "2,048"
    assert builder.draft.get("max_tokens") == 2048
    builder.output.limit.widget.value = "many"

    assert builder.output.limit.note.said == "max_tokens is a whole number, e.g. 1024; 'many' is none"
    assert builder.draft.get("max_tokens") == 2048


def test_structured_output_is_a_schema():
    """The object around it comes and goes with it."""
    builder = form(HI)

    builder.output.schema.widget.value = SCHEMA
    assert builder.draft.get("output_config.format.type") == "json_schema"
    builder.output.schema.widget.value = ""

    assert builder.draft.get("output_config") is None


def test_stop_sequences_are_lines():
    """One a line."""
    builder = form(HI)

    builder.output.stops.widget.value = "END\nSTOP"

    assert builder.draft.get("stop_sequences") == ["END", "STOP"]


def test_models_are_grouped_with_prices():
    """By line, newest first; the deprecated ones at the end."""
    labels = [label for label, _ in model_choices()]

    assert labels[0].startswith("Fable: ")
    assert "Haiku: Claude Haiku 4.5 · $1.00 in, $5.00 out per million" in labels
    assert "Haiku: Claude Haiku 5.5 · $0.10 in, $0.50 out per million" in labels
    assert "deprecated" in labels[-1]


def test_a_model_that_is_in_no_catalog_can_be_asked():
    """Nothing is known of it, so nothing is off."""
    builder = form(HI)

    builder.settings.other.widget.value = "my-deployment"

    assert builder.request.model == "my-deployment"
    assert builder.settings.model.widget.label == "my-deployment (not in the catalog)"
    assert "not in the catalog" in builder.settings.why.said


def test_sampling_parameters_are_off_where_they_are_refused():
    """And say why."""
    old, new = form(HI), form(Prompt("Hi", model="claude-opus-5-5", max_tokens=5))

    assert not old.settings.sampling["temperature"].widget.disabled
    assert new.settings.sampling["temperature"].widget.disabled
    assert "steer by prompt and effort" in new.settings.why.said


def test_settings_reach_the_request():
    """Tier, metadata and the fields that have no editor of their own."""
    builder = form(HI)

    builder.settings.tier.widget.value = "standard_only"
    builder.settings.user.widget.value = "u-1"
    builder.settings.rest.widget.value = '{"container": "c-1"}'

    body = builder.request.wire()
    assert (body["service_tier"], body["metadata"], body["container"]) == (
        "standard_only",
        {"user_id": "u-1"},
        "c-1",
    )


def test_other_fields_do_not_shadow_the_form():
    """What has an editor is changed there."""
    builder = form(HI)

    builder.settings.rest.widget.value = '{"model": "x"}'

    assert builder.settings.rest.note.said == "model has a field of its own on the form; change it there"
    assert builder.prompt == HI


def test_betas_change_the_findings():
    """They belong to the sending; lint knows them."""
    builder = form(HI.with_(context_management={"edits": [{"type": "clear_tool_uses_20250919"}]}))
    assert "E092" in builder.findings.codes

    builder.settings.betas.widget.value = "context-management-2025-06-27"

    assert "E092" not in builder.findings.codes
    assert "context-management-2025-06-27" in builder.text("curl")
