"""Documents, tools, thinking, output, settings: what goes in, what is refused, and why something is off."""

from __future__ import annotations

import pytest

from tests.forms import base64_of, block, editor, field, form, hear, png, press, upload
from workbench.catalog import catalog
from workbench.prompt import Prompt
from workbench.widgets.builder.editors import preview
from workbench.widgets.builder.settings import model_choices
from workbench.widgets.builder.tools import offered

HI = Prompt("Hi", model="claude-sonnet-4-6", max_tokens=500)
HAIKU = HI.with_(model="claude-haiku-4-5")
SCHEMA = '{"type": "object", "properties": {"city": {"type": "string"}}}'


# --- documents ---------------------------------------------------------------------------------------


def test_an_uploaded_text_stands_before_the_question():
    """Documents first, as the documentation recommends; the title is the file's name."""
    builder = form(HI)

    upload(builder, "policy.txt", b"Refunds within 30 days.")

    first, second = builder.draft.get("messages[0].content")
    assert (first["title"], first["source"]["data"]) == ("policy.txt", "Refunds within 30 days.")
    assert second == {"type": "text", "text": "Hi"}


def test_a_second_document_stands_behind_the_first():
    """In the order in which they were added."""
    builder = form(HI)

    upload(builder, "a.txt", b"a")
    upload(builder, "b.txt", b"b")

    assert [one.get("title") for one in builder.draft.get("messages[0].content")] == ["a.txt", "b.txt", None]


def test_a_document_is_edited_in_its_row():
    """Title, context, text and citations."""
    builder = form(HI)
    press(builder.documents.widget, "Add text")
    row = builder.documents.rows.rows[0]

    editor(row, "text").value = "Refunds."
    editor(row, "title").value = "Policy"
    editor(row, "context").value = "from 2026"
    editor(row, "citations").value = True

    assert builder.draft.get("messages[0].content[0]") == {
        "type": "document",
        "source": {"type": "text", "media_type": "text/plain", "data": "Refunds."},
        "title": "Policy",
        "context": "from 2026",
        "citations": {"enabled": True},
    }


def test_custom_content_is_passages():
    """Each can be cited as a whole; more can be added."""
    builder = form(HI)
    press(builder.documents.widget, "Add custom content")
    row = builder.documents.rows.rows[0]

    editor(row.pieces.rows.rows[0], "text").value = "One."
    press(row.pieces.widget, "add a passage")
    editor(row.pieces.rows.rows[1], "text").value = "Two."

    held = builder.draft.get("messages[0].content[0].source.content")
    assert [one["text"] for one in held] == ["One.", "Two."]


def test_a_search_result_has_title_source_and_passages():
    """For retrieval of one's own."""
    builder = form(HI)
    press(builder.documents.widget, "Add search result")
    row = builder.documents.rows.rows[0]

    editor(row, "title").value = "Returns"
    editor(row, "source").value = "https://example.com/returns"
    editor(row.pieces.rows.rows[0], "text").value = "30 days."

    made = builder.draft.get("messages[0].content[0]")
    assert (made["title"], made["source"]) == ("Returns", "https://example.com/returns")
    assert made["content"][0]["text"] == "30 days."


@pytest.mark.parametrize(
    ("given", "kind", "source"),
    [
        ("https://example.com/a.pdf", "document", {"type": "url", "url": "https://example.com/a.pdf"}),
        ("https://example.com/a.png", "image", {"type": "url", "url": "https://example.com/a.png"}),
        (
            "file_011CNha8iCJcU1wXNR6q4V8w",
            "document",
            {"type": "file", "file_id": "file_011CNha8iCJcU1wXNR6q4V8w"},
        ),
    ],
)
def test_a_url_or_file_id_is_taken(given, kind, source):
    """Nothing is fetched: the service does that."""
    builder = form(HI)

    builder.documents.source.value = given
    press(builder.documents.widget, "add what the path, URL or file id names")

    made = builder.draft.get("messages[0].content[0]")
    assert (made["type"], made["source"]) == (kind, source)
    assert builder.documents.source.value == ""


def test_a_path_is_read(tmp_path):
    """Large files need not go through the browser."""
    path = tmp_path / "policy.md"
    path.write_text("# Refunds")
    builder = form(HI)

    builder.documents.source.value = str(path)
    press(builder.documents.widget, "add what the path, URL or file id names")

    assert builder.draft.get("messages[0].content[0].source.data") == "# Refunds"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("big.txt", b"x" * (33 * 1024 * 1024), "whole request has at most 32 MB"),
        ("cut.pdf", b"%PDF-1.7 and no end", "broken or cut off"),
        ("empty.txt", b"", "empty"),
        ("page.docx", b"PK\x03\x04" + b"\0" * 40, "save it as PDF or as plain text"),
    ],
    ids=["oversized", "broken PDF", "empty", "Word"],
)
def test_what_cannot_be_taken_is_said_and_the_rest_is_kept(name, content, said):
    """The message stands beside the upload."""
    builder = form(HI)

    upload(builder, name, content)

    assert said in builder.documents.problem.said
    assert name in builder.documents.problem.said
    assert builder.prompt == HI


def test_a_file_comes_in_parts():
    """JupyterLab drops the connection over a message of 10 MB: the page sends parts, and waits for each."""
    builder = form(HI)
    part = {"name": "policy.txt", "type": "text/plain", "size": 12, "n": "1"}

    hear(builder, "part", at=0, data=base64_of(b"Refunds "), **part)
    assert builder.prompt == HI
    hear(builder, "part", at=8, data=base64_of(b"yes."), **part)

    assert builder.draft.get("messages[0].content[0].source.data") == "Refunds yes."


@pytest.mark.parametrize(
    "second",
    [
        {"at": 3, "data": "eA=="},
        {"at": 8, "data": "✗"},
        {"at": 8, "data": "eHh4eHh4"},
        {"at": "8", "data": "eA=="},
    ],
    ids=["out of order", "damaged", "too much", "no number"],
)
def test_parts_that_do_not_fit_are_refused(second):
    """The page is told, the prompt is kept."""
    builder = form(HI)
    sent: list[str] = []
    part = {"name": "policy.txt", "size": 12, "n": "1"}
    hear(builder, "part", at=0, data=base64_of(b"Refunds "), **part)
    builder.aside.tell = lambda kind, **body: sent.append(body["text"])

    hear(builder, "part", **second, **part)

    assert len(sent) == 1
    assert builder.prompt == HI


def test_a_file_larger_than_a_request_is_not_even_sent():
    """The page asks us to say so."""
    builder = form(HI)

    hear(builder, "large", name="scan.pdf", size=40_000_000)

    assert builder.documents.problem.said == (
        "scan.pdf: 40.0 MB, and a request has 32 MB at most; upload it once and give its file id, or split it"
    )


def test_a_file_that_is_not_there(tmp_path):
    """The message stands beside the path, and the path stays to be corrected."""
    builder = form(HI)
    builder.documents.source.value = str(tmp_path / "none.txt")

    press(builder.documents.widget, "add what the path, URL or file id names")

    assert "no such file" in builder.documents.problem.said
    assert builder.documents.source.value
    assert builder.prompt == HI


def test_an_image_says_its_size_tokens_and_dollars_before_sending():
    """With a small picture made of the bytes themselves."""
    builder = form(HI)

    upload(builder, "chart.png", png(280, 140), "image/png")

    row = builder.documents.rows.rows[0]
    assert row.about.said == "PNG, 280 × 140 px, 50 tokens, $0.00015 as input"
    assert bytes(row.picture.value).startswith(b"data:image/png;base64,")
    assert "50 tokens" in builder.documents.taken.said


@pytest.mark.parametrize(
    ("media", "data"),
    [
        ("image/svg+xml", base64_of(b"<svg onload='x'/>")),
        ("image/png", base64_of(b"<svg onload='x'/>")),
        ("image/jpeg", base64_of(png())),
        ("text/html", base64_of(b"<script>1</script>")),
        ("image/png", "no base64 at all ✗"),
    ],
    ids=["svg", "svg as png", "png as jpeg", "html", "no base64"],
)
def test_only_checked_bytes_become_a_picture(media, data):
    """An image block may come from anywhere, pasted or loaded."""
    assert preview({"type": "base64", "media_type": media, "data": data})[0] == b""


def test_a_document_can_be_reached_from_its_turn():
    """Its place among the blocks is in Messages, its editor under Documents."""
    builder = form(HI)
    upload(builder, "policy.txt", b"Refunds.")
    builder.documents.toggle()
    asked: list[str] = []
    builder.desk.focus = asked.append

    press(block(builder, 0, 0).widget, "Edit")

    assert builder.documents.is_open
    assert len(asked) == 1


def test_there_is_no_page_range_in_the_api():
    """So the form offers none, and says so."""
    said = [getattr(one, "value", "") for one in builder_texts(form())]

    assert any("has no page range" in one for one in said)


def builder_texts(builder):
    return builder.documents.body.children


# --- tools -------------------------------------------------------------------------------------------


def test_a_tool_is_written_with_its_schema():
    """Name, description, schema, strict."""
    builder = form(HI)
    press(builder.tools.widget, "Add tool")
    row = builder.tools.rows.rows[0]

    editor(row, "name").value = "weather"
    editor(row, "description").value = "Tells the weather."
    editor(row, "input schema").value = SCHEMA
    editor(row, "strict: inputs always fit the schema").value = True

    assert builder.draft.get("tools[0]") == {
        "name": "weather",
        "description": "Tells the weather.",
        "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}},
        "strict": True,
    }


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ('{"type": "object"', "line 1, column 18: no JSON"),
        ('{"type": "objekt"}', "type: 'objekt' is none of"),
        ("[]", "a schema is a JSON object"),
        ("", "a tool needs a schema"),
        ('{"properties": {"a": {"minimum": "1"}}}', "properties.a.minimum"),
    ],
    ids=["no JSON", "no type", "no object", "empty", "deep"],
)
def test_a_wrong_schema_is_said_beside_its_field(typed, said):
    """The text stays as typed; the prompt keeps the last good schema."""
    builder = form(HI)
    press(builder.tools.widget, "Add tool")
    row = builder.tools.rows.rows[0]
    editor(row, "input schema").value = SCHEMA

    editor(row, "input schema").value = typed
    editor(row, "name").value = "weather"

    assert said in field(row, "input schema").note.said
    assert editor(row, "input schema").value == typed
    assert builder.draft.get("tools[0].input_schema.properties.city") == {"type": "string"}
    editor(row, "input schema").value = SCHEMA
    assert field(row, "input schema").note.said == ""


def weather(city: str, days: int = 1) -> str:
    """Tell the weather.

    Args:
        city: Where.
        days: How many days ahead.
    """
    return f"{city} {days}"


def test_a_python_function_becomes_a_tool():
    """Its annotations and docstring are the schema."""
    builder = form(HI)

    builder.add_tool(weather)

    made = builder.draft.get("tools[0]")
    assert (made["name"], made["input_schema"]["required"]) == ("weather", ["city"])


def test_a_function_of_the_notebook_is_named(monkeypatch):
    """A wrong name gets the nearest one; the rest stays."""
    builder = form(HI)
    monkeypatch.setattr(builder.tools, "namespace", lambda: {"weather": weather})

    builder.tools.function.value = "wether"
    press(builder.tools.widget, "make a tool of a Python function")
    assert builder.tools.problem.said == (
        "the notebook has no function 'wether'; did you mean 'weather'?; define it in a cell first"
    )
    builder.tools.function.value = "weather"
    press(builder.tools.widget, "make a tool of a Python function")

    assert builder.draft.get("tools[0].name") == "weather"
    assert (builder.tools.problem.said, builder.tools.function.value) == ("", "")


def test_a_function_no_schema_can_describe_is_refused():
    """It names the parameter."""
    builder = form(HI)
    namespace = {"odd": lambda thing: thing}
    builder.tools.namespace = lambda: namespace

    builder.tools.function.value = "odd"
    press(builder.tools.widget, "make a tool of a Python function")

    assert "thing" in builder.tools.problem.said or "lambda" in builder.tools.problem.said
    assert builder.prompt == HI


@pytest.mark.parametrize(
    ("model", "taken", "refused"),
    [
        ("claude-haiku-4-5", "computer_20250124", "computer_20251124"),
        ("claude-opus-5-5", "computer_toolset_20260801", "computer_20251124"),
    ],
)
def test_the_menu_of_tools_is_what_the_model_takes(model, taken, refused):
    """Why the others are not in it, lint's words say."""
    menu, off = offered(model)

    assert taken in [kind for kind, _ in menu]
    assert refused in off
    assert refused not in [kind for kind, _ in menu]


def test_a_tool_that_needs_a_beta_brings_it():
    """The header is sent, and stands under Settings."""
    builder = form(Prompt("Hi", model="claude-haiku-4-5", max_tokens=5))

    builder.tools.menu.value = "computer_20250124"
    press(builder.tools.widget, "Add Anthropic tool")

    assert builder.desk.betas == ("computer-use-2025-01-24",)
    assert builder.settings.betas.widget.value == "computer-use-2025-01-24"
    assert "E092" not in builder.findings.codes


def test_tool_choice_offers_the_tools_there_are():
    """auto, none, any, and each by its name."""
    builder = form(HI)
    builder.add_tool(weather)

    builder.tools.choice.widget.value = {"type": "tool", "name": "weather"}

    assert builder.draft.get("tool_choice") == {"type": "tool", "name": "weather"}
    builder.tools.single.widget.value = True
    assert builder.draft.get("tool_choice.disable_parallel_tool_use") is True


def test_a_model_that_cannot_be_forced_is_not_offered_it():
    """Why stands below."""
    builder = form(Prompt("Hi", model="claude-opus-5-5", max_tokens=5))
    builder.add_tool(weather)

    values = [value for _, value in builder.tools.choice.widget.options]

    assert {"type": "any"} not in values
    assert "claude-opus-5-5 cannot be forced to call a tool" in builder.tools.why.said


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
    assert "Haiku: Claude Haiku 4.5 · $1 in, $5 out per M" in labels
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
