"""The grading queue in a browser, by keyboard alone: grades, notes, undo, pairs, coming back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.hostile import TEXTS
from tests.studies import hostile_run, study_run
from workbench.grades import Grades
from workbench.widgets.grading import GradeQueue


def saved(folder, **options):
    """Save a small run and return its folder."""
    run = study_run(**{"samples": 6, **options})
    return run.save(folder / "run")


def paired(folder):
    """Save a run whose two variants never say the same; return its folder."""
    run = study_run(samples=6)
    rows = [_saying(row, f"answer {row.index}") for row in run.rows]
    return replace(run, rows=tuple(rows)).save(folder / "run")


def _saying(row, text):
    return (
        row
        if row.body is None
        else replace(row, body={**row.body, "content": [{"type": "text", "text": text}]})
    )


def open_queue(stage, queue, **options):
    """Show a queue and put the focus into it as a Tab would."""
    page = stage.show(queue, **options)
    stage.visible(page.locator(".wb-grade-answer"))
    page.keyboard.press("Tab")
    return page


def press(stage, page, key, done):
    """Press a key and wait until the view says what it should."""
    page.keyboard.press(key)
    stage.until(lambda: done in page.locator(".wb-grade-head strong").inner_text())


def inside(page):
    """Whether the focus is in the view."""
    return page.evaluate("document.querySelector('.wbv').contains(document.activeElement)")


def test_five_items_are_graded_by_keyboard(stage, tmp_path):
    """A digit grades, the next item comes, the focus stays in the view."""
    queue = GradeQueue(saved(tmp_path), who="ada")
    page = open_queue(stage, queue)

    for n, key in enumerate("31524", 1):
        press(stage, page, key, f"{n} of 17 answers graded")
        assert inside(page)

    assert [grade.value for grade in queue.grades.all] == [3, 1, 5, 2, 4]
    assert page.locator(".wb-grade-item").get_attribute("aria-label") == "item 6 of 17"
    stage.calm()


def test_undo_brings_the_item_back(stage, tmp_path):
    """`u` withdraws the last grade and shows its item again."""
    queue = GradeQueue(saved(tmp_path), who="ada")
    page = open_queue(stage, queue)
    press(stage, page, "4", "1 of 17")
    press(stage, page, "2", "2 of 17")

    press(stage, page, "u", "1 of 17")

    assert page.locator(".wb-grade-item").get_attribute("aria-label") == "item 2 of 17"
    assert inside(page)
    assert [grade.value for grade in queue.grades.all] == [4, 2, None]
    stage.calm()


def test_a_note_is_kept_with_the_grade(stage, tmp_path):
    """`n` goes to the note, digits are text there, Enter leaves it, and the grade takes it along."""
    queue = GradeQueue(saved(tmp_path), who="ada")
    page = open_queue(stage, queue)

    page.keyboard.press("n")
    page.keyboard.type("5 wrong labels, p")
    page.keyboard.press("Enter")
    press(stage, page, "2", "1 of 17")

    (grade,) = queue.grades.all
    assert (grade.value, grade.note) == (2, "5 wrong labels, p")
    assert page.locator("textarea").input_value() == ""
    stage.calm()


def test_a_note_written_later_changes_the_grade(stage, tmp_path):
    """`[` goes back to a graded item; its note, once left, is kept at once."""
    queue = GradeQueue(saved(tmp_path), who="ada")
    page = open_queue(stage, queue)
    press(stage, page, "2", "1 of 17")

    page.keyboard.press("[")
    stage.visible(page.get_by_role("region", name="item 1 of 17"))
    assert page.get_by_role("button", name="2, key 2").get_attribute("aria-pressed") == "true"
    page.keyboard.press("n")
    page.keyboard.type("on second thought")
    page.keyboard.press("Escape")
    stage.until(lambda: len(queue.grades) == 2)

    assert [(grade.value, grade.note) for grade in queue.grades.valid()] == [(2, "on second thought")]
    assert inside(page)
    stage.calm()


def test_pairs_are_chosen_by_letters_and_arrows(stage, tmp_path):
    """Keys a and ← choose the left answer, b and → the right one, t a tie; the grade knows which was which."""
    queue = GradeQueue(paired(tmp_path), pair=("haiku-4-5", "sonnet-4-6"), who="ada")
    page = open_queue(stage, queue)
    total = len(queue.items.each)

    for n, key in enumerate(["a", "t", "ArrowRight", "ArrowLeft"], 1):
        press(stage, page, key, f"{n} of {total} pairs graded")

    said = [
        score if grade.shown == grade.trials else 1 - score
        for grade in queue.grades.all
        if (score := grade.score.value) is not None
    ]
    assert said == [1, 0.5, 0, 1]
    assert inside(page)
    stage.calm()


def test_coming_back_shows_the_first_ungraded_item(stage, tmp_path):
    """A new page, and a new kernel with a new queue on the folder, go on where grading ended."""
    folder = saved(tmp_path)
    page = open_queue(stage, GradeQueue(folder, who="ada"))
    press(stage, page, "4", "1 of 17")
    press(stage, page, "4", "2 of 17")

    page = open_queue(stage, GradeQueue(folder, who="ada"))

    assert page.locator(".wb-grade-item").get_attribute("aria-label") == "item 3 of 17"
    assert page.locator(".wb-grade-head strong").inner_text() == "2 of 17 answers graded"
    stage.calm()


def test_the_page_does_not_know_who_answered(stage, tmp_path):
    """Variant, model and score are nowhere in the document until the item is graded and they are asked for."""
    queue = GradeQueue(saved(tmp_path), who="ada")
    page = open_queue(stage, queue)
    blind = page.content()

    press(stage, page, "4", "1 of 17")
    graded = page.content()
    page.get_by_text("reveal who answered").click()
    stage.visible(page.locator(".wb-grade-revealed table"))

    assert "claude-" not in blind.split("</style>")[-1]
    assert "claude-" not in graded.split("</style>")[-1]
    assert queue.items.each[0].rows[0].model in page.locator(".wb-grade-revealed").inner_text()
    stage.calm()


def test_every_key_has_a_button(stage, tmp_path):
    """What a key does, a visible button does; it names the key."""
    page = open_queue(stage, GradeQueue(saved(tmp_path), who="ada"))

    for key in ["1", "2", "3", "4", "5", "n", "u", "s", "[", "]", "?"]:
        assert page.locator(f"button[aria-keyshortcuts='{key}']").is_visible()
    stage.calm()


def test_skipped_items_come_at_the_end(stage, tmp_path):
    """`s` puts an item off; when all others are graded it is shown again."""
    page = open_queue(stage, GradeQueue(saved(tmp_path), who="ada", sample=2))

    page.keyboard.press("s")
    stage.visible(page.get_by_role("region", name="item 2 of 2"))
    press(stage, page, "5", "1 of 2")
    stage.visible(page.get_by_role("region", name="item 1 of 2"))
    press(stage, page, "5", "2 of 2")

    stage.visible(page.get_by_text("All 2 are graded."))
    assert inside(page)
    stage.calm()


def test_a_grade_that_cannot_be_kept_is_said(stage, tmp_path):
    """A file that cannot be written: a message, the item stays, and the next try counts."""
    folder = saved(tmp_path)
    queue = GradeQueue(folder, who="ada")
    page = open_queue(stage, queue)
    (folder / "grades.jsonl").mkdir()

    page.keyboard.press("4")
    stage.visible(page.get_by_role("alert"))
    assert "grades.jsonl" in page.get_by_role("alert").inner_text()
    (folder / "grades.jsonl").rmdir()
    press(stage, page, "4", "1 of 17")

    assert not page.get_by_role("alert").is_visible()
    assert len(Grades.open(folder)) == 1
    stage.calm()


def test_a_key_before_the_next_item_is_there_grades_nothing(stage, tmp_path):
    """Whoever types faster than the kernel answers does not grade what was never shown."""
    queue = GradeQueue(saved(tmp_path), who="ada")
    page = open_queue(stage, queue)

    for key in "435":
        page.keyboard.press(key)
    stage.until(lambda: "1 of 17" in page.locator(".wb-grade-head strong").inner_text())
    press(stage, page, "2", "2 of 17")

    assert [grade.value for grade in queue.grades.all] == [4, 2]
    stage.calm()


def test_a_held_key_counts_once(stage, tmp_path):
    """The repeats of a key that is held down grade nothing."""
    queue = GradeQueue(saved(tmp_path), who="ada")
    page = open_queue(stage, queue)

    page.keyboard.down("4")
    stage.until(lambda: "1 of 17" in page.locator(".wb-grade-head strong").inner_text())
    page.keyboard.down("4")
    stage.pump()
    page.keyboard.up("4")

    assert len(queue.grades) == 1
    stage.calm()


def test_a_click_after_a_note_is_not_lost(stage, tmp_path):
    """Leaving the note of a graded item by clicking another grade keeps both, on that item."""
    queue = GradeQueue(saved(tmp_path), who="ada")
    page = open_queue(stage, queue)
    press(stage, page, "2", "1 of 17")
    page.keyboard.press("[")
    stage.visible(page.get_by_role("region", name="item 1 of 17"))

    page.locator("textarea").fill("better than I thought")
    page.get_by_role("button", name="best").click()
    stage.visible(page.get_by_role("region", name="item 2 of 17"))

    assert [(grade.value, grade.note) for grade in queue.grades.valid()] == [(5, "better than I thought")]
    stage.calm()


def test_a_page_reload_shows_the_same_item(stage, tmp_path):
    """The kernel knows where we are: a page loaded again shows what the old one did, with the draft note."""
    queue = GradeQueue(saved(tmp_path), who="ada")
    page = open_queue(stage, queue)
    press(stage, page, "4", "1 of 17")
    page.keyboard.press("n")
    page.keyboard.type("half a thought")
    page.keyboard.press("Escape")
    stage.pump()

    page = open_queue(stage, queue)

    assert page.locator(".wb-grade-item").get_attribute("aria-label") == "item 2 of 17"
    assert page.locator("textarea").input_value() == "half a thought"
    stage.calm()


def test_a_citation_opens_its_source(stage, tmp_path):
    """The source of a quote comes from the kernel, beside an answer whose author stays unknown."""
    queue = GradeQueue(cited_run(), who="ada")
    page = open_queue(stage, queue)

    page.locator("button.wb-cite").first.click()
    source = stage.visible(page.locator(".wb-source"))
    stage.until(lambda: "Mail" in source.inner_text())
    press(stage, page, "5", "1 of 3")

    assert "claude" not in page.content().split("</style>")[-1]
    stage.calm()


def cited_run():
    """Return a run whose answers quote a document."""
    cite = {
        "type": "char_location",
        "cited_text": "charged twice",
        "document_index": 0,
        "document_title": "Mail",
        "start_char_index": 0,
        "end_char_index": 13,
    }
    block = {"type": "text", "text": "They paid twice.", "citations": [cite]}
    run = study_run(samples=1)
    return replace(
        run, rows=tuple(replace(row, body={**(row.body or {}), "content": [block]}) for row in run.rows)
    )


@pytest.mark.parametrize("kind", ["rating", "pair"])
def test_hostile_texts_stay_texts(stage, kind):
    """Inputs, answers, names, rubric and notes of every hostile kind run nothing and load nothing."""
    run = hostile_run()
    rows = [replace(row, epoch=0) for row in run.rows]
    names = run.info.variant_names[:2]
    if kind == "pair":
        rows = [
            replace(row, variant=names[i % 2], sample_id=str(i // 2), error=None, body=_body(TEXTS[i]))
            for i, row in enumerate(rows[: len(TEXTS)])
        ]
    run = replace(run, rows=tuple(rows))
    pair = (names[0], names[1]) if kind == "pair" else None
    queue = GradeQueue(run, rubric="\n\n".join(TEXTS), who=TEXTS[0], pair=pair)
    page = open_queue(stage, queue)
    key = "t" if kind == "pair" else "3"

    for n in range(1, len(queue.items.each) + 1):
        page.evaluate("document.querySelectorAll('.wbv details').forEach(fold => { fold.open = true; })")
        page.locator(".wb-grade-item").hover()
        press(stage, page, key, f"{n} of {len(queue.items.each)}")

    page.get_by_role("button", name="what the grades say").click()
    stage.pump()
    stage.calm()


def _body(text):
    block = {"type": "text", "text": text or "x"}
    return {
        "type": "message",
        "role": "assistant",
        "model": text,
        "content": [block],
        "stop_reason": "end_turn",
    }
