from __future__ import annotations

import ast
import hashlib
import itertools
import operator
import re
from collections import Counter
from fractions import Fraction
from pathlib import Path

import pytest

from workbench import score
from workbench.dataset import Dataset
from workbench.score.numbers import last_number

FOLDER = Path(__file__).parents[1] / "datasets"
SETS = ("arithmetic", "policy_qa", "sentiment", "support_triage")
OPERATORS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv}


def load(name: str) -> Dataset:
    return Dataset.load(FOLDER / f"{name}.jsonl")


def evaluate(node: ast.AST, source: str) -> Fraction:
    """Work out an expression of numbers and + - * /, exactly."""
    if isinstance(node, ast.Expression):
        return evaluate(node.body, source)
    if isinstance(node, ast.Constant):
        return Fraction(ast.get_source_segment(source, node) or "")
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -evaluate(node.operand, source)
    assert isinstance(node, ast.BinOp), ast.dump(node)
    result = OPERATORS[type(node.op)](evaluate(node.left, source), evaluate(node.right, source))
    assert isinstance(result, Fraction)
    return result


def words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"\w+", text.casefold()))


@pytest.mark.parametrize(
    ("name", "least"), [("arithmetic", 66), ("policy_qa", 45), ("sentiment", 72), ("support_triage", 60)]
)
def test_sets_are_large_enough(name, least):
    """A comparison on fewer rows could show almost nothing."""
    data = load(name)

    data.require_targets()
    assert len(data) >= least


@pytest.mark.parametrize("name", SETS)
def test_no_two_inputs_are_alike(name):
    """A near-duplicate would count one question twice."""
    texts = [words(str(sample.input)) for sample in load(name)]

    assert max(len(a & b) / len(a | b) for a, b in itertools.combinations(texts, 2)) <= 0.8


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        ("sentiment", {"positive": 26, "negative": 26, "neutral": 26}),
        ("support_triage", {"billing": 12, "technical": 12, "account": 12, "shipping": 12, "other": 12}),
    ],
)
def test_labels_are_balanced_and_take_turns(name, labels):
    """Always answering one label gains nothing, and the first rows are a fair sample."""
    data = load(name)

    assert Counter(sample.target for sample in data) == labels
    assert {sample.target for sample in data.head(len(labels))} == set(labels)


@pytest.mark.parametrize("name", ["sentiment", "support_triage"])
def test_labels_are_not_given_away(name):
    """No input holds a label as a word."""
    data = load(name)
    labels = {str(sample.target) for sample in data}

    assert [sample.id for sample in data if words(str(sample.input)) & labels] == []


def test_targets_of_the_word_problems_are_right():
    """Each is what its expression comes to, worked out exactly."""
    wrong = [
        sample.id
        for sample in load("arithmetic")
        if evaluate(ast.parse(source := sample.values["expression"], mode="eval"), source)
        != last_number(sample.target)
    ]

    assert wrong == []


def test_targets_of_the_word_problems_are_not_their_last_number():
    """Repeating the end of the question is no answer."""
    repeated = [s.id for s in load("arithmetic") if last_number(s.input) == last_number(s.target)]

    assert repeated == []


def test_quotes_stand_in_their_documents():
    """Character for character and once, and the short answer stands in the quote."""
    for sample in load("policy_qa"):
        row = sample.values
        assert row["document"].count(row["quote"]) == 1, sample.id
        assert sample.target in row["quote"], sample.id


def test_questions_and_documents_belong_together():
    """Twelve documents of 120 to 250 words, four questions each, the text in each row the document's own."""
    documents = {row.id: row for row in Dataset.load(FOLDER / "policy_documents.jsonl", input="text")}
    questions = load("policy_qa")

    assert len(documents) >= 12
    assert all(120 <= len(str(document.input).split()) <= 250 for document in documents.values())
    assert Counter(s.values["document_id"] for s in questions) == dict.fromkeys(documents, 4)
    assert all(s.values["document"] == documents[s.values["document_id"]].input for s in questions)


def test_choice_learns_the_labels():
    """The sets work with the scorer they are made for."""
    (scorer,) = score.prepare([score.choice()], load("sentiment"))

    assert set(scorer.labels) == {"positive", "negative", "neutral"}  # type: ignore[attr-defined]


def test_the_readme_describes_every_file():
    """Rows, columns and hash of each file are those of the table."""
    table = (FOLDER / "README.md").read_text(encoding="utf-8")
    lines = {found[1]: line for line in table.split("\n") if (found := re.match(r"\| \[(.+?)\]", line))}

    assert set(lines) == {path.name for path in FOLDER.glob("*.jsonl")}
    for name, line in lines.items():
        raw = (FOLDER / name).read_bytes()
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        assert cells[1] == str(raw.count(b"\n")), name
        assert hashlib.sha256(raw).hexdigest() in line, f"{name}: put its new hash into datasets/README.md"
        assert "MIT" in cells
