"""The end of a grading queue, in a real Chromium: what the grades say has the whole width."""

from __future__ import annotations

from tests.studies import study_run
from workbench.widgets.grading import GradeQueue


def test_at_the_end_the_findings_take_the_place_of_the_rubric(stage, tmp_path):
    """There is nothing left to hold it against; one step back it is there again."""
    queue = GradeQueue(study_run(samples=6).save(tmp_path / "run"), who="ada", sample=1, rubric="Be strict.")
    page = stage.show(queue, width=900)
    rubric = page.get_by_role("complementary", name="rubric")
    stage.visible(rubric.get_by_text("Be strict."))
    page.locator(".wb-grade-item").focus()

    page.keyboard.press("4")
    stage.visible(page.get_by_role("button", name="what the grades say")).click()

    stage.visible(page.locator(".wb-grade-end .wb-verdict").first)
    assert not rubric.is_visible()
    whole, item = page.locator(".wb-grade-main").bounding_box(), page.locator(".wb-grade-item").bounding_box()
    assert item["width"] == whole["width"]
    stage.shot("end")
    page.keyboard.press("[")
    stage.visible(rubric)
    stage.calm()
