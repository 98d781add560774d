// The grading queue: one item at a time, keys and buttons, the rubric in sight. What is graded, and what comes
// next, the kernel says; who made an answer is not on this page until it is graded.
const grading = (() => {
  "use strict";
  const { el, put, fill, button } = wb;

  const CHOICES = {
    rating: [1, 2, 3, 4, 5].map(n => ({ keys: [String(n)], value: n, words: n === 1 ? "worst" : n === 5 ? "best" : "" })),
    pass: [{ keys: ["p", "P"], value: 1, words: "pass" }, { keys: ["f", "F"], value: 0, words: "fail" }],
    pair: [{ keys: ["a", "A", "ArrowLeft"], value: "a", words: "A is better", extra: "←" },
      { keys: ["t", "T"], value: "t", words: "tie" },
      { keys: ["b", "B", "ArrowRight"], value: "b", words: "B is better", extra: "→" }],
  };
  const PATIENCE_MS = 8000;

  /** A button that says its key. */
  function keyed(key, words, run, props) {
    const label = [el("kbd", { class: "wb-key" }, key), words ? ` ${words}` : ""];
    return button(label, run, { "aria-keyshortcuts": key, "aria-label": words ? `${words}, key ${key}` : `${key}, key ${key}`, ...props });
  }

  function start({ root, link, problem }) {
    root.tabIndex = -1;
    root.classList.add("wb-grading");
    let state = null, busy = false, timer = 0, drawn = null;

    // --- the parts that stay: only their content changes, so that the focus never falls out of the view ---
    const bar = el("div", { class: "wb-grade-bar", role: "progressbar", "aria-label": "graded", "aria-valuemin": 0 }, el("span"));
    const count = el("strong", {});
    const aside = el("span", { class: "wb-dim" });
    const help = el("div", { class: "wb-grade-help", hidden: true, id: wb.id("help") });
    const helpButton = keyed("?", "help", () => toggleHelp(), { "aria-expanded": "false", "aria-controls": help.id });
    const hint = el("span", { class: "wb-dim wb-grade-hint" }, "click here to grade by keyboard");
    const head = el("div", { class: "wb-row wb-grade-head" }, count, aside, hint, helpButton);
    const question = el("div", { class: "wb-grade-asked" });
    const answers = el("div", { class: "wb-grade-answers" });
    const end = el("div", { class: "wb-grade-end", hidden: true });
    const item = el("section", { class: "wb-grade-item", tabindex: -1, "aria-label": "item to grade" }, question, answers, end);
    const rubric = el("div", { class: "wb-grade-rubric-text" });
    const side = el("aside", { class: "wb-grade-rubric", role: "complementary", "aria-label": "rubric" }, el("h4", {}, "Rubric"), rubric);
    const choices = el("div", { class: "wb-row wb-grade-choices", role: "group", "aria-label": "grade" });
    const undo = keyed("u", "undo", () => act("undo", {}));
    const skip = keyed("s", "skip", () => act("skip", { item: state.item.at }));
    const before = keyed("[", "previous", () => act("go", { by: -1 }));
    const after = keyed("]", "next", () => act("go", { by: 1 }));
    const ways = el("div", { class: "wb-row wb-grade-ways", role: "group", "aria-label": "moving" }, undo, skip, before, after);
    const note = el("textarea", { class: "wb-grade-note", rows: 2, id: wb.id("note"), placeholder: "why, in your own words; Enter leaves, Shift+Enter is a new line",
      on: { change: () => keepNote() } });
    const noteButton = keyed("n", "note", () => note.focus(), { class: "wb-btn wb-quiet" });
    const noteRow = el("div", { class: "wb-grade-noterow" }, el("label", { for: note.id, class: "wb-sr" }, "note"), noteButton, note);
    const last = el("div", { class: "wb-row wb-grade-last" });
    const remarks = el("div", { class: "wb-dim wb-grade-remarks" });
    put(root, head, bar, help, el("div", { class: "wb-grade-main" }, item, side), choices, noteRow, ways, last, remarks);
    const say = wb.status(root, { class: "wb-status wb-sr" });

    // --- to the kernel ------------------------------------------------------------------------------------

    /** Ask the kernel, one thing at a time: a key pressed before the next item is there grades nothing. */
    async function act(kind, body) {
      if (busy || !state) return;
      busy = true;
      root.setAttribute("aria-busy", "true");
      problem("");
      timer = setTimeout(() => { over(); problem("The kernel does not answer: what you did last is perhaps not kept."); }, PATIENCE_MS);
      try { await link.ask(kind, body); problem(""); }
      catch (error) { problem(error.message); }
      finally { over(); }
    }

    function over() {
      clearTimeout(timer);
      busy = false;
      root.removeAttribute("aria-busy");
    }

    function grade(value) {
      if (!state?.item) return;
      act("grade", { item: state.item.at, value, note: note.value });
    }

    /** Keep a note that was typed: it changes the grade, or waits for one. What is clicked next need not wait. */
    function keepNote() {
      if (!state?.item || busy || note.value === state.item.note) return;
      state.item.note = note.value;
      link.tell("note", { item: state.item.at, note: note.value });
    }

    // --- from the kernel ----------------------------------------------------------------------------------

    link.on("state", next => {
      const held = root.contains(document.activeElement) || document.activeElement === document.body && busy;
      const was = document.activeElement;
      const first = state === null;
      state = next;
      draw();
      if (next.said) say(next.said);
      else if (!first) say(`${next.last ? `${next.last.words}. ` : ""}${next.progress}.`);
      if (held && (!root.contains(document.activeElement) || was?.disabled)) item.focus({ preventScroll: true });
    });

    function draw() {
      fill(count, state.progress);
      fill(aside, [state.skipped ? `${state.skipped} skipped` : "", `grading as ${state.who}`].filter(Boolean).join(" · "));
      bar.setAttribute("aria-valuenow", state.done);
      bar.setAttribute("aria-valuemax", state.total);
      bar.setAttribute("aria-valuetext", state.progress);
      bar.firstChild.style.setProperty("width", `${state.total ? 100 * state.done / state.total : 0}%`);
      wb.html(rubric, state.rubric_html);
      fill(remarks, state.warning ? el("p", { class: "wb-warn" }, state.warning) : null, state.remarks.map(each => el("p", {}, each)));
      drawChoices();
      drawItem();
      drawLast();
      undo.disabled = !state.done;
      before.disabled = !state.total || state.item?.at === 0;
      after.disabled = !state.item || state.item.at >= state.total - 1;
      skip.disabled = !state.item || state.item.value !== null;
    }

    function drawChoices() {
      if (!choices.childElementCount)
        put(choices, CHOICES[state.grading].map(one => {
          const made = keyed(one.keys[0], one.words, () => grade(one.value), { "aria-pressed": "false", class: "wb-btn wb-grade-choice" });
          if (one.extra) { put(made, " ", el("kbd", { class: "wb-key" }, one.extra)); made.setAttribute("aria-keyshortcuts", `${one.keys[0]} ${one.keys[2]}`); }
          made.dataset.value = one.value;
          return made;
        }));
      for (const made of choices.children) {
        made.disabled = !state.item;
        made.setAttribute("aria-pressed", String(state.item !== null && String(state.item.value) === made.dataset.value));
      }
    }

    function drawItem() {
      const now = state.item;
      end.hidden = now !== null;
      question.hidden = answers.hidden = choices.hidden = noteRow.hidden = side.hidden = now === null;
      item.classList.toggle("wb-grade-over", now === null);
      note.disabled = noteButton.disabled = now === null;
      if (now === null) { drawn = null; note.value = ""; item.setAttribute("aria-label", "nothing left to grade"); drawEnd(); return; }
      if (drawn !== now.at) {
        wb.html(question, now.question_html);
        fill(answers, now.answers.map((one, side) => answer(one, side, now)));
        answers.classList.toggle("wb-grade-pair", now.answers.length > 1);
        item.setAttribute("aria-label", `item ${now.at + 1} of ${state.total}`);
        item.scrollTop = 0;
      }
      if (drawn !== now.at || document.activeElement !== note) note.value = now.note;
      drawn = now.at;
    }

    function answer(one, side, now) {
      const body = el("div", { class: "wb-grade-said" });
      wb.answer(body, one.view, { source: cite => link.ask("source", { item: now.at, side, cite }) });
      return el("section", { class: "wb-grade-answer", "aria-label": one.name }, el("h4", {}, one.name), body);
    }

    function drawEnd() {
      fill(end, el("p", {}, el("strong", {}, state.total ? `All ${state.total} are graded.` : "There is nothing to grade.")));
      if (!state.total) return;
      const body = el("div");
      const ask = button("what the grades say", async () => {
        try { wb.html(body, (await link.ask("findings", {})).html); }
        catch (error) { problem(error.message); }
      });
      put(end, ask, body);
    }

    /** What was graded last, and who made it: asked for, never sent before. */
    function drawLast() {
      fill(last);
      const which = state.item?.value != null ? state.item.at : state.last?.item;
      if (which === undefined) return;
      const words = state.last?.item === which ? `item ${which + 1}: ${state.last.words}` : `item ${which + 1}`;
      const body = el("div", { class: "wb-grade-revealed" });
      const fold = el("details", { class: "wb-grade-reveal" }, el("summary", {}, "reveal who answered"), body);
      fold.addEventListener("toggle", async () => {
        if (!fold.open || body.childElementCount) return;
        try { wb.html(body, (await link.ask("reveal", { item: which })).html); }
        catch (error) { fill(body, error.message); }
      });
      put(last, el("span", { class: "wb-dim" }, words), fold);
    }

    // --- keys ---------------------------------------------------------------------------------------------

    function toggleHelp() {
      help.hidden = !help.hidden;
      helpButton.setAttribute("aria-expanded", String(!help.hidden));
      if (help.childElementCount || !state) return;
      const each = CHOICES[state.grading];
      const grades = state.grading === "rating" ? [["1 … 5", "from the worst to the best"]]
        : each.map(one => [one.extra ? `${one.keys[0]} or ${one.extra}` : one.keys[0], one.words]);
      const rows = [...grades,
        ["n", "write a note; it is kept with the grade"], ["u", "take the last grade back"],
        ["s", "skip: the item comes again at the end"], ["[  ]", "look at the previous or next item, graded or not; a new grade or note replaces the old one"]];
      put(help, el("dl", {}, rows.map(([key, words]) => [el("dt", {}, el("kbd", { class: "wb-key" }, key)), el("dd", {}, words)])),
        el("p", { class: "wb-dim" }, "Keys count while the focus is in this view and not in the note. A held key counts once."));
    }

    const once = run => event => { if (!event.repeat) run(); };
    const map = { n: once(() => note.focus()), N: once(() => note.focus()), "?": once(toggleHelp) };
    for (const [key, made] of [["u", undo], ["s", skip], ["[", before], ["]", after]])
      map[key] = map[key.toUpperCase()] = once(() => { if (!made.disabled) made.click(); });
    for (const [kind, each] of Object.entries(CHOICES))
      for (const one of each)
        for (const key of one.keys) {
          const other = map[key];
          map[key] = event => {
            if (state?.grading !== kind) return other ? other(event) : false;
            if (!event.repeat) grade(one.value);
          };
        }
    wb.keys(root, map);
    const leave = { typing: true, run: () => item.focus({ preventScroll: true }) };
    wb.keys(note, { Enter: leave, Escape: leave });
    return () => clearTimeout(timer);
  }

  return start;
})();

export default wb.view(grading);
