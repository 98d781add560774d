"""Agreement of two graders, and which variant a person prefers: what the numbers allow to say."""

from __future__ import annotations

import math

import pytest

from tests.hostile import TEXTS
from workbench import show
from workbench.report.agreement import agreement, preference
from workbench.report.words import EMULATED

RATINGS = ("1", "2", "3", "4", "5")
VERDICTS = ("failed", "passed")


def said(*pairs):
    """Return what two graders said, given as (first, second, how often)."""
    labels = [(first, second) for first, second, n in pairs for _ in range(n)]
    return {f"a/{i}/0": both for i, both in enumerate(labels)}


def verdicts(yes, only_a, only_b, no, **fields):
    """Return the agreement of a human and a judge on a 2x2 table."""
    found = said(
        ("passed", "passed", yes),
        ("passed", "failed", only_a),
        ("failed", "passed", only_b),
        ("failed", "failed", no),
    )
    return agreement(found, VERDICTS, a="human", b="rubric", **fields)


def test_table_agreement_and_kappa():
    """Feinstein & Cicchetti's first table: 85 % agreement, kappa 0.70."""
    found = verdicts(40, 9, 6, 45)

    assert found.table == ((45, 6), (9, 40))
    assert found.n == 100
    assert found.agreed.estimate == 0.85
    assert round(found.kappa.estimate, 2) == 0.70
    assert found.verdict == (
        "human and rubric agree on 85 % of 100 answers. Kappa 0.70 (95 % 0.56 … 0.84): "
        "of the way from chance to full agreement they went 70 %."
    )


def test_skewed_labels_are_told():
    """Where nearly all answers pass, chance agreement is said, and why kappa may be low."""
    assert any("Chance alone would give 89 %" in line for line in verdicts(90, 4, 4, 2).details)
    assert not any("Chance" in line for line in verdicts(40, 9, 6, 45).details)


def test_one_label_only_is_undefined():
    """Both always said the same: no kappa, and the sentence says what that does not show."""
    found = verdicts(9, 0, 0, 0)

    assert math.isnan(found.kappa.estimate)
    assert "kappa is undefined" in found.verdict
    assert "kappa undefined" in str(found)
    assert not any("Chance" in line for line in found.details)


def test_a_constant_judge_is_told():
    """A judge that passes everything makes kappa 0; that is no sign of disagreement."""
    found = verdicts(9, 0, 3, 0)

    assert found.kappa.estimate == 0
    assert "rubric gave every answer the same label" in found.verdict


def test_no_better_than_chance_is_told():
    """A kappa of 0 or less is said in words."""
    assert "label at random" in verdicts(5, 10, 10, 5).verdict


def test_chance_that_is_not_excluded_is_told():
    """An interval that holds 0 takes the claim back."""
    assert "Mere chance is not excluded." in verdicts(6, 3, 3, 5).verdict


def test_ratings_are_weighted():
    """A near miss counts for less than one end against the other."""
    near = agreement(said(("4", "5", 5), ("1", "1", 5), ("5", "5", 5)), RATINGS, a="x", b="y", weighted=True)
    far = agreement(said(("1", "5", 5), ("1", "1", 5), ("5", "5", 5)), RATINGS, a="x", b="y", weighted=True)

    assert near.agreed == far.agreed
    assert near.kappa.estimate > 0.9
    assert far.kappa.estimate < 0.5
    assert "near misses counted in part" in near.verdict


def test_trials_on_which_they_differ_come_first_where_they_differ_most():
    """Who reads on starts with the worst."""
    found = agreement(
        {"a": ("4", "5"), "b": ("1", "5"), "c": ("2", "2")}, RATINGS, a="x", b="y", weighted=True
    )

    assert found.differ == ("b", "a")


def test_nothing_in_common_says_nothing():
    """No answer that both graded: a sentence, no figures."""
    found = agreement({}, VERDICTS, a="human", b="rubric", left_out=["Left out: 3 answers."])

    assert "nothing can be said" in str(found)
    assert "Left out: 3 answers." in str(found)
    assert "kappa" not in str(found)


def test_answers_of_one_sample_are_not_independent():
    """More answers than samples: the intervals are said to be too narrow."""
    assert any("too narrow" in line for line in verdicts(40, 9, 6, 45, samples=50).details)
    assert not any("too narrow" in line for line in verdicts(40, 9, 6, 45).details)


def test_few_answers_are_told():
    """The interval of kappa needs some thirty."""
    assert any("fewer than 30" in line for line in verdicts(10, 2, 2, 10).details)


@pytest.mark.parametrize("make", [lambda **f: verdicts(4, 1, 1, 4, **f), lambda **f: choices(3, 2, 1, **f)])
def test_emulated_answers_are_named(make):
    """Figures from made-up answers say so, in text and HTML."""
    assert EMULATED in str(make(emulated=True)).replace("\n", " ")
    assert "emulator" in (show.render(make(emulated=True)) or "")
    assert "emulator" not in str(make())


def choices(wins, losses, ties, *, first=None, **fields):
    """Return a preference; *first* tells whether `a` was shown first, by pair."""
    values = [1.0] * wins + [0.0] * losses + [0.5] * ties
    sides = first or [i % 2 == 0 for i in range(len(values))]
    pairs = [(f"s{i}", value, side) for i, (value, side) in enumerate(zip(values, sides, strict=True))]
    return preference(pairs, a="haiku", b="sonnet", **fields)


def test_ties_are_in_no_rate():
    """The rate is that of decided pairs; ties are counted beside it."""
    found = choices(6, 2, 8)

    assert (found.wins, found.losses, found.ties, found.n) == (6, 2, 8, 16)
    assert found.rate.estimate == 0.75
    assert found.rate.n == 8
    assert found.rate.method == "Wilson"
    assert found.p == pytest.approx(0.2890625)


def test_a_preference_needs_interval_and_test():
    """Only what both say is said."""
    assert choices(30, 5, 0).verdict.startswith("haiku is preferred to sonnet: haiku won 86 %")
    assert choices(5, 30, 0).verdict.startswith("sonnet is preferred to haiku: haiku won 14 %")
    assert choices(6, 2, 0).verdict.startswith("8 decided pairs cannot tell haiku from sonnet")


def test_no_decided_pair_says_nothing():
    """Ties alone prefer nobody."""
    assert "nothing can be said" in choices(0, 0, 4).verdict
    assert "nothing can be said" in str(choices(0, 0, 0))


def test_a_side_that_matters_is_told():
    """Whoever always takes the left answer is found out, exactly."""
    found = choices(10, 10, 0, first=[True] * 10 + [False] * 10)

    assert found.first.estimate == 1.0
    assert found.first.method == "Clopper-Pearson"
    assert found.first_p == pytest.approx(2 * 0.5**20)
    assert any("The side mattered: the answer shown first won 20 of 20" in line for line in found.details)
    assert any("No sign that the side mattered" in line for line in choices(10, 10, 0).details)


def test_an_unknown_side_counts_for_no_bias():
    """Pairs whose sides nobody noted are in the rate alone."""
    found = preference([("s", 1.0, None), ("t", 0.0, None)], a="x", b="y")

    assert found.first.n == 0
    assert found.rate.n == 2
    assert not any("side" in line for line in found.details)


def test_repeats_are_averaged_per_sample():
    """Three epochs of one sample are one observation, and the sign test does not apply."""
    pairs = [
        (sample, value, None)
        for sample, values in {"s": (1, 1, 0), "t": (0, 0, 0)}.items()
        for value in values
    ]
    found = preference(pairs, a="x", b="y")

    assert found.rate.n == 2
    assert found.rate.estimate == pytest.approx(1 / 3)
    assert found.p is None
    assert any("averaged per sample" in line for line in found.details)


def test_identical_answers_are_counted_apart():
    """They are neither ties nor wins, and are said."""
    found = choices(3, 2, 1, identical=4)

    assert found.n == 6
    assert any(line.startswith("4 pairs of identical answers") for line in found.details)
    assert "identical, not asked" in str(found)


@pytest.mark.parametrize("hostile", TEXTS[::3])
def test_names_are_only_text(hostile):
    """Graders, labels and trials may be called anything: no tag of theirs reaches the page or a terminal."""
    labels = (hostile, f"{hostile}2")
    one = agreement(
        {hostile: (labels[0], labels[1]), "t": (labels[0], labels[0])}, labels, a=hostile, b=hostile
    )
    two = preference([(hostile, 1.0, True)], a=hostile, b=f"{hostile}2", identical=1)

    for noun in (one, two):
        html = show.render(noun) or ""
        assert "<script" not in html
        assert "<img" not in html
        assert "\x1b" not in str(noun) + html
