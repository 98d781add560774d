"""show/: every noun has an HTML view; the golden files are what it looked like when somebody last looked."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest

from tests import golden
from tests.hostile import NAMES, TEXTS
from tests.inert import assert_noun_is_inert
from tests.nouns import NOUNS, every, hostile_runs
from tests.studies import study_run
from workbench import show
from workbench.cost import Receipt
from workbench.dataset import Dataset
from workbench.show.parts import NO_MATH, style
from workbench.wire import Message, Request


@pytest.mark.parametrize("name", list(NOUNS))
def test_the_view_of_a_noun_is_as_it_was_when_last_looked_at(name):
    """A change of the view shows in the review."""
    made = show.render(NOUNS[name]())

    assert made is not None
    assert_noun_is_inert(made)
    golden.check(f"{name}.html", golden.pretty(made))


@pytest.mark.parametrize("hostile", TEXTS, ids=NAMES)
def test_no_noun_lets_a_hostile_text_through(hostile):
    """The same text in every place a text can stand: names, ids, titles, answers, errors, schemas."""
    for noun in every(hostile):
        made = show.render(noun)

        assert made is not None
        assert_noun_is_inert(made)


def test_a_run_of_hostile_texts_is_inert_in_each_of_its_views():
    """Table, receipt, comparison, errors and the run itself."""
    for noun in hostile_runs():
        made = show.render(noun)

        assert made is not None
        assert_noun_is_inert(made)


def test_every_renderer_that_is_named_exists():
    """No name leads nowhere."""
    for target in show.RENDERERS.values():
        module, _, function = target.partition(".")
        assert callable(getattr(__import__(f"workbench.show.{module}", fromlist=[function]), function))


def test_a_notebook_gets_both_forms():
    """text/plain is complete by itself, text/html stands beside it."""
    bundle = Message(model="m", content=[{"type": "text", "text": "hi"}])._repr_mimebundle_()

    assert bundle["text/plain"] == "hi"
    assert bundle["text/html"].startswith(f'<div class="wb {NO_MATH}"><style>')


def test_a_lone_surrogate_does_not_break_the_cell():
    """What a notebook gets can be sent as UTF-8."""
    bundle = Message(model="m", content=[{"type": "text", "text": "a\ud800"}])._repr_mimebundle_()

    assert bundle["text/plain"] == "a\\ud800"
    assert all(form.encode("utf-8") for form in bundle.values())


def test_a_renderer_that_fails_leaves_the_text_and_a_line_in_the_log(caplog, monkeypatch):
    """A cell never breaks over its own output, and no body reaches the log."""
    monkeypatch.setitem(show.RENDERERS, "Message", "reply.no_such_function")

    bundle = Message(model="m", content=[{"type": "text", "text": "secret"}])._repr_mimebundle_()

    assert list(bundle) == ["text/plain"]
    assert "no view of Message: AttributeError" in caplog.text
    assert "secret" not in caplog.text


def test_what_is_no_noun_has_no_view():
    """A class of another package with the same name is not ours."""
    request = type("Request", (), {"__module__": "elsewhere"})()

    assert show.render(request) is None
    assert show.to_html(object()) is None


def test_a_long_table_is_capped_and_says_how_many_are_hidden():
    """Ten samples of a dataset are enough to know it."""
    made = show.render(Dataset.load([{"input": str(n)} for n in range(60)], name="sums"))

    assert made is not None
    assert made.count("<tr>") == 11
    assert "… and 50 more samples" in made


def test_failures_are_capped_and_say_how_many_are_hidden():
    """Fifty are shown of any number."""
    made = show.render(study_run(samples=500))

    assert made is not None
    assert "more failures" in made
    assert len(made) < 200_000


def test_an_unpriced_receipt_says_unpriced_and_never_zero():
    """What is unknown is not free."""
    made = show.render(Receipt(reasons=("no price is known for my-model",), unpriced=1))

    assert made is not None
    assert "unpriced" in made
    assert "$0" not in made


def test_a_request_shades_what_a_breakpoint_caches_and_nothing_after():
    """The reader sees what a repeated call will not pay for again."""
    block = {"type": "text", "text": "stable", "cache_control": {"type": "ephemeral", "ttl": "1h"}}
    made = show.render(Request(model="m", max_tokens=1, system=[block], messages=["varying"]))

    assert made is not None
    assert made.count("wb-block wb-cached") == 1
    assert "cache breakpoint, kept 1h" in made


def test_values_of_a_request_are_not_marked_as_names():
    """Only a prompt has names; in a request the same letters are data."""
    made = show.render(Request(model="m", max_tokens=1, messages=["{{input}}"]))

    assert made is not None
    assert "<mark" not in made


def test_citations_are_numbered_and_their_passages_folded():
    """The superscript stands where the text cites."""
    cite = {"type": "char_location", "cited_text": "Rome.", "document_index": 0, "document_title": "Guide"}
    cite |= {"start_char_index": 3, "end_char_index": 8}
    text = {"type": "text", "text": "It is Rome", "citations": [cite]}
    made = show.render(Message(model="m", content=[text, {"type": "text", "text": "!"}]))

    assert made is not None
    assert '<p>It is Rome<sup class="wb-ref">[1]</sup>!</p>' in made
    assert "Guide · characters 3 to 8" in made


def test_images_are_named_and_not_loaded():
    """A picture of a stranger stays where it is."""
    source = {"type": "url", "url": "http://beacon.invalid/p.png"}
    made = show.render(
        Request(
            model="m",
            max_tokens=1,
            messages=[{"role": "user", "content": [{"type": "image", "source": source}]}],
        )
    )

    assert made is not None
    assert "beacon.invalid/p.png" in made
    assert "<img" not in made


def test_the_stylesheet_is_small_and_loads_nothing():
    """It travels with every output of a notebook."""
    sheet = style()

    assert len(sheet) < 6_000
    assert "url(" not in sheet
    assert "@import" not in sheet
    assert "<" not in sheet


def test_every_rule_of_the_stylesheet_is_scoped():
    """Nothing of it reaches the rest of the notebook."""
    for selectors in re.findall(r"([^{}]+)\{", style()):
        assert all(selector.strip().startswith(".wb") for selector in selectors.split(","))


def test_dollars_of_an_estimate_are_low_and_high():
    """Two columns, so that nobody reads the lower one alone."""
    from workbench.estimate import Estimate

    noun = Estimate(2, (10, 20), 15, 0, (1, 5), Decimal("0.01"), Decimal("0.02"), None)
    made = show.render(noun)

    assert made is not None
    assert '<td class="wb-n">$0.0100</td><td class="wb-n">$0.0200</td>' in made
