"""How answers are made: a pure function of the request, honest about being a rule.

No model is better than another here: what is answered depends on the text alone. The model decides only
whether there is a thinking block and how tokens are counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workbench.emulator.answer import arithmetic, cite, labels, thinking, tools, word_problem
from workbench.emulator.answer.cut import Cut, at_limit, at_stop_sequence, block_size
from workbench.emulator.answer.reading import Reading
from workbench.emulator.answer.schema import written

if TYPE_CHECKING:
    from collections.abc import Callable

    from workbench.catalog import Model

JSON = dict[str, Any]

_THINKING = frozenset({"thinking", "redacted_thinking"})
PLAIN = "This is the workbench emulator, not Claude. It answers by rule and has no rule for this request."
"""What is said where nothing better can be made from the request."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Content, why it ended, and what it took."""

    content: list[JSON]
    stop_reason: str
    stop_sequence: str | None
    output_tokens: int
    thinking_tokens: int
    stop_details: JSON | None = None


@dataclass(frozen=True, slots=True)
class Scripted:
    """An answer given by a script instead: its blocks, and perhaps why it ends."""

    content: list[JSON]
    stop_reason: str | None = None
    stop_details: JSON | None = None

    @property
    def thinks(self) -> bool:
        """Whether thinking belongs before it: not where it brings its own, or refuses before any output."""
        refused = self.stop_reason == "refusal" and not self.content
        return not refused and not any(block["type"] in _THINKING for block in self.content)


def answer(
    body: JSON,
    model: Model,
    *,
    seed: str,
    tokens: Callable[[str], int],
    window: int | None = None,
    scripted: Scripted | None = None,
) -> Answer:
    """Answer a request that is known to be valid.

    Args:
        body: The request as JSON.
        model: Decides whether there is thinking; nothing else.
        seed: Hexadecimal digest of the request, from which ids are made.
        tokens: Counts the tokens of a text.
        window: Tokens left in the context window, where that is known.
        scripted: What to say instead of making an answer.
    """
    limit = body.get("max_tokens")
    limit = limit if isinstance(limit, int) else 0
    if limit == 0:
        return Answer([], "max_tokens", None, 0, 0)
    room, reason = limit, "max_tokens"
    if window is not None and 0 <= window < limit:
        room, reason = window, "model_context_window_exceeded"
    reading = Reading(body)
    said = scripted.content if scripted else made(reading, seed)
    cut = at_stop_sequence(said, body.get("stop_sequences") or ())
    thinks = scripted is None or scripted.thinks
    thoughts, spent = _thoughts(reading, model, cut, tokens) if thinks else ([], 0)
    spent = min(spent, room)
    cut_again = at_limit(cut.content, room - spent, tokens, reason)
    why = cut_again.stop_reason or cut.stop_reason or (scripted.stop_reason if scripted else None)
    content = cut_again.content
    size = spent + sum(block_size(block, tokens) for block in content)
    return Answer(
        [*thoughts, *content],
        why or _ending(content),
        None if cut_again.stop_reason else cut.stop_sequence,
        size,
        spent,
        scripted.stop_details if scripted and why == scripted.stop_reason else None,
    )


def made(reading: Reading, seed: str) -> list[JSON]:
    """Return the blocks of an answer made from the request itself."""
    if (call := tools.call(reading)) is not None:
        name, given = call
        return [{"type": "tool_use", "id": f"toolu_01{seed[:22]}", "name": name, "input": given}]
    if reading.results:
        found = " ".join(" ".join(reading.results).split())
        return [text(f"The tool answered: {found[:600]}")]
    if (schema := _schema(reading.body)) is not None:
        return [text(written(schema, reading.asked))]
    return cite.cited(reading) or [text(_without(reading.prefill, _line(reading)))]


def text(line: str) -> JSON:
    """Return a text block."""
    return {"type": "text", "text": line}


def _line(reading: Reading) -> str:
    label = labels.chosen(reading)
    if label is not None:
        return label
    return _sum(reading) or cite.quoted(reading) or _problem(reading) or PLAIN


def _sum(reading: Reading) -> str | None:
    found = arithmetic.computed(reading.asked)
    if found is None:
        return None
    expression, value = found
    return value if _wants_number(reading) else f"{expression} = {value}"


def _problem(reading: Reading) -> str | None:
    solution = word_problem.solved(reading.asked)
    if solution is None:
        return None
    if _wants_number(reading):
        return solution.value
    ending = "####" if "####" in f"{reading.system}{reading.asked}" else "The answer is"
    return "\n".join([*solution.steps, f"{ending} {solution.value}{'' if ending == '####' else '.'}"])


def _wants_number(reading: Reading) -> bool:
    return arithmetic.bare(f"{reading.system}\n{reading.asked}")


def _without(prefill: str, line: str) -> str:
    return line.removeprefix(prefill) or line


def _schema(body: JSON) -> Any:
    config = body.get("output_config")
    form = config.get("format") if isinstance(config, dict) else None
    form = form or body.get("output_format")
    return form.get("schema") if isinstance(form, dict) else None


def _thoughts(
    reading: Reading, model: Model, cut: Cut, tokens: Callable[[str], int]
) -> tuple[list[JSON], int]:
    kind = thinking.mode(reading.body, model)
    if kind == "disabled" or (kind == "between_tools" and not reading.results):
        return [], 0
    uses_tool = any(block.get("type") == "tool_use" for block in cut.content)
    thought = thinking.thought(reading.asked, uses_tool=uses_tool)
    visible = thinking.shows(reading.body, model)
    return [thinking.block(thought, visible=visible, model=model.id)], tokens(thought)


def _ending(content: list[JSON]) -> str:
    return "tool_use" if any(block.get("type") == "tool_use" for block in content) else "end_turn"
