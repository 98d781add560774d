"""The gate: three verdicts, from one-sided bounds of the paired difference."""

from __future__ import annotations

from math import comb

import pytest

import workbench as wb
from workbench.baseline import Baseline
from workbench.errors import IncompleteError, InconclusiveError, RegressionError, UsageError
from workbench.report.gate import verdict
from workbench.run import Result, Run, RunInfo
from workbench.score import Score


def numbers(*, right: int, wrong: int) -> dict[str, float]:
    return {f"s{i:03}": float(i < right) for i in range(right + wrong)}


def run(values, *, sha="abc", scorer="exact", errors=()):
    info = RunInfo(
        name="triage",
        variants=({"name": "haiku-4-5", "prompt": {}},),
        dataset={"name": "d", "rows": len(values), "sha256": sha},
        scorers=({"name": scorer, "kind": "binary"},),
        status="complete",
    )
    rows = tuple(
        Result(
            variant="haiku-4-5",
            sample_id=sample,
            epoch=0,
            index=index,
            key="k",
            model="claude-haiku-4-5",
            body=None if sample in errors else {"model": "claude-haiku-4-5", "content": []},
            error={"type": "api_error", "message": "no"} if sample in errors else None,
            scores={} if sample in errors else {scorer: Score(value)},
        )
        for index, (sample, value) in enumerate(values.items())
    )
    return Run(info, rows)


def test_the_same_numbers_pass():
    """An unchanged prompt of 60 samples passes at a margin of five points."""
    same = numbers(right=50, wrong=10)

    assert verdict(same, same, name="t", scorer="exact").word == "PASS"


def test_a_proved_loss_is_a_regression():
    """12 of 60 lost, none gained."""
    found = verdict(numbers(right=38, wrong=22), numbers(right=50, wrong=10), name="t", scorer="exact")

    assert found.word == "REGRESSION"
    assert found.square == (38, 12, 0, 10)
    assert found.lost[0] == "s038"


def test_a_loss_that_could_be_chance_is_inconclusive():
    """4 lost and 2 gained of 60: a loss of more than five points is not excluded, none is proved."""
    old = numbers(right=50, wrong=10)
    new = {**old, **dict.fromkeys(["s000", "s001", "s002", "s003"], 0.0), "s058": 1.0, "s059": 1.0}

    assert verdict(new, old, name="t", scorer="exact").word == "INCONCLUSIVE"


def test_a_loss_inside_the_margin_passes_and_says_so():
    """20 of 1,000 lost is worse, but by less than five points."""
    found = verdict(numbers(right=880, wrong=120), numbers(right=900, wrong=100), name="t", scorer="exact")

    assert found.word == "PASS"
    assert "worse, but inside the margin" in str(found)


def test_scores_between_0_and_1_take_the_t_bound():
    """Repeats averaged per sample make fractions."""
    old = {f"s{i}": 0.5 + 0.1 * (i % 5) for i in range(40)}
    new = {sample: value - 0.3 for sample, value in old.items()} | {"s0": 0.4}

    found = verdict(new, old, name="t", scorer="exact")

    assert found.word == "REGRESSION"
    assert found.square is None


def flipped(*, n: int, lost: int, gained: int) -> tuple[dict[str, float], dict[str, float]]:
    old = numbers(right=n - 50, wrong=50)
    new = dict(old)
    for i in range(lost):
        new[f"s{i:03}"] = 0.0
    for i in range(gained):
        new[f"s{n - 50 + i:03}"] = 1.0
    return old, new


def test_a_false_alarm_is_as_rare_as_promised():
    """200 samples that flip with chance 0.1, either way alike: REGRESSION in less than alpha of such runs.

    Given the number of flips the bound is approximate (0.058 at exactly 20); over all runs it holds.
    """
    n, rate, alarm = 200, 0.1, 0.0

    for flips in range(50):
        chance = comb(n, flips) * rate**flips * (1 - rate) ** (n - flips) / 2**flips
        for lost in range(flips // 2 + 1, flips + 1):
            old, new = flipped(n=n, lost=lost, gained=flips - lost)
            if verdict(new, old, name="t", scorer="exact").word == "REGRESSION":
                alarm += chance * comb(flips, lost)

    assert 0.04 < alarm < 0.05


def test_gate_round_trip(tmp_path):
    """What is blessed today passes today."""
    path = tmp_path / "baseline.jsonl"
    run(numbers(right=50, wrong=10)).bless(path, reason="first")

    assert wb.gate(run(numbers(right=50, wrong=10)), baseline=path).word == "PASS"


def test_gate_raises_with_the_verdict(tmp_path):
    """CI sees exceptions only, so the exception carries the words."""
    path = tmp_path / "baseline.jsonl"
    run(numbers(right=50, wrong=10)).bless(path, reason="first")

    with pytest.raises(RegressionError, match=r"REGRESSION   triage: exact 0\.83 → 0\.50"):
        wb.gate(run(numbers(right=30, wrong=30)), baseline=path)


def test_strict_gates_refuse_doubt(tmp_path):
    """A release wants a proof."""
    path = tmp_path / "baseline.jsonl"
    old = numbers(right=50, wrong=10)
    run(old).bless(path, reason="first")
    new = {**old, "s000": 0.0, "s001": 0.0, "s002": 0.0, "s059": 1.0}

    assert wb.gate(run(new), baseline=path).word == "INCONCLUSIVE"
    with pytest.raises(InconclusiveError):
        wb.gate(run(new), baseline=path, strict=True)


def test_errors_are_neither_right_nor_wrong(tmp_path):
    """A run with holes is not judged."""
    path = tmp_path / "baseline.jsonl"
    values = numbers(right=50, wrong=10)
    run(values).bless(path, reason="first")

    with pytest.raises(IncompleteError, match=r"1 of 60 samples have no exact score \(s007\)"):
        wb.gate(run(values, errors={"s007"}), baseline=path)


def test_another_data_set_is_refused(tmp_path):
    """Numbers of other samples say nothing about these."""
    path = tmp_path / "baseline.jsonl"
    run(numbers(right=5, wrong=5)).bless(path, reason="first")

    with pytest.raises(UsageError, match="other samples"):
        wb.gate(run(numbers(right=5, wrong=5), sha="other"), baseline=path)


@pytest.mark.parametrize(
    "text", ["", "nonsense\n", '{"workbench_baseline":9}\n', '{"workbench_baseline":1}\n{"x":1}\n']
)
def test_a_broken_baseline_names_file_line_and_cure(tmp_path, text):
    """One clear line, whatever the file holds."""
    path = tmp_path / "baseline.jsonl"
    path.write_text(text)

    with pytest.raises(UsageError, match=r"baseline\.jsonl:\d: .*bless"):
        wb.gate(run(numbers(right=5, wrong=5)), baseline=path)


def test_a_baseline_is_the_same_bytes_each_time(tmp_path):
    """A review shows what changed and nothing else."""
    first, second = tmp_path / "a.jsonl", tmp_path / "b.jsonl"

    run(numbers(right=5, wrong=5)).bless(first, reason="r")
    run(numbers(right=5, wrong=5)).bless(second, reason="r")

    assert first.read_bytes() == second.read_bytes()


def test_a_baseline_that_cannot_be_written_is_one_clear_line(tmp_path):
    """A place where no file can be is a mistake of the caller's, with its cure."""
    (tmp_path / "file").write_text("")

    with pytest.raises(UsageError, match=r"baseline\.jsonl: cannot be written"):
        run(numbers(right=5, wrong=5)).bless(tmp_path / "file" / "baseline.jsonl", reason="r")


def test_a_sample_without_a_standard_is_not_gated(tmp_path):
    """What could not be scored when it was blessed is compared with nothing."""
    path = tmp_path / "baseline.jsonl"
    values = numbers(right=50, wrong=10)
    run(values).bless(path, reason="first")
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:-1]))

    assert wb.gate(run(values), baseline=path).difference.n == 59


@pytest.mark.parametrize("options", [{"alpha": 0}, {"alpha": 0.7}, {"margin": -0.1}])
def test_a_chance_or_margin_that_cannot_be_is_refused(tmp_path, options):
    """One clear line, before anything is compared."""
    with pytest.raises(UsageError, match="alpha lies between"):
        wb.gate(run(numbers(right=5, wrong=5)), baseline=tmp_path / "none.jsonl", **options)


def test_one_sample_is_no_gate(tmp_path):
    """Nothing can be shown by it."""
    path = tmp_path / "baseline.jsonl"
    run(numbers(right=1, wrong=0)).bless(path, reason="first")

    with pytest.raises(UsageError, match="two samples at least"):
        wb.gate(run(numbers(right=1, wrong=0)), baseline=path)


def test_a_baseline_says_what_it_holds():
    """Whose numbers, how good, on how many samples, and why."""
    known = Baseline("reviews", "labels", "choice", "", "read through", {"a": 1.0, "b": 0.0}, emulated=True)

    head, reason = str(known).splitlines()
    assert head == "reviews · labels · choice 0.50 on 2 samples · emulator (made-up answers)"
    assert reason == "read through"
