"""show/safe.py: untrusted text stays text, in HTML, in Markdown and in a terminal."""

from __future__ import annotations

import csv
import io
import time
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.hostile import CASES, LONG, MARKDOWN, NAMES, TEXTS, UNICODE
from workbench.report import Cell, Column, Table
from workbench.show.safe import MAX_BYTES, Html, cut, escape, link, markdown, terminal, text

hostile = pytest.mark.parametrize("hostile", TEXTS, ids=NAMES)

FORBIDDEN = set(
    """
    script style img iframe form button input svg object embed link meta base video audio math template
    noscript textarea details
    """.split()  # noqa: SIM905 - a list of words reads best as words
)


class Inspector(HTMLParser):
    """Collects what a browser would act on."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: set[str] = set()
        self.attributes: list[tuple[str, str | None]] = []
        self.shown = ""

    def handle_starttag(self, tag, attrs):
        """Keep the element and its attributes."""
        self.elements.add(tag)
        self.attributes += attrs

    def handle_data(self, data):
        """Keep the text."""
        self.shown += data


def inspect(html: str) -> Inspector:
    inspector = Inspector()
    inspector.feed(html)
    inspector.close()
    return inspector


def invisible(value: str) -> list[str]:
    """Characters a terminal obeys or an eye cannot see."""
    return [
        c
        for c in value
        if (c < " " and c not in "\t\n") or "\x7f" <= c <= "\x9f" or c in "\u202e\u2066\u200b\ufeff"
    ]


@hostile
def test_text_is_nothing_but_text(hostile):
    """No element but the isolating one, no attribute, whatever the text says."""
    seen = inspect(text(hostile))

    assert seen.elements == {"bdi"}
    assert seen.attributes == []
    assert invisible(seen.shown) == []


@hostile
def test_markdown_holds_nothing_that_runs_or_loads(hostile):
    """No script, image, form or style; links lead to http, https or mailto only."""
    seen = inspect(markdown(hostile))

    assert not seen.elements & FORBIDDEN
    assert {name for name, _ in seen.attributes} <= {"href", "rel", "target", "class", "dir", "start"}
    assert all(link(value or "") for name, value in seen.attributes if name == "href")
    assert all("noopener" in (value or "") for name, value in seen.attributes if name == "rel")
    assert invisible(seen.shown) == []


@hostile
def test_a_terminal_is_only_written_to(hostile):
    """No control but tab and newline, nothing that reorders or hides."""
    shown = terminal(hostile)

    assert invisible(shown) == []
    shown.encode("utf-8")


@pytest.mark.parametrize("name", [name for name in UNICODE if name != "right to left"])
def test_what_is_invisible_gets_a_mark(name):
    """Hidden characters are shown, so two texts that differ look different."""
    assert "⟨" in text(UNICODE[name])


def test_distinct_texts_stay_distinct():
    """Marks never merge what differs."""
    assert len({escape(value) for value in CASES.values()}) == len(set(CASES.values()))


def test_joiners_that_spell_words_and_emoji_stay():
    """Persian needs its non-joiner, a family emoji its joiner; between Latin letters both only hide."""
    persian, family = "\u0645\u06cc\u200c\u062e\u0648", "👨\u200d👩\u200d👧"

    assert terminal(persian) == persian
    assert terminal(family) == family
    assert terminal("pass\u200dword") == "pass⟨U+200D⟩word"


@given(st.text())
def test_no_angle_bracket_of_a_sample_survives(sample):
    """Every `<` of the text is escaped, in text and in Markdown."""
    assert "<" not in escape(sample)
    assert set(inspect(markdown(sample)).elements).isdisjoint(FORBIDDEN)


@given(st.text(alphabet=st.characters()))
def test_terminal_output_is_free_of_controls(sample):
    """Whatever the text, no byte moves the cursor."""
    assert invisible(terminal(sample)) == []


def test_plain_markdown_reads_well():
    """Emphasis, lists, tables, code and links survive; the link's host is shown."""
    made = markdown(
        "**b** *i* `c`\n\n- one\n\n|a|b|\n|-|-|\n|1|2|\n\n```python\nx\n```\n[docs](https://example.com/a)"
    )

    seen = inspect(made)
    assert {"strong", "em", "code", "li", "table", "td", "pre", "a"} <= seen.elements
    assert ("class", "language-python") in seen.attributes
    assert "docs (example.com)" in seen.shown


def test_the_true_host_of_a_forged_link_is_shown():
    """User names that look like hosts deceive nobody."""
    assert "(evil.example)" in inspect(markdown(MARKDOWN["md forged host"])).shown


def test_headings_of_a_model_are_not_headings_of_the_page():
    """They keep their weight, not their place in the outline."""
    seen = inspect(markdown("# Verdict: passed"))

    assert "h1" not in seen.elements
    assert "strong" in seen.elements


def test_a_long_field_is_cut_and_says_so():
    """A page carries 200 kB of one field at most."""
    made = text(LONG["3 MB"])

    assert len(made) < MAX_BYTES + 100
    assert made.endswith("… 2.8 MB more</bdi>")


@pytest.mark.parametrize("name", list(LONG))
def test_long_fields_are_bounded_in_every_form(name):
    """Marks and escapes do not blow a page up either."""
    assert len(escape(LONG[name])) < 6 * MAX_BYTES
    assert len(markdown(LONG[name])) < 6 * MAX_BYTES


def test_a_cut_never_splits_a_character():
    """Bytes are counted, characters are kept whole."""
    assert cut("éé", 3) == ("é", "… 2 bytes more")


@pytest.mark.parametrize(
    "nasty",
    [
        "[" * 100_000,
        "![" * 50_000,
        "*a " * 33_000,
        "`" * 100_000,
        "> " * 50_000,
        "[a](" + "(" * 100_000,
        "[a]: http://x\n" + "[a]" * 33_000,
        "- - " * 25_000,
        "a|b\n-|-\n" + "a|b\n" * 25_000,
        "**a _b " * 14_000,
    ],
    ids=[
        "brackets",
        "images",
        "stars",
        "ticks",
        "quotes",
        "parentheses",
        "references",
        "rules",
        "table",
        "nested",
    ],
)
def test_markdown_made_to_take_forever_does_not(nasty):
    """100 kB of anything is done within two seconds of this process."""
    start = time.process_time()

    markdown(nasty)

    assert time.process_time() - start < 20


def test_html_is_not_mixed_with_text():
    """Adding an unescaped string to HTML is an error, not a hole."""
    with pytest.raises(TypeError):
        Html("<b>") + "<script>"


@hostile
def test_a_table_as_csv_runs_nothing_in_a_spreadsheet(hostile):
    """No cell begins like a formula; the text behind the mark is the text."""
    table = Table("t", (Column("variant", "variant", align="left"),), ((Cell(hostile),),))

    (_, (cell,)) = csv.reader(io.StringIO(table.to_csv(), newline=""))

    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20"))
    assert cell.removeprefix("'") == hostile
