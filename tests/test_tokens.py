"""Offline token estimates: published measurements, headers of images and PDFs, and positions of the cache."""

import base64
import json
import struct
from typing import Any

import pytest

from tests.shared import BODIES
from workbench.tokens import (
    block_tokens,
    cacheable,
    count,
    image_size,
    image_tokens,
    pdf_pages,
    prefix_keys,
    prefix_tokens,
    text_tokens,
)
from workbench.wire import ImageBlock, Request, TextBlock, ThinkingBlock

OLD, NEW = "claude-haiku-4-5", "claude-opus-5-5"
MARK = {"type": "ephemeral"}

PROSE = (
    "The committee met on Thursday to consider whether the harbour should be widened before winter. "
    "Nobody doubted that larger ships would come; the question was who would pay for the dredging. "
)
CODE = 'def area(radius: float) -> float:\n    """Area of a circle."""\n    return math.pi * radius**2\n'


def b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def png(width: int, height: int) -> str:
    return b64(
        b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + struct.pack(">II", width, height) + b"\x08\x02\x00\x00\x00"
    )


def request(model: str = OLD, **fields: Any) -> Request:
    return Request.model_validate({"model": model, "max_tokens": 100, "messages": ["Hello, Claude"]} | fields)


# --- text ------------------------------------------------------------------------------------------


def test_the_count_the_documentation_shows():
    """System "You are a scientist", user "Hello, Claude": 14 tokens before Claude 4.7.

    Source: https://platform.claude.com/docs/en/build-with-claude/token-counting
    """
    assert count(request(system="You are a scientist")).likely == 14


@pytest.mark.parametrize(
    ("text", "characters_per_token"),
    [(PROSE * 20, 4.33), (CODE * 40, 3.66)],
    ids=["English prose", "source code"],
)
def test_characters_per_token_before_claude_4_7(text, characters_per_token):
    """Measured with count_tokens in April 2026: 4.33 for English prose, 3.66 for TypeScript."""
    measured = len(text) / characters_per_token

    assert 0.8 * measured < text_tokens(text, "claude-pre-4.7") < 1.2 * measured


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        (PROSE * 20, 1.20, 1.45),
        (CODE * 40, 1.15, 1.36),
        ("2026-11-22T10:15:00Z 550e8400-e29b-41d4-a716-446655440000 " * 30, 1.0, 1.2),
        ("日本語のテキストを数える" * 30, 1.0, 1.01),
        ("Привет, как дела сегодня? " * 30, 1.0, 1.05),
        ("0123456789" * 60, 1.0, 1.0),
    ],
    ids=["English", "Python", "identifiers", "Japanese", "Russian", "digits"],
)
def test_growth_from_claude_4_7_on(text, low, high):
    """Measured ratios of the two tokenizers; docs: about 1.3 overall."""
    ratio = text_tokens(text, "claude-4.7") / text_tokens(text, "claude-pre-4.7")

    assert low <= ratio <= high


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("Hello, Claude", 3),
        ("You are a scientist", 4),
        ("日本語のテキストを数える", 12),
        ("Привет, как дела сегодня?", 13),
        ("😀😀😀", 6),
        ("한국어 문장입니다", 8),
        ("Grüße aus München", 5),
    ],
)
def test_short_texts_of_many_scripts(text, tokens):
    """Counts of the one published tokenizer (Claude 2), within one token or a tenth."""
    assert text_tokens(text, "claude-pre-4.7") == pytest.approx(tokens, abs=1, rel=0.1)


def test_empty_text_has_no_tokens():
    """And single spaces between words cost nothing of their own."""
    assert text_tokens("") == 0
    assert text_tokens("one two", "claude-pre-4.7") == 2


def test_an_unknown_tokenizer_counts_as_the_newest():
    """Rather too many than too few."""
    assert text_tokens(PROSE, None) == text_tokens(PROSE, "claude-9") == text_tokens(PROSE, "claude-4.7")


def test_other_scripts_have_a_wider_band():
    """±20 % for Latin text, ±40 % for others."""
    latin, other = (count(request(system=text * 50)) for text in (PROSE, "日本語のテキスト"))

    assert (latin.high - latin.likely) / latin.likely == pytest.approx(0.2, abs=0.01)
    assert (other.high - other.likely) / other.likely == pytest.approx(0.4, abs=0.02)


def test_lone_surrogates_are_counted():
    """Broken text is still text."""
    assert count(request(system="a\ud800b")).likely > 10


# --- images ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("width", "height", "standard", "high"),
    [
        (256, 256, 100, 100),
        (512, 512, 361, 361),
        (768, 768, 784, 784),
        (1024, 1024, 1369, 1369),
        (1280, 720, 1196, 1196),
        (1920, 1080, 1560, 2691),
        (2000, 1125, 1560, 2952),
        (2000, 1500, 1564, 3888),
        (1092, 1092, 1521, 1521),
        (8000, 8000, 1521, 4761),
        (1, 1, 1, 1),
    ],
)
def test_images_are_patches_of_28_pixels(width, height, standard, high):
    """Sizes up to 2000 px as measured on Haiku 4.5 and Opus 5.5, the prompt's own tokens taken off.

    Source: https://huggingface.co/datasets/JOHNISKING/image-token-cost (third party), which agrees with the
    formula of https://platform.claude.com/docs/en/build-with-claude/vision
    """
    assert image_tokens(width, height, OLD) == standard
    assert image_tokens(width, height, NEW) == high


def test_no_image_exceeds_its_models_limit():
    """Whatever its shape."""
    sizes = [(w, h) for w in range(1, 8001, 613) for h in range(1, 8001, 739)]

    assert max(image_tokens(w, h, OLD) for w, h in sizes) <= 1568
    assert max(image_tokens(w, h, NEW) for w, h in sizes) <= 4784


JFIF = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"
FRAME = b"\xff\xc2\x00\x11\x08" + struct.pack(">HH", 30, 40) + b"\x03"
EXIF = b"\xff\xe1" + struct.pack(">H", 60_000) + bytes(59_998)


@pytest.mark.parametrize(
    "data",
    [
        png(40, 30),
        b64(b"GIF89a" + struct.pack("<HH", 40, 30)),
        b64(JFIF + FRAME),
        b64(JFIF + EXIF * 5 + FRAME),
        b64(b"RIFF\x00\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00" + bytes(4) + b"\x27\x00\x00\x1d\x00\x00"),
        b64(
            b"RIFF\x00\x00\x00\x00WEBPVP8L\x00\x00\x00\x00\x2f" + struct.pack("<I", 39 | 29 << 14) + bytes(8)
        ),
        b64(b"RIFF\x00\x00\x00\x00WEBPVP8 " + bytes(7) + b"\x9d\x01\x2a" + struct.pack("<HH", 40, 30)),
    ],
    ids=["png", "gif", "jpeg", "jpeg after long metadata", "webp", "webp lossless", "webp lossy"],
)
def test_sizes_are_read_from_headers(data):
    """No library, no decoding of pixels."""
    assert image_size(data) == (40, 30)


@pytest.mark.parametrize(
    "data", ["", "????", "AAAA", b64(b"\x89PNG"), b64(JFIF), b64(JFIF + b"\xff\xe1\x00\x00")]
)
def test_broken_images_have_no_size(data):
    """Nothing is raised, nothing loops; the service will say what is wrong."""
    assert image_size(data) is None


def test_an_image_behind_a_url_may_be_anything_up_to_the_limit():
    """Low is one token, high the model's most, likely the middle."""
    picture = {"type": "image", "source": {"type": "url", "url": "https://example.com/a.png"}}
    estimate = count(request(messages=[{"role": "user", "content": [picture]}]))

    assert estimate.parts["images"] == 784 + 7
    assert (estimate.low, estimate.high) == (8, 1568 + 7)


# --- documents -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "pages"),
    [
        (b"%PDF-1.7 /Type /Pages /Count 2 /Type /Page /Type/Page\n/Type /PageLabel", 2),
        (b"%PDF-1.7" + bytes(200_000), 4),
        (b"%PDF-1.7", 1),
    ],
    ids=["page objects", "compressed: by size", "tiny"],
)
def test_pages_of_a_pdf(raw, pages):
    """Counted by page objects, guessed from the size where those are compressed."""
    assert pdf_pages(b64(raw)) == pages


def test_a_pdf_page_is_text_and_an_image():
    """1,500 to 3,000 tokens of text a page, and the page's image."""
    source = {"type": "base64", "media_type": "application/pdf", "data": b64(b"%PDF /Type /Page /Type /Page")}
    estimate = count(
        request(messages=[{"role": "user", "content": [{"type": "document", "source": source}]}])
    )

    assert estimate.low >= 2 * 1500
    assert estimate.high <= 2 * (3000 + 1568) + 10


def test_parts_add_up():
    """Documents and images are counted apart from the messages that hold them."""
    source = {"type": "text", "media_type": "text/plain", "data": PROSE * 10}
    document = {"type": "document", "title": "Notes", "source": source}
    picture = {
        "type": "image",
        "source": {"type": "base64", "media_type": "image/png", "data": png(1024, 1024)},
    }
    estimate = count(
        request(
            system=PROSE,
            messages=[{"role": "user", "content": [document, picture, {"type": "text", "text": "?"}]}],
        )
    )

    assert sum(estimate.parts.values()) == estimate.likely
    assert estimate.parts["images"] == 1369
    assert estimate.parts["documents"] > 300
    assert str(estimate).startswith("system ")
    assert "about" in str(estimate)


# --- tools and thinking ----------------------------------------------------------------------------

TOOL = {"name": "get_weather", "description": "Weather of a city", "input_schema": {"type": "object"}}


@pytest.mark.parametrize(
    ("model", "choice", "prompt"),
    [
        ("claude-opus-4-7", None, 675),
        ("claude-opus-4-7", {"type": "any"}, 804),
        ("claude-opus-4-7", {"type": "none"}, 675),
        ("claude-haiku-4-5", {"type": "tool", "name": "get_weather"}, 588),
    ],
)
def test_tools_bring_a_system_prompt_of_their_own(model, choice, prompt):
    """https://platform.claude.com/docs/en/about-claude/pricing: 675 and 804 tokens on Opus 4.7."""
    fields = {"tools": [TOOL], "tool_choice": choice} if choice else {"tools": [TOOL]}
    definition = block_tokens(prefix_tokens(request(**fields))[0].block, model)

    assert count(request(model, **fields)).parts["tools"] == definition + prompt


def test_deferred_tools_are_outside_the_prompt():
    """They are found by search, later."""
    deferred = {**TOOL, "name": "later", "defer_loading": True}

    assert count(request(tools=[TOOL, deferred])) == count(request(tools=[TOOL]))


def test_anthropics_own_tools_cost_what_the_price_page_says():
    """The computer toolset adds 4,520 tokens on Opus 5, 4,590 on Sonnet 5."""
    tools = [{"type": "computer_toolset_20260801"}]
    opus, sonnet = (
        block_tokens(prefix_tokens(request(tools=tools))[0].block, m)
        for m in ("claude-opus-5", "claude-sonnet-5")
    )

    assert sonnet - opus == 70
    assert 4520 < opus < 4560


def test_old_models_forget_the_thinking_of_earlier_turns():
    """Haiku 4.5 drops it at the next user turn, Opus 4.5 keeps it; inside a tool loop both keep it."""
    thought = {"type": "thinking", "thinking": PROSE * 10, "signature": "x"}
    turns = [
        {"role": "user", "content": "Go"},
        {"role": "assistant", "content": [thought, {"type": "text", "text": "Gone"}]},
        {"role": "user", "content": "And back"},
    ]
    loop = [
        turns[0],
        {
            "role": "assistant",
            "content": [thought, {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {}}],
        },
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_1", "content": "1"}]},
    ]
    haiku, opus = (
        [count(request(m, messages=x)).likely for x in (turns, loop)] for m in (OLD, "claude-opus-4-5")
    )

    assert haiku[0] < 50
    assert opus[0] > 300
    assert haiku[1] == opus[1] > 300


def test_an_unknown_model_is_counted_with_the_newest_tokenizer():
    """And the estimate says so."""
    estimate = count(request("my-model", system=PROSE))

    assert estimate.likely == count(request("claude-opus-5-5", system=PROSE)).likely
    assert "my-model is not in the catalog" in str(estimate)


# --- positions of the cache ------------------------------------------------------------------------


def marked() -> Request:
    return request(
        tools=[TOOL, {**TOOL, "name": "other", "cache_control": MARK}],
        system=[{"type": "text", "text": PROSE, "cache_control": {**MARK, "ttl": "1h"}}],
        messages=[
            {"role": "user", "content": "One"},
            {"role": "assistant", "content": "Two"},
            {
                "role": "user",
                "content": [{"type": "text", "text": "Three"}, {"type": "text", "text": "Four"}],
            },
        ],
    )


def test_positions_are_tools_then_system_then_messages():
    """Block by block, each with its path; a string is one position."""
    positions = prefix_tokens(marked())

    assert [position.path for position in positions] == [
        "tools[0]",
        "tools[1]",
        "system[0]",
        "messages[0].content",
        "messages[1].content",
        "messages[2].content[0]",
        "messages[2].content[1]",
    ]
    assert [position.ttl for position in positions[:4]] == [None, "5m", "1h", None]
    assert [position.role for position in positions[2:5]] == [None, "user", "assistant"]


def test_the_last_position_is_the_whole_prompt():
    """So that lint, estimate and emulator agree to the token."""
    positions = prefix_tokens(marked())

    assert positions[-1].tokens == count(marked()).likely
    assert [p.tokens for p in positions] == sorted(p.tokens for p in positions)


def test_automatic_caching_marks_the_last_block_that_can_be_marked():
    """Thinking and empty text cannot; the mark walks back."""
    turn = {
        "role": "assistant",
        "content": [{"type": "text", "text": "Hm"}, {"type": "thinking", "thinking": "?"}],
    }
    positions = prefix_tokens(request(cache_control={**MARK, "ttl": "1h"}, messages=["Hi", turn]))

    assert [position.marked for position in positions] == [False, True, False]
    assert positions[1].ttl == "1h"


@pytest.mark.parametrize(
    ("block", "may"),
    [
        (TextBlock(text="a"), True),
        (TextBlock(text=""), False),
        (ThinkingBlock(thinking="a"), False),
        (ImageBlock.model_validate({"source": {"type": "url", "url": "https://example.com"}}), True),
    ],
)
def test_what_may_be_marked(block, may):
    """Blocks with content of their own; thinking is cached only as part of the prefix."""
    assert cacheable(block) is may


def same_positions(a: Request, b: Request) -> list[bool]:
    return [x == y for x, y in zip(prefix_keys(a), prefix_keys(b), strict=True)]


def test_equal_prompts_have_equal_keys():
    """Where the marks are does not matter, nor whether text is a string or one block."""
    blocks = [{"type": "text", "text": "Hello, Claude", "cache_control": MARK}]

    assert prefix_keys(request()) == prefix_keys(request(messages=[{"role": "user", "content": blocks}]))


@pytest.mark.parametrize(
    ("change", "kept"),
    [
        ({"messages": ["Hello"]}, [True, True, False]),
        ({"system": "Be brief."}, [True, False, False]),
        ({"tools": [{**TOOL, "description": "?"}]}, [False, False, False]),
        ({"tool_choice": {"type": "any"}}, [True, True, False]),
        ({"thinking": {"type": "enabled", "budget_tokens": 1024}}, [True, True, False]),
        ({"thinking": {"type": "disabled"}}, [True, True, True]),
        ({"tool_choice": {"type": "auto"}}, [True, True, True]),
        ({"output_config": {"effort": "low"}}, [True, True, False]),
        ({"model": NEW}, [False, False, False]),
        ({"speed": "fast"}, [True, True, True]),
        ({"messages": [{"role": "assistant", "content": "Hello, Claude"}]}, [True, True, False]),
        ({"max_tokens": 7, "stream": True}, [True, True, True]),
    ],
    ids=[
        "message",
        "system",
        "tool",
        "tool choice",
        "thinking",
        "default thinking",
        "default tool choice",
        "effort",
        "model",
        "speed it does not have",
        "role",
        "no prompt",
    ],
)
def test_what_a_change_invalidates(change, kept):
    """The table of the prompt caching documentation."""
    before: dict[str, Any] = {"tools": [TOOL], "system": "Be kind."}

    assert same_positions(request(**before), request(**(before | change))) == kept


@pytest.mark.skipif(not BODIES.exists(), reason="the shared request bodies are not here")
def test_real_bodies():
    """Every recorded body is counted, within its band, and its positions add up."""
    for line in BODIES.read_text().splitlines():
        body = Request.model_validate(json.loads(line)["body"])
        estimate, positions = count(body), prefix_tokens(body)

        assert 0 <= estimate.low <= estimate.likely <= estimate.high
        assert (positions[-1].tokens if positions else 0) == estimate.likely
        assert len(prefix_keys(body)) == len(positions)


def test_speed_leaves_the_tools_valid():
    """Of the two sentences of the documentation the table is followed."""
    before = request(NEW, tools=[TOOL], system="Be kind.")

    assert same_positions(before, before.with_(speed="fast")) == [True, False, False]


def test_web_search_leaves_the_other_tools_valid():
    """Switching it on invalidates from the system prompt on."""
    search = {"type": "web_search_20260318", "name": "web_search"}

    without = prefix_keys(request(tools=[TOOL], system="Be kind."))
    with_it = prefix_keys(request(tools=[TOOL, search], system="Be kind."))

    assert with_it[0] == without[0]
    assert not set(with_it[2:]) & set(without)


def results(**fields: Any) -> dict[str, Any]:
    """A conversation whose tool result holds one text block with fields of its own."""
    call = {"type": "tool_use", "id": "toolu_1", "name": "add", "input": {}}
    inner = {"type": "text", "text": "4", **fields}
    result = {"type": "tool_result", "tool_use_id": "toolu_1", "content": [inner]}
    turns = [{"role": "assistant", "content": [call]}, {"role": "user", "content": [result]}]
    return {"tools": [TOOL], "messages": [{"role": "user", "content": "2+2?"}, *turns]}


def test_a_mark_inside_a_tool_result_is_the_results():
    """Blocks inside a result share its position."""
    positions = prefix_tokens(request(**results(cache_control={"type": "ephemeral", "ttl": "1h"})))

    assert [(position.marked, position.ttl) for position in positions[-2:]] == [(False, None), (True, "1h")]


def test_marks_inside_tool_results_are_no_content():
    """Keys are the same with them and without."""
    assert prefix_keys(request(**results())) == prefix_keys(request(**results(cache_control=MARK)))
