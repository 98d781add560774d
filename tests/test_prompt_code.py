"""A prompt as Python, JSON and curl, and back."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.shared import BODIES
from workbench.errors import PromptError, WireError, WorkbenchError
from workbench.prompt import Prompt
from workbench.prompt.code import curl, json_text, python, read
from workbench.wire import Request

NASTY = [
    "it's",
    'say "hi"',
    "'\"'\"",
    "'''",
    '"""',
    'ends with "',
    "ends with \\",
    "$HOME ${X} $(id) `id`",
    "a!b !! !$",
    "back\\slash \\n \\' \\\\",
    "line\nline\n",
    "tail \nof a line\t\n  \n",
    "\r\n\r",
    "JSON\nEOF\n",
    "# no comment",
    "{{name}} \\{{not}}",
    "\x00\x01\x1b[31m\x7f\x9b",
    "\u202eright to left\u202c \u2066\u2069",
    "\u200b\ufeff\u2028\u2029\u00a0",
    "👩‍🚀 é 漢字 \U0010ffff",
    "\ud800 lone \udfff",
    "</script><!--",
    "%s %d {} {0}",
    "@file",
    "-d",
    "",
    " ",
    "x" * 300,
]


def nasty(n: int) -> str:
    return NASTY[n]


picked = st.integers(0, len(NASTY) - 1).map(nasty)
words = st.one_of(picked, st.text(max_size=30), st.lists(picked, max_size=4).map("".join))
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.just(1.0),
    st.just(float("inf")),
    words,
)
free = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(words, inner, max_size=3)),
    max_leaves=8,
)
marks = st.sampled_from([{}, {"cache_control": {"type": "ephemeral"}}])
blocks = st.one_of(
    st.builds(lambda text, mark: {"type": "text", "text": text, **mark}, words, marks),
    st.builds(
        lambda text, title: {
            "type": "document",
            "source": {"type": "text", "media_type": "text/plain", "data": text},
            "title": title,
        },
        words,
        words,
    ),
    st.builds(
        lambda name, given: {"type": "tool_use", "id": "toolu_1", "name": name, "input": given},
        words,
        st.dictionaries(words, free, max_size=3),
    ),
    st.builds(lambda more: {"type": "newer_block", "more": more}, free),
)
turns = st.builds(
    lambda role, content: {"role": role, "content": content},
    st.sampled_from(["user", "user", "assistant"]),
    st.one_of(words, st.lists(blocks, max_size=3)),
)
tools = st.builds(
    lambda name, says, schema: {"name": name, "description": says, "input_schema": schema},
    words,
    words,
    st.dictionaries(words, free, max_size=3),
)
bodies = st.fixed_dictionaries(
    {
        "messages": st.one_of(
            st.lists(turns, min_size=1, max_size=3), st.just("Hi"), st.lists(words, min_size=1, max_size=2)
        )
    },
    optional={
        "model": words,
        "max_tokens": st.integers(),
        "system": st.one_of(words, st.lists(blocks, max_size=2)),
        "tools": st.lists(tools, max_size=2),
        "stop_sequences": st.lists(words, max_size=2),
        "temperature": st.one_of(st.integers(), st.floats(allow_nan=False)),
        "output_config": st.sampled_from(
            [{"effort": "high"}, {"effort": None}, {}, {"effort": "low", "format": None}]
        ),
        "metadata": st.one_of(st.none(), st.builds(lambda name: {"user_id": name}, words)),
        "name": words,
        "effort": words,
        "newer field": free,
    },
)


@st.composite
def any_prompt(draw):
    return Prompt.from_wire(draw(bodies))


prompts = any_prompt()
steady = settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))

PLAIN = Prompt("Solve: {{x}}", model="claude-haiku-4-5", max_tokens=9)


# --- back again ------------------------------------------------------------------------------------


@pytest.mark.parametrize("write", [python, json_text, curl])
@given(prompt=prompts)
@steady
def test_what_is_written_reads_back(write, prompt):
    """Python, JSON and curl of any prompt give the same prompt back."""
    assert read(write(prompt)) == prompt


@pytest.mark.parametrize("write", [python, json_text, curl])
@pytest.mark.parametrize("text", NASTY, ids=ascii)
def test_nasty_texts_read_back(write, text):
    """Quotes, escapes, control characters, surrogates: every text comes back exactly."""
    prompt = Prompt(text or "?", model="claude-haiku-4-5", system=text)

    assert read(write(prompt)) == prompt


@given(prompt=prompts)
@steady
def test_python_makes_the_prompt_when_run(prompt):
    """The Python is Python: run, it makes an equal prompt."""
    made: dict[str, Any] = {}

    exec(compile(python(prompt), "<cell>", "exec"), made)

    assert made["prompt"] == prompt


@given(prompt=prompts)
@steady
def test_nothing_written_is_invisible(prompt):
    """What is copied holds no control, zero-width or direction character but line breaks."""
    for write in (python, json_text, curl):
        assert write(prompt).replace("\n", "").isprintable()


@pytest.mark.skipif(not BODIES.exists(), reason="no shared material beside this checkout")
@pytest.mark.parametrize("write", [python, json_text, curl])
def test_real_bodies_read_back(write):
    """110 recorded request bodies survive each form."""
    recorded = [json.loads(line)["body"] for line in BODIES.read_text().splitlines()]
    whole = [body for body in recorded if body.get("messages")]

    assert whole
    for body in whole:
        assert read(write(Prompt.from_wire(body))).wire() == body


def test_a_name_survives_python():
    """The prompt's own name is written and read, though it does not count for equality."""
    assert read(python(Prompt("Hi", name="short"))).name == "short"
    assert (
        read(python(Prompt.from_wire({"messages": [], "newer": 1} | PLAIN.wire(), name="odd"))).name == "odd"
    )


# --- writing ---------------------------------------------------------------------------------------


def test_python_as_a_person_would_write_it():
    """The last user turn is the first argument, several lines stand between triple quotes."""
    prompt = Prompt(
        "{{question}}",
        model="claude-haiku-4-5",
        max_tokens=300,
        system="You answer from the policy alone.\nSay so where it is silent.\nBe brief, and kind.\n",
        effort="low",
    )

    assert python(prompt, values={"question": "Who pays?"}) == (
        "import workbench as wb\n"
        "\n"
        "prompt = wb.Prompt(\n"
        '    "{{question}}",\n'
        '    model="claude-haiku-4-5",\n'
        "    max_tokens=300,\n"
        '    system="""\\\n'
        "You answer from the policy alone.\n"
        "Say so where it is silent.\n"
        "Be brief, and kind.\n"
        '""",\n'
        '    effort="low",\n'
        ")\n"
        'request = prompt.render({"question": "Who pays?"})\n'
    )


@given(prompt=prompts, values=st.dictionaries(words, free, max_size=4))
@settings(steady, max_examples=40)
def test_python_is_formatted(prompt, values):
    """There is nothing that ruff would change."""
    ruff = Path(sys.executable).with_name("ruff")
    if not ruff.exists():
        pytest.skip("no ruff beside this Python")
    text = python(prompt, values=values)
    assume("float(" not in text)  # ruff breaks that call where the line is too long anyway

    command = [str(ruff), "format", "--isolated", "--line-length", "110", "-"]
    done = subprocess.run(command, input=text.encode(), capture_output=True, check=False)

    assert done.stdout.decode() == text, done.stderr


def test_values_that_are_no_json_are_written_as_they_are_sent():
    """A value of a type of its own is written as the text that the prompt would get."""
    code = python(PLAIN, values={"x": Path("a/b"), "n": 2.5})

    assert code.endswith("""request = prompt.render({"x": '"a/b"', "n": 2.5})\n""")


@pytest.fixture
def shell(tmp_path):
    """Run a command in sh, where curl writes down what it got."""
    fake = tmp_path / "curl"
    fake.write_text(
        f"#!{sys.executable}\nimport os, sys, json\n"
        "sent = sys.stdin.buffer.read().decode() if '@-' in sys.argv else None\n"
        "words = [os.fsencode(a).decode() for a in sys.argv[1:]]\n"
        "open(os.environ['CAUGHT'], 'w').write(json.dumps([words, sent]))\n"
    )
    fake.chmod(0o755)
    caught = tmp_path / "caught.json"

    def run(command: str, program: str = "sh") -> tuple[list[str], str | None]:
        environment = {
            "PATH": f"{tmp_path}:{os.environ['PATH']}",
            "ANTHROPIC_API_KEY": "sk-test",
            "CAUGHT": str(caught),
        }
        subprocess.run(
            [program], input=command.encode(), env=environment, check=True, cwd=tmp_path, timeout=20
        )
        words, sent = json.loads(caught.read_text())
        return words, sent

    return run


def sent_body(words: list[str], sent: str | None) -> Any:
    return json.loads(sent if sent is not None else words[words.index("--data-raw") + 1])


@pytest.mark.parametrize("program", ["sh", "bash"])
def test_a_shell_passes_the_body_on_exactly(shell, program):
    """Quotes, dollars, backticks, exclamation marks, newlines: curl gets the very JSON."""
    if shutil.which(program) is None:
        pytest.skip(f"no {program} here")
    prompt = Prompt("".join(NASTY), model="claude-haiku-4-5", system=NASTY_BLOCKS, stop_sequences=NASTY[:5])

    words, sent = shell(curl(prompt), program)

    assert sent_body(words, sent) == prompt.wire()


NASTY_BLOCKS = [{"type": "text", "text": text} for text in NASTY]


def test_the_key_comes_from_the_environment(shell):
    """The command names the variable; the key itself stands nowhere in it."""
    command = curl(PLAIN, betas=["b-1", "b-2"], api_version="2023-06-01", base_url="http://localhost:1/")

    words, _ = shell(command)

    assert "sk-test" not in command
    assert words[:-2] == [
        "http://localhost:1/v1/messages",
        *("--header", "x-api-key: sk-test"),
        *("--header", "anthropic-version: 2023-06-01"),
        *("--header", "anthropic-beta: b-1,b-2"),
        *("--header", "content-type: application/json"),
    ]


def test_a_long_body_goes_through_standard_input(shell):
    """An argument holds at most 128 KiB, so a large document takes another way, and reads back."""
    prompt = Prompt("It's $5 `x` \\ \"\n" * 20_000, model="claude-haiku-4-5")

    words, sent = shell(curl(prompt))

    assert words[-2:] == ["--data-binary", "@-"]
    assert sent_body(words, sent) == prompt.wire()
    assert read(curl(prompt)) == prompt


@pytest.mark.parametrize("url", ["http://a.example/$(touch x)'`id`;#", "http://a.example/ b"])
def test_an_address_is_one_word(shell, url):
    """Whatever stands in the address is handed on as it is, and run by nobody."""
    assert shell(curl(PLAIN, base_url=url))[0][0] == f"{url}/v1/messages"


def test_a_nul_in_an_address_is_refused():
    """No shell can pass a NUL on."""
    with pytest.raises(PromptError, match="NUL"):
        curl(PLAIN, base_url="http://a\0b")


def test_a_request_has_json_and_curl_too():
    """A rendered request is written without names."""
    request = PLAIN.render({"x": "1 + 1"})

    assert json.loads(json_text(request)) == request.wire()
    assert read(curl(request)).render({}) == request


# --- reading what others write ---------------------------------------------------------------------

HELLO = {
    "model": "claude-haiku-4-5",
    "max_tokens": 100,
    "messages": [{"role": "user", "content": "Hello, it's me"}],
}
HELLO_JSON = json.dumps(HELLO)
SINGLE = "'" + HELLO_JSON.replace("'", "'\\''") + "'"
DOUBLE = '"' + HELLO_JSON.replace('"', '\\"') + '"'
ANSI = "$'" + HELLO_JSON.replace("'", "\\'") + "'"

READABLE = {
    "batch item": json.dumps({"custom_id": "a", "params": HELLO}),
    "python dict": repr(HELLO),
    "named dict": f"body = {HELLO!r}\n",
    "fenced": f"```json\n{HELLO_JSON}\n```",
    "prompt": 'wb.Prompt("Hello, it\'s me", model="claude-haiku-4-5", max_tokens=100)',
    "indented prompt": (
        '    p = Prompt("Hello, it\'s me",\n        model="claude-haiku-4-5", max_tokens=100)\n    p\n'
    ),
    "changed": 'p = wb.Prompt("Hello, it\'s me")\nq = p.with_(model="claude-haiku-4-5", max_tokens=100)\nq',
    "sdk": (
        "import anthropic\nclient = anthropic.Anthropic()\n"
        'MODEL = "claude-haiku-4-5"\nmessages = [{"role": "user", "content": "Hello, " + "it\'s me"}]\n'
        "message = client.messages.create(\n    model=MODEL,\n    max_tokens=100,\n    messages=messages,\n"
        "    timeout=3.0, extra_headers={'a': f'{x}'}, system=anthropic.NOT_GIVEN,\n)\nprint(message)\n"
    ),
    "sdk stream": (
        "async def main():\n    async with client.beta.messages.stream(**{'model': 'claude-haiku-4-5'},\n"
        "        max_tokens=100, betas=['x'], messages=[\n"
        "            dict(role='user', content=\"Hello, it's me\")]) as s:\n"
        "        pass\n"
    ),
    "curl -d": f"curl https://a.example/v1/messages -H 'x-api-key: $K' -H \"v: $V\" \\\n -d {SINGLE}",
    "curl --data=": f"curl x --data={DOUBLE}",
    "curl --json": f"$ curl --json {DOUBLE} https://a.example | jq .",
    "curl -sXPOST -d": f"KEY=1 curl -sSXPOST https://a.example -d{DOUBLE} && echo done",
    "curl $''": f"curl https://a.example --data-raw {ANSI} --compressed",
    "curl heredoc": f"curl https://a.example \\\n  -d @- <<'EOF'\n{HELLO_JSON}\nEOF\n",
    "curl open heredoc": f"# say hello\ncurl https://a.example --data-binary @- << EOF\n{HELLO_JSON}\nEOF\n",
    "curl dashed heredoc": f"!curl https://a.example -d @- <<-EOF\n\t{HELLO_JSON}\n\tEOF\n",
}


@pytest.mark.parametrize("source", READABLE.values(), ids=READABLE.keys())
def test_forms_that_others_write_are_read(source):
    """The official SDK, dictionaries, and curl in all its quotings."""
    assert read(source).wire() == HELLO


def test_reading_runs_nothing(tmp_path):
    """Code in an argument is refused, not run."""
    target = tmp_path / "made"

    with pytest.raises(PromptError, match="without running"):
        read(f"wb.Prompt(open({str(target)!r}, 'w').write('x'), model='m')")

    assert not target.exists()


WRONG = {
    "nothing": ("", "line 1: no prompt here"),
    "prose": ("Why is the sky blue?", "line 1: not Python, JSON or curl"),
    "json": ('{\n "model": "x",\n}', "line 3, column 1: not JSON"),
    "list": ("[1]", "line 1: JSON, but no request body"),
    "no messages": ('{"model": "x"}', 'line 1: a request body has "messages"; this has model'),
    "python name": ("\nwb.Prompt(text, model='m')", "line 2: the name 'text'"),
    "f-string": ("wb.Prompt(\nf'a {b}', model='m')", "line 2: an f-string cannot be read.*{{name}}"),
    "call": ("wb.Prompt('x', system=open('a').read())", r"line 1: `open\('a'\)\.read\(\)`"),
    "unknown field": (
        "\n\nwb.Prompt('x', sistem='y')",
        "line 3: requests have no field 'sistem'; did you mean 'system'",
    ),
    "circle": ("a = a\nwb.Prompt(a)", "line 1: the name 'a'|line 2: the name 'a'"),
    "no arguments": ("wb.Prompt()", "line 1: a prompt needs a user turn"),
    "two arguments": ("wb.Prompt('a', 'b')", "line 1: these arguments make no prompt"),
    "sdk without messages": ("client.messages.create(model='m')", "line 1: no messages"),
    "curl without body": ("\ncurl https://a.example", "line 2: this curl command sends no body"),
    "curl with a file": ("curl -d @body.json https://a.example", "line 1: the body is read from body.json"),
    "curl with stdin": ("curl -d @- https://a.example", "line 1: the body is read from standard input"),
    "curl with a variable": ('curl \\\n -d "{\\"model\\": \\"$MODEL\\"}" x', r"line 2: \$MODEL in the body"),
    "curl with a command": ('curl -d @- x <<EOF\n{"model": "`id`"}\nEOF', "line 2: ` in the body"),
    "open quote": ("curl \\\n -d '{ x", "line 2: a quote ' is opened and never closed"),
    "open heredoc": ("curl -d @- x <<'EOF'\n{}", "line 2: a here-document is opened and never ends"),
    "curl json": (
        "curl x -d @- <<'EOF'\n{\n'a': 1}\nEOF",
        "line 3, column 1: the body of this curl command is not JSON",
    ),
    "deep": ("[" * 5000, "line 1: JSON that cannot be read|line 1"),
    "deep python": ("(" * 5000, "line 1: "),
    "nul": ("wb.Prompt('\0')", "line 1: "),
}


@pytest.mark.parametrize(("source", "says"), WRONG.values(), ids=WRONG.keys())
def test_what_cannot_be_read_says_line_what_and_cure(source, says):
    """An error begins with the line and ends with what to do."""
    with pytest.raises(PromptError, match=says) as caught:
        read(source)

    assert str(caught.value).startswith("line ")


def test_a_wrong_shape_names_its_place():
    """JSON of a request that is none is the wire's own error."""
    with pytest.raises(WireError, match="messages"):
        read('{"messages": 5}')


@given(
    source=st.text()
    | st.sampled_from(list(READABLE.values())).flatmap(
        lambda text: st.integers(0, len(text)).map(lambda n: text[:n])
    )
)
@steady
def test_nonsense_is_a_typed_error(source):
    """Whatever is pasted, cut short or not: a prompt or an error of ours."""
    with suppress(WorkbenchError):
        assert isinstance(read(source), Prompt)


def test_a_request_reads_back_as_a_request():
    """JSON of a request, pasted, is a prompt that renders it."""
    request = Request(model="claude-haiku-4-5", max_tokens=5, messages=["Hi"])

    assert read(json_text(request)).render({}) == request
