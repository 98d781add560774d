// One row, opened: tabs beside or below the grid.
wb.opened = (() => {
  "use strict";
  const { el, fill, html, button } = wb;

  /** `act`: {go(position), close(), grade(kind, value), source(n)}. */
  function opened(act) {
    const title = el("strong", { class: "wbt-open-title" }), verdict = el("span"), place = el("span", { class: "wb-dim" });
    const back = button("◂ prev (N)", () => act.go(data.previous), { "aria-label": "previous row", title: "N or [", "aria-keyshortcuts": "Shift+N [" });
    const on = button("next (n) ▸", () => act.go(data.next), { "aria-label": "next row", title: "n or ]", "aria-keyshortcuts": "N ]" });
    const graded = el("span", { class: "wbt-graded", role: "status" });
    const marks = el("div", { class: "wb-row wbt-marks", role: "group", "aria-label": "grade this row" }, el("span", { class: "wb-dim" }, "grade"),
      ...[1, 2, 3, 4, 5].map(value => button(String(value), () => act.grade("rating", value), { "aria-label": `rate ${value} of 5` })),
      button("passes (p)", () => act.grade("pass", 1)), button("fails (f)", () => act.grade("pass", 0)), graded);
    let data = {}, stale = new Set();
    const PANELS = { messages, difference, scores: filled("scores_html"), citations: filled("citations_html"),
      usage: filled("usage_html"), raw, history };
    const NAMES = { messages: "Messages", difference: "Difference", scores: "Scores", citations: "Citations", usage: "Usage",
      raw: "Raw", history: "History" };
    const tabs = wb.tabs(Object.keys(PANELS).map(id => ({ id, title: NAMES[id] })), { label: "about this row", onshow: shown });
    const node = el("section", { class: "wbt-open", "aria-label": "the row that is open", hidden: true },
      el("div", { class: "wb-row wbt-open-head" }, title, verdict, place, el("span", { class: "wbt-gap" }),
        el("span", { class: "wbt-steps" }, back, on, button("close", () => act.close(), { class: "wb-btn wb-quiet", "aria-label": "close the row (Escape)" }))),
      marks, tabs.node);

    function shown(which) {
      if (stale.delete(which)) PANELS[which](tabs.panel(which));
    }

    function show(found) {
      data = found;
      node.hidden = false;
      fill(title, found.title);
      fill(verdict, found.verdict);
      verdict.className = { passed: "wb-good", failed: "wb-bad", error: "wb-warn" }[found.verdict] ?? "wb-dim";
      said(found);
      grades(found.grade, found.grades);
      stale = new Set(Object.keys(PANELS));
      tabs.show(tabs.current());
      node.scrollTop = 0;
    }

    /** Say where the row stands among those that are shown. */
    function said(found) {
      data = { ...data, place: found.place, previous: found.previous, next: found.next };
      fill(place, found.place);
      back.disabled = typeof found.previous !== "number";
      on.disabled = typeof found.next !== "number";
    }

    function grades(words, lines) {
      fill(graded, words ? `graded: ${words}` : "ungraded");
      data = { ...data, grade: words, grades: lines };
      if (tabs.current() === "history") history(tabs.panel("history")); else stale.add("history");
    }

    function messages(panel) {
      const sent = html(el("div"), data.asked_html), target = html(el("div"), data.target_html);
      const answer = el("div");
      fill(panel, el("p", { class: "wb-dim" }, data.asked_words), sent, target, el("h4", {}, data.verdict === "error" ? "error" : "answer"), answer);
      wb.answer(answer, data.answer, { source: n => act.source(n) });
    }

    function filled(field) {
      return panel => fill(panel, html(el("div"), data[field] ?? ""));
    }

    function difference(panel) {
      fill(panel, html(el("div", { class: "wbt-difference" }), data.difference_html));
    }

    function raw(panel) {
      fill(panel, el("pre", { class: "wb-code", tabindex: 0, "aria-label": "the record as JSON" }, data.raw));
    }

    function history(panel) {
      const line = one => el("li", {}, typeof one.p === "number" ? button(one.title, () => act.go(one.p)) : el("strong", {}, one.title),
        el("span", { class: { passed: "wb-good", failed: "wb-bad", error: "wb-warn" }[one.verdict] ?? "wb-dim" }, ` ${one.verdict} `),
        el("span", { class: "wbt-brief" }, one.answer));
      fill(panel,
        el("h4", {}, "grades"),
        data.grades?.length ? el("ul", {}, ...data.grades.map(text => el("li", {}, text))) : el("p", { class: "wb-dim" }, "nobody graded it yet"),
        el("h4", {}, "the same sample"),
        data.history?.length ? el("ul", { class: "wbt-twins" }, ...data.history.map(line)) : el("p", { class: "wb-dim" }, "no other row asks about it"));
    }

    wb.keys(node, { Escape: () => act.close() });
    return { node, show, said, grades, data: () => data, hide: () => { node.hidden = true; }, opened: () => !node.hidden };
  }

  return opened;
})();
