"""show/charts/: pictures that load nothing, read on white and on black, and are the same every time."""

from __future__ import annotations

import itertools
import json
import re
import subprocess
import sys
from importlib import util
from xml.etree import ElementTree as ET

import pytest

from tests.charted import charted_run
from tests.hostile import NAMES, TEXTS
from workbench import display, show
from workbench.errors import UsageError, WorkbenchError
from workbench.report.charts import PLOTLY, PNG, Drawn
from workbench.show.charts.labels import Box, Wanted, place, spread
from workbench.show.charts.look import AMOUNTS, COLOURS, INK, SHAPES, WIDTH, dashes, names

KINDS = ["pareto", "latency", "scores", "paired", "cache", "power"]
EIGHTS = [TEXTS[n : n + 8] for n in range(0, len(TEXTS), 8)]
FIRST = [f"{NAMES[n]} …" for n in range(0, len(TEXTS), 8)]
"""The attacks, eight to a run."""

SVG = "{http://www.w3.org/2000/svg}"
ALLOWED = {"svg", "title", "desc", "g", "path", "text"}
ATTRIBUTES = {"width", "height", "viewBox", "role", "style", "d", "transform", "x", "y", "stroke-linejoin"}


def svg(run, kind, **options):
    return getattr(run.plot, kind)(**options).svg()


def texts(picture):
    return [element.text or "" for element in ET.fromstring(picture).iter(f"{SVG}text")]


def assert_inert(picture):
    root = ET.fromstring(picture)
    for element in root.iter():
        assert element.tag.removeprefix(SVG) in ALLOWED
        assert set(element.attrib) <= ATTRIBUTES
        assert "url" not in element.get("style", "")


def luminance(colour):
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a, b):
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_has_its_title_and_alt_text(kind):
    """For whoever does not see it."""
    made = getattr(charted_run().plot, kind)()
    root = ET.fromstring(made.svg())

    assert root.get("role") == "img"
    assert root.findtext(f"{SVG}title") == made.title
    assert root.findtext(f"{SVG}desc") == made.alt


@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_holds_paths_and_texts_and_loads_nothing(kind):
    """No script, no link, no stylesheet, no id; also of one variant and of thirty."""
    for run in (charted_run(1), charted_run(30)):
        made = svg(run, kind)

        assert_inert(made)
        assert "<style" not in made
        assert made.count("http") == 1  # the namespace


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_run_gives_the_same_bytes(kind):
    """No date, no random ids."""
    assert svg(charted_run(), kind) == svg(charted_run(), kind)


def test_another_process_gives_the_same_bytes():
    """Hashes of strings differ from one process to the next; pictures do not."""
    code = "from tests.charted import charted_run; print(charted_run().plot.pareto().svg(), end='')"
    made = [
        subprocess.run([sys.executable, "-X", "utf8", "-c", code], check=True, capture_output=True).stdout
        for _ in range(2)
    ]

    assert made[0] == made[1] == svg(charted_run(), "pareto").encode()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("origin", ["claude_api", "emulator"])
def test_a_picture_is_small(kind, origin):
    """Below 40 kB, with as many variants as are drawn, three scorers and long names."""
    long = [f"claude-sonnet-4-6 · effort high · prompt with examples {n}" for n in range(40)]
    scorers = (("choice", "binary"), ("grade", "score"), ("length", "measure"))

    assert len(svg(charted_run(long, origin=origin, scorers=scorers), kind).encode()) < 40_000
    assert len(svg(charted_run(8), kind).encode()) < 40_000


@pytest.mark.parametrize("kind", KINDS)
def test_emulated_numbers_say_so_inside_the_picture(kind):
    """A picture travels alone."""
    assert any("emulator's rules" in text for text in texts(svg(charted_run(origin="emulator"), kind)))
    assert not any("emulator" in text for text in texts(svg(charted_run(), kind)))


@pytest.mark.parametrize("kind", ["paired", "power"])
def test_a_sentence_stands_where_there_is_nothing_to_draw(kind):
    """Still a picture, with the words in it."""
    made = texts(svg(charted_run(1), kind))

    assert "One variant: a difference needs two. Run the same samples with another prompt or model." in made


@pytest.mark.parametrize("hostile", EIGHTS, ids=FIRST)
def test_no_name_gets_out_of_its_text(hostile):
    """As name of a variant, of the study and of a scorer; nothing warns, nothing is set as a formula."""
    run = charted_run(["b$x$ \\frac{1}{2}", *hostile], samples=6, scorers=((hostile[0], "binary"),))
    object.__setattr__(run.info, "name", hostile[-1])

    for kind in KINDS:
        made = svg(run, kind)
        assert_inert(made)
        assert made.isprintable()


def test_a_dollar_stays_a_dollar():
    """No formula is set from a name."""
    assert "a $b$ \\alpha" in texts(svg(charted_run(["a $b$ \\alpha", "other"]), "scores", scorer="choice"))


def test_a_name_of_three_megabytes_is_cut():
    """Its middle is left out, and the picture stays small."""
    made = svg(charted_run(["A" * 3_000_000, "b"], samples=3), "scores")

    assert len(made) < 20_000
    assert any("…" in text for text in texts(made))


def test_long_names_that_are_cut_alike_are_told_apart():
    """Two rows never have the same name."""
    long = ["x" * 50 + "1" + "y" * 50, "x" * 50 + "2" + "y" * 50, "short"]

    made = names(long)

    assert len(set(made)) == 3
    assert made[2] == "short"


@pytest.mark.parametrize("ground", ["#ffffff", "#111111"])
@pytest.mark.parametrize("colour", [*COLOURS, INK])
def test_every_colour_is_seen_on_white_and_on_black(colour, ground):
    """At least 3 to 1, text 4.3 to 1."""
    assert contrast(colour, ground) >= (4.3 if colour == INK else 3.0)


@pytest.mark.parametrize("kind", KINDS)
def test_only_these_colours_are_used(kind):
    """So that what was checked is what is drawn, and the ground shows through."""
    used = set(re.findall(r"#[0-9a-f]{6}", svg(charted_run(8), kind)))

    assert used <= {colour.lower() for colour in (*COLOURS, INK, *AMOUNTS)}


def test_no_two_variants_of_a_picture_look_alike():
    """Colour and shape differ for all that are drawn, colour and dashes for all curves."""
    assert len({(n % len(COLOURS), n % len(SHAPES)) for n in range(32)}) == 32
    assert len({(n % len(COLOURS), dashes(n)) for n in range(20)}) == 20


def test_labels_never_lie_over_another():
    """Twelve dots in one place, names of any length."""
    wanted = [Wanted(300 + n % 3, 150 + n % 2, 60 + 9 * n, 15) for n in range(12)]
    inside = Box(0, 0, 680, 300)

    boxes = place(wanted, [], inside)

    placed = [box for box in boxes if box is not None]
    assert len(placed) == 12
    assert all(inside.holds(box) for box in placed)
    assert not any(a.meets(b) for a, b in itertools.combinations(placed, 2))


def test_a_label_goes_around_what_should_stay_in_sight():
    """To the left, where the right is taken."""
    right = Box(305, 140, 400, 160)

    (box,) = place([Wanted(300, 150, 60, 15)], [(right, 100.0)], Box(0, 0, 680, 300))

    assert box is not None
    assert not box.meets(right)


def test_a_label_that_fits_nowhere_is_left_out():
    """Its dot gets a number and a place in the key."""
    assert place([Wanted(10, 10, 900, 15)], [], Box(0, 0, 680, 300)) == [None]


def test_names_that_do_not_fit_beside_their_dots_stand_in_a_key():
    """Numbers at the dots, the names on the right: nothing is lost."""
    names_ = [f"{'wide name ' * 3}{n}" for n in range(12)]
    run = charted_run(names_, model="claude-haiku-4-5", samples=5)

    made = texts(svg(run, "pareto"))

    assert sum("wide name" in text for text in made) == 12


def test_places_at_the_right_end_keep_their_distance():
    """And their order."""
    placed = spread([50, 50, 51, 52, 290], 14, 0, 300)

    assert placed == sorted(placed)
    assert all(b - a >= 14 for a, b in itertools.pairwise(placed))
    assert placed[-1] <= 300


def test_every_figure_of_the_text_is_real_text():
    """It can be searched and copied: estimates, bounds and p-values stand in the picture."""
    row = charted_run().plot.scores().rows[0]
    made = " ".join(texts(svg(charted_run(), "scores")))

    assert f"{row['value']:.2f} ({row['low']:.2f} … {row['high']:.2f}), n {row['n']}" in made


def test_the_users_settings_of_matplotlib_do_not_matter_and_stay():
    """Nor does drawing open pyplot."""
    code = """
import sys, matplotlib
from tests.charted import charted_run
plain = charted_run().plot.pareto().svg()
matplotlib.rcParams.update({"font.size": 33, "text.usetex": True, "lines.linewidth": 9})
before = matplotlib.rcParams.copy()
assert charted_run().plot.pareto().svg() == plain
assert matplotlib.rcParams.copy() == before
assert "matplotlib.pyplot" not in sys.modules
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_notebook_gets_the_picture_and_the_text():
    """Nothing else: a PNG or plotly's JSON is made on request only."""
    made = charted_run().plot.pareto()
    bundle = made._repr_mimebundle_()

    assert set(bundle) == {"text/plain", "image/svg+xml"}
    assert bundle["text/plain"] == str(made)
    assert bundle["image/svg+xml"] == made.svg()


def test_every_drawing_function_that_is_named_exists():
    """No name leads nowhere."""
    for target in (*show.PICTURES.values(), *show.FORMS.values()):
        module, _, function = target.partition(".")
        assert callable(getattr(__import__(f"workbench.show.{module}", fromlist=[function]), function))


def test_a_chart_is_saved_as_svg_or_png(tmp_path):
    """At once: no temporary file stays."""
    made = charted_run().plot.pareto()

    assert made.save(tmp_path / "a.svg").read_text(encoding="utf-8") == made.svg()
    assert made.save(str(tmp_path / "a.PNG")).read_bytes().startswith(b"\x89PNG\r\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.PNG", "a.svg"]


def test_letters_that_a_png_cannot_show_are_boxes(recwarn):
    """No warning of a library reaches the user."""
    data = display.bundle(Drawn(charted_run(["日本 $x$", "b"]).plot.scores()))[PNG]

    assert data
    assert not recwarn.list


def test_another_ending_is_refused_with_the_cure(tmp_path):
    """No file is left."""
    with pytest.raises(UsageError, match=r"a chart is saved as \.svg or \.png"):
        charted_run().plot.pareto().save(tmp_path / "a.pdf")
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_not_there_is_a_sentence(tmp_path):
    """No raw error of the system."""
    with pytest.raises(UsageError, match="cannot be written"):
        charted_run().plot.pareto().save(tmp_path / "none" / "a.svg")


def test_a_picture_that_cannot_be_drawn_leaves_the_text(monkeypatch, caplog):
    """The cell shows the table, the log says where it went wrong, and asking for the picture says so."""
    monkeypatch.setitem(show.PICTURES, "Chart", "charts.no_such_function")
    made = charted_run().plot.pareto()

    assert list(made._repr_mimebundle_()) == ["text/plain"]
    assert "no view of Chart: AttributeError" in caplog.text
    with pytest.raises(WorkbenchError, match="the log says where"):
        made.svg()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("variants", [1, 3, 30])
def test_plotlys_figure_is_valid_and_has_the_figures_at_the_pointer(kind, variants):
    """Plotly checks every property that it is given."""
    pytest.importorskip("plotly")
    made = getattr(charted_run(variants).plot, kind)()

    figure = made.plotly()

    assert made.title in figure.layout.title.text
    assert len(figure.data) >= len(made.parts)
    if made.parts:
        assert any("variant-0" in str(trace) for trace in figure.data) or kind == "cache"


@pytest.mark.parametrize("hostile", EIGHTS, ids=FIRST)
def test_plotly_gets_no_markup(hostile):
    """It would take a few tags and links in names for its own."""
    run = charted_run(hostile, samples=4, scorers=((hostile[0], "binary"),))
    object.__setattr__(run.info, "name", hostile[-1])

    for kind in KINDS:
        data = display.bundle(Drawn(getattr(run.plot, kind)(), PLOTLY))[PLOTLY]
        assert not re.search(r"<(?!br>)", json.dumps(data))


def test_without_plotly_the_cure_is_named(monkeypatch):
    """It is an extra."""
    monkeypatch.setattr("workbench.report.charts.chart.find_spec", lambda name: None)

    with pytest.raises(UsageError, match=r"pip install 'claude-workbench\[plotly\]'"):
        charted_run().plot.pareto().plotly()


def test_threads_may_draw_at_once():
    """One at a time goes through matplotlib; each gets its own picture."""
    from concurrent.futures import ThreadPoolExecutor

    run = charted_run()
    alone = {kind: svg(run, kind) for kind in KINDS}

    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda kind: svg(charted_run(), kind), KINDS * 2))

    assert together == [alone[kind] for kind in KINDS * 2]


def test_a_plain_run_and_its_table_draw_nothing():
    """The library is loaded for a picture, and for nothing else."""
    assert util.find_spec("matplotlib") is not None
    code = (
        "import sys; from tests.charted import charted_run; run = charted_run(); "
        "run._repr_mimebundle_(); run.receipt(); sys.exit('matplotlib' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_width_is_that_of_a_notebook():
    """And it shrinks on a narrow page."""
    root = ET.fromstring(svg(charted_run(), "pareto"))

    assert root.get("width") == str(WIDTH)
    assert "max-width:100%;height:auto" in (root.get("style") or "")
