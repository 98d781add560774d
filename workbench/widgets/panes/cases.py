"""An answer becomes a test case: a line of a dataset."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.dataset import Sample, append
from workbench.errors import DatasetError
from workbench.wire import TextBlock

if TYPE_CHECKING:
    from workbench.wire import Message, Request

NAME = "cases.jsonl"


def proposed(request: Request) -> dict[str, Any]:
    """Return what the form of a new test case holds at first: where to, and the last words of the user."""
    folder = Path("datasets")
    turns = [turn for turn in request.messages if turn.role == "user"]
    blocks = turns[-1].blocks if turns else ()
    text = "\n".join(block.text for block in blocks if isinstance(block, TextBlock))
    rest = len(blocks) - sum(isinstance(block, TextBlock) for block in blocks)
    return {
        "path": str(folder / NAME if folder.is_dir() else Path(NAME)),
        "id": f"case-{request.key[:8]}",
        "input": text,
        "left_out": _left_out(rest),
    }


def _left_out(blocks: int) -> str:
    if blocks < 2:
        return "its other block stays in the prompt" if blocks else ""
    return f"its {blocks} other blocks stay in the prompt"


def save(path: str, name: str, asked: str, answer: Message | None) -> Path:
    """Add a case to a dataset file, which is made where it is not there.

    Args:
        path: A ``.jsonl`` file.
        name: The id of the case.
        asked: Its input.
        answer: What becomes its target; None leaves the target empty.

    Raises:
        DatasetError: The file cannot take it; nothing was written.
    """
    if not name.strip():
        raise DatasetError("a case needs an id: results are joined by it")
    if not asked.strip():
        raise DatasetError("a case needs an input: what the prompt's {{input}} stands for")
    if not path.strip():
        raise DatasetError("name the file, for example datasets/cases.jsonl")
    target = answer.text if answer is not None else None
    if target is not None and not target.strip():
        raise DatasetError("the answer has no text to be a target: leave the target empty")
    return append(path.strip(), Sample(name.strip(), asked, target))
