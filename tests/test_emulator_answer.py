"""What the emulator answers, and that it is honest about it."""

from __future__ import annotations

import base64
import zlib

import pytest

from workbench.catalog import catalog
from workbench.emulator.answer import PLAIN, Scripted, answer, made
from workbench.emulator.answer.arithmetic import computed
from workbench.emulator.answer.labels import chosen, listed
from workbench.emulator.answer.reading import Reading
from workbench.emulator.answer.text import sentences
from workbench.emulator.answer.word_problem import solved
from workbench.tokens import text_tokens

SEED = "0123456789abcdef" * 4


def body(user, **fields):
    return {"model": "m", "max_tokens": 200, "messages": [{"role": "user", "content": user}], **fields}


def line(user, **fields):
    """The text of the answer made for a user turn."""
    return "".join(block["text"] for block in made(Reading(body(user, **fields)), SEED))


def full(request, model="claude-haiku-4-5", scripted=None, window=None):
    return answer(
        request,
        catalog().model(model),
        seed=SEED,
        tokens=lambda text: text_tokens(text, "claude-4.7"),
        scripted=scripted,
        window=window,
    )


def test_it_says_what_it_is():
    """Where no rule fits, the answer says that this is no model."""
    assert line("Tell me about love.") == PLAIN
    assert "not Claude" in PLAIN


@pytest.mark.parametrize(
    ("question", "value"),
    [
        ("What is 12 * (3 + 4)?", "84"),
        ("Compute 7 / 8", "0.875"),
        ("17 plus 25", "42"),
        ("What is 15% of 80?", "12"),
        ("2 ^ 10 =", "1024"),
        ("1,200 - 300.5", "899.5"),
        ("((-1 + 2 + 9 * 5) - (-2 + -4 + -4 * -7)) =", "24"),
        ("What is 6 times 7?", "42"),
    ],
)
def test_arithmetic_is_computed(question, value):
    """Expressions get their exact value."""
    found = computed(question)

    assert found is not None
    assert found[1] == value


@pytest.mark.parametrize(
    "text",
    [
        "He was born on 2001-02-03.",
        "Call 555-1234-99",
        "1 / 0 =",
        "Add 1/2 cup of sugar to the bowl and stir it well.",
        "9 ^ 9 ^ 9 =",
        "(" * 500 + "1",
    ],
    ids=["date", "phone", "no value", "recipe", "huge", "deep"],
)
def test_what_is_no_sum_is_left_alone(text):
    """Dates, telephone numbers and recipes are not computed; neither is what has no value."""
    assert computed(text) is None


def test_only_the_number_where_only_the_number_is_wanted():
    """The instruction may stand in the system prompt."""
    assert line("What is 2 + 2?") == "2 + 2 = 4"
    assert line("What is 2 + 2?", system="Reply with only the number.") == "4"


@pytest.mark.parametrize(
    ("problem", "value"),
    [
        ("Tom has 3 apples. He buys 4 more. How many apples does he have?", "7"),
        ("There are 5 boxes with 6 pencils each. How many pencils are there?", "30"),
        ("Ann had 20 stickers and gave away 8. How many stickers are left?", "12"),
        ("24 cookies are shared equally among 6 children. How many does each get?", "4"),
        ("She sold 48 clips in April and half as many in May. How many clips altogether?", "72"),
        ("A shirt costs $20 and is 25% off. How much is it now?", "15"),
    ],
)
def test_simple_word_problems(problem, value):
    """A handful of rules: right on the simplest problems, wrong on many others."""
    found = solved(problem)

    assert found is not None
    assert found.value == value


LISTS = [
    ("Classify as one of: billing, account, or other.", ["billing", "account", "other"]),
    ("Answer with one word, positive or negative.", ["positive", "negative"]),
    ("Is this review positive or negative?", ["positive", "negative"]),
    ("Classify the sentiment as positive, negative or neutral.", ["positive", "negative", "neutral"]),
    ("Classify the ticket (billing, technical, account).", ["billing", "technical", "account"]),
    ("Label the text 'very good' or 'very bad'.", ["very good", "very bad"]),
    ("Sentiment (positive/negative):", ["positive", "negative"]),
    ("Choose one of these labels:\n- billing: charges\n- tech: crashes\n", ["billing", "tech"]),
    ("Which is it?\n(A) a dog\n(B) a cat", ["(A)", "(B)"]),
    ("He comes with apples, oranges and bananas. How many?", []),
    ("All animals are either chickens or cows.", []),
    ("One of the reasons, however, is that it rained.", []),
]


@pytest.mark.parametrize(("prompt", "names"), LISTS, ids=[prompt[:30] for prompt, _ in LISTS])
def test_listed_labels_are_found(prompt, names):
    """Lists are read however they are written; other lists are left alone."""
    assert [label.name for label in listed(prompt)] == names


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("The staff were lovely and the room spotless.", "positive"),
        ("It broke after a day and nobody helped.", "negative"),
        ("Not good, not worth the money.", "negative"),
    ],
)
def test_feeling_is_chosen_by_words(text, label):
    """A small general list of good and bad words, and negation."""
    prompt = f"Classify the review as positive or negative.\n\nReview: {text}\nSentiment:"

    assert chosen(Reading(body(prompt))) == label


def test_descriptions_of_labels_count():
    """Words of a label's description are evidence for it."""
    system = "Labels:\n- billing: charges, refunds, invoices\n- tech: crashes, errors, bugs\n"

    assert line("I was promised a refund.", system=system) == "billing"


def test_examples_decide():
    """The nearest example in the prompt gives its label, in turns or written out."""
    shots = "Text: zug the blorp\nLabel: left\nText: mip the fanto\nLabel: right\n"
    turns = [
        {"role": "user", "content": "zug the blorp"},
        {"role": "assistant", "content": "left"},
        {"role": "user", "content": "mip the fanto"},
        {"role": "assistant", "content": "right"},
        {"role": "user", "content": "a fanto was seen"},
    ]

    assert line(shots + "Text: a fanto was seen\nLabel:", system="Answer left or right.") == "right"
    assert chosen(Reading({"messages": turns, "system": "Answer left or right."})) == "right"


TEXT = (
    "Ann Lee built the mill in 1902. It ground wheat. The mill closed in 1960, after a fire. "
    "Dr. Who bought it."
)


def document(source, **fields):
    return {"type": "document", "source": source, "citations": {"enabled": True}, **fields}


def plain_text(data):
    return {"type": "text", "media_type": "text/plain", "data": data}


def cited(*sources, question="When did the mill close?"):
    blocks = made(Reading(body([*sources, {"type": "text", "text": question}])), SEED)
    return [citation for block in blocks for citation in block.get("citations", ())]


def test_text_documents_are_cited_by_characters():
    """The indices cut out exactly the cited text, whatever stands before it."""
    data = "Überschrift 🎈\n\n" + TEXT
    (citation,) = cited(document(plain_text(data), title="Mills"))

    assert citation["cited_text"] == "The mill closed in 1960, after a fire."
    assert data[citation["start_char_index"] : citation["end_char_index"]] == citation["cited_text"]
    assert (citation["type"], citation["document_title"]) == ("char_location", "Mills")


def test_the_document_index_counts_all_documents():
    """The second of two documents is number 1."""
    (citation,) = cited(document(plain_text("Nothing here.")), document(plain_text(TEXT)))

    assert citation["document_index"] == 1


def test_content_documents_are_cited_by_blocks():
    """Whole blocks, 0-based, end exclusive."""
    content = [
        {"type": "text", "text": "It ground wheat."},
        {"type": "text", "text": "The mill closed in 1960."},
    ]
    (citation,) = cited(document({"type": "content", "content": content}))

    assert (citation["start_block_index"], citation["end_block_index"]) == (1, 2)
    assert citation["cited_text"] == "The mill closed in 1960."


def test_search_results_are_cited_with_their_source():
    """Their own count, source and title."""
    result = {
        "type": "search_result",
        "source": "https://mill.example",
        "title": "Mill",
        "content": [{"type": "text", "text": "The mill closed in 1960."}],
        "citations": {"enabled": True},
    }
    (citation,) = cited(result)

    assert (citation["type"], citation["search_result_index"]) == ("search_result_location", 0)
    assert citation["source"] == "https://mill.example"


def pdf(*pages):
    """A PDF of one text line a page, compressed."""
    parts = []
    for number, text in enumerate(pages):
        stream = zlib.compress(f"BT /F1 12 Tf ({text}) Tj ET".encode())
        parts.append(b"%d 0 obj <</Type /Page /Contents %d 0 R>> endobj" % (2 * number + 1, 2 * number + 2))
        head = b"%d 0 obj <</Filter /FlateDecode /Length %d>> stream\n" % (2 * number + 2, len(stream))
        parts.append(head + stream + b"\nendstream endobj")
    data = base64.b64encode(b"%PDF-1.4\n" + b"\n".join(parts)).decode()
    return {"type": "base64", "media_type": "application/pdf", "data": data}


def test_pdfs_are_cited_by_page():
    """Pages are 1-based, the end exclusive."""
    (citation,) = cited(document(pdf("It ground wheat.", "The mill closed in 1960.")))

    assert (citation["start_page_number"], citation["end_page_number"]) == (2, 3)
    assert citation["cited_text"] == "The mill closed in 1960."


def test_what_cannot_be_read_is_not_cited():
    """No text, no quote: nothing is invented."""
    blocks = made(Reading(body([document(pdf()), {"type": "text", "text": "What does it say?"}])), SEED)

    assert blocks == [{"type": "text", "text": PLAIN}]


def test_without_citations_the_best_sentence_is_given():
    """In a document block, in tags, or after "Context:"."""
    block = document(plain_text(TEXT)) | {"citations": {"enabled": False}}

    assert line([block, {"type": "text", "text": "Who built the mill?"}]) == "Ann Lee built the mill in 1902."
    assert line(f"<document>{TEXT}</document>\nWho built the mill?") == "Ann Lee built the mill in 1902."
    assert line(f"Context: {TEXT}\nQuestion: Who built the mill?") == "Ann Lee built the mill in 1902."


@pytest.mark.parametrize(
    "text", [TEXT, "  a\n\n b. C", "One.Two. Three!\tFour?  ", "", "\n", "…。你好。再见"]
)
def test_sentences_know_where_they_stand(text):
    """Every sentence is the slice it names, and no word is lost."""
    spans = sentences(text)

    assert all(text[span.start : span.end] == span.text for span in spans)
    assert "".join("".join(span.text.split()) for span in spans) == "".join(text.split())


WEATHER = {
    "name": "get_weather",
    "description": "Current weather of a city",
    "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}


@pytest.mark.parametrize(
    ("user", "fields", "called"),
    [
        ("What is the weather in Oslo?", {}, True),
        ("Use get_weather for Oslo.", {}, True),
        ("Write a poem.", {}, False),
        ("Write a poem.", {"tool_choice": {"type": "any"}}, True),
        ("Write a poem.", {"tool_choice": {"type": "tool", "name": "get_weather"}}, True),
        ("What is the weather in Oslo?", {"tool_choice": {"type": "none"}}, False),
    ],
    ids=["asked", "named", "irrelevant", "any", "tool", "none"],
)
def test_tools_are_called_where_forced_or_clearly_asked_for(user, fields, called):
    """Neither too eager nor deaf."""
    (block,) = made(Reading(body(user, tools=[WEATHER], **fields)), SEED)

    assert (block["type"] == "tool_use") is called


def test_a_tool_result_is_reported():
    """After the call comes a short closing line, not another call."""
    turns = [
        {"role": "user", "content": "Weather in Oslo?"},
        {
            "role": "assistant",
            "content": [{"type": "tool_use", "id": "t", "name": "get_weather", "input": {}}],
        },
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": "Rain"}]},
    ]

    (block,) = made(Reading({"messages": turns, "tools": [WEATHER]}), SEED)

    assert block["text"] == "The tool answered: Rain"


def test_stop_sequences_end_the_text():
    """The sequence itself is not in the answer, but named beside it."""
    found = full(
        body("x", stop_sequences=["STOP"]), scripted=Scripted([{"type": "text", "text": "one STOP two"}])
    )

    assert (found.content[0]["text"], found.stop_reason, found.stop_sequence) == (
        "one ",
        "stop_sequence",
        "STOP",
    )


@pytest.mark.parametrize("limit", [1, 2, 5, 9])
def test_max_tokens_is_never_exceeded(limit):
    """The answer is cut, and says so."""
    found = full(body("Tell me.", max_tokens=limit))

    assert found.stop_reason == "max_tokens"
    assert 0 < found.output_tokens <= limit
    assert PLAIN.startswith(found.content[0]["text"])


def test_thinking_counts_toward_max_tokens():
    """Where thinking takes it all, no text is left."""
    found = full(body("Tell me.", max_tokens=5), model="claude-opus-5-5")

    assert [block["type"] for block in found.content] == ["thinking"]
    assert (found.stop_reason, found.output_tokens, found.thinking_tokens) == ("max_tokens", 5, 5)


def test_the_window_ends_an_answer():
    """model_context_window_exceeded where the window, not max_tokens, was the bound."""
    assert full(body("Tell me."), window=3).stop_reason == "model_context_window_exceeded"


@pytest.mark.parametrize(
    "model", ["claude-haiku-4-5", "claude-sonnet-4-6", "claude-opus-5-5", "claude-fable-5"]
)
def test_no_model_is_better_than_another(model):
    """The text is the same whatever the model."""
    texts = [
        block["text"]
        for block in full(body("What is 3 + 4?"), model=model).content
        if block["type"] == "text"
    ]

    assert texts == ["3 + 4 = 7"]
