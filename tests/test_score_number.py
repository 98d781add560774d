from __future__ import annotations

import time
from types import SimpleNamespace

import pytest

from workbench import score
from workbench.dataset import Sample
from workbench.score.numbers import last_number, write
from workbench.wire import Message


def judge(answer: str, target: object, tolerance: float = 0) -> score.Score:
    message = Message.model_validate({"model": "m", "content": [{"type": "text", "text": answer}]})
    return score.number(tolerance=tolerance)(Sample("1", "?", target), SimpleNamespace(message=message))


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("18", "18"),
        ("The answer is 18.", "18"),
        ("3 + 4 = 7", "7"),
        ("It costs $1,234.50.", "1234.5"),
        ("$70,000", "70000"),
        ("1,234,567", "1234567"),
        ("1, 2, 3", "3"),
        ("1,2,3", "3"),
        ("-5", "-5"),
        ("\u22125", "-5"),
        ("-$5.25", "-5.25"),
        ("$-5", "-5"),
        ("€12", "12"),
        ("10-4", "4"),
        ("10 - 4", "4"),
        ("(3)-4", "4"),
        ("= -4", "-4"),
        ("50%", "50"),
        ("12.5 %", "12.5"),
        (".5", "0.5"),
        ("0", "0"),
        ("it is 0", "0"),
        ("3/4", "0.75"),
        ("1/3", "1/3"),
        ("-3/4", "-0.75"),
        ("2 1/2", "2.5"),
        ("-2 1/2 cups", "-2.5"),
        ("1e3", "1000"),
        ("2.5E-2", "0.025"),
        ("18 apples", "18"),
        ("18kg", "18"),
        ("**18**", "18"),
        ("in the 3rd week: 18", "18"),
        ("18 in the 3rd week", "18"),
        ("12 molecules of H2O", "12"),
        ("7 m^2", "7"),
        ("see v1.2", None),
        (r"\boxed{42} as in step 3", "42"),
        (r"\boxed{1{,}234}", "1234"),
        (r"so $\frac{3}{4}$", "0.75"),
        (r"\boxed{-\frac{1}{2}}", "-0.5"),
        ("so 3.\n#### 18", "18"),
        ("#### 18\nchecked in 2 ways", "18"),
        ("#### $1,200", "1200"),
        ("#### none, 5", "5"),
        ("so it is 9 ####", "9"),
        ("none", None),
        ("", None),
        ("1/0", None),
        ("9" * 41, None),
        ("9" * 40, "9" * 40),
        ("x " * 500 + "18 " + "x " * 20, "18"),
        ("18 " + "x" * 1000, "18"),
        ("18 " + "x " * 1000, "18"),
        ("x" * 290 + " 123456789 " + "x" * 291, "123456789"),
    ],
)
def test_the_last_number_is_read(text, number):
    """As people and models write numbers."""
    found = last_number(text)

    assert (None if found is None else write(found)) == number


@pytest.mark.parametrize(
    ("answer", "target", "value"),
    [
        ("18", "Janet sells 9 eggs.\n#### 18", 1),
        ("She makes $18.00 every day.", 18, 1),
        ("17", 18, 0),
        ("0.5", "1/2", 1),
        ("0.1", 0.1, 1),
        ("I cannot say", 18, 0),
        ("18", "unknown", None),
        ("18", ["17", "18"], 1),
        ("12 or 0", 0, 1),
    ],
)
def test_answer_and_target_are_read_alike(answer, target, value):
    """Both are numbers in the end; a target without one leaves the reply unscored."""
    assert judge(answer, target).value == value


@pytest.mark.parametrize(
    ("answer", "tolerance", "value"),
    [("3.14", 0.01, 1), ("3.1", 0.01, 0), ("3.151", 0.01, 1), ("3.152", 0.01, 0), ("0.33", 0, 0)],
)
def test_tolerance_is_an_absolute_difference(answer, tolerance, value):
    """Its bound belongs to it, without rounding errors of floats."""
    assert judge(answer, "3.141" if answer != "0.33" else "1/3", tolerance).value == value


def test_the_explanation_holds_both_numbers():
    """And the answer is the number that was read."""
    got = judge("so 1,200", "1,300")

    assert (got.explanation, got.answer) == ("expected 1300, got 1200", "1200")


@pytest.mark.parametrize(
    "text",
    ["1," * 20_000, "1" * 50_000, "1 " * 20_000 + "/", "$" * 50_000, "1e999 " * 5_000, "1,111" * 9_999],
)
def test_hostile_texts_take_no_time(text):
    """Reading is linear, and no number is larger than its digits."""
    start = time.perf_counter()
    last_number(text)

    assert time.perf_counter() - start < 10
