// An answer with its references: hover or focus shows the passage, a click pins its source beside the answer.
wb.answer = (() => {
  "use strict";
  const { el, put, fill } = wb;
  const kept = new WeakMap();

  /** Show `view`, made by the kernel's `answer_view`, in `node`; again with a longer one while it streams.
      `source(n)` gives `{title, html}` of reference n. Returns {pin(n), unpin()}. */
  function answer(node, view, { source } = {}) {
    const state = kept.get(node) ?? start(node);
    state.source = source ?? state.source;
    const was = look(state);
    if (state.anchor && state.said.contains(state.anchor)) hide(state);
    state.cites = new Map((view.cites ?? []).map(cite => [cite.n, cite]));
    wb.html(state.said, view.html ?? "");
    references(state);
    restore(state, was);
    return { pin: n => pin(state, n), unpin: () => unpin(state) };
  }

  function start(node) {
    const said = el("div", { class: "wb-said" });
    const state = { node, said, pane: null, anchor: null, box: null, quiet: false, asked: 0, cites: new Map() };
    node.classList.add("wb-answer");
    fill(node, el("div", { class: "wb-answer-in" }, said));
    state.inner = node.firstChild;
    kept.set(node, state);
    return state;
  }

  // --- a longer answer in the place of a shorter one: folds stay open, the focus stays ---------------------

  function look(state) {
    const folds = [...state.said.querySelectorAll("details")].map(fold => fold.open);
    const focus = document.activeElement;
    const at = focus && state.said.contains(focus) ? focus.dataset.n : undefined;
    return { folds, at };
  }

  function restore(state, { folds, at }) {
    [...state.said.querySelectorAll("details")].forEach((fold, n) => { if (folds[n] !== undefined) fold.open = folds[n]; });
    if (at !== undefined) quietly(state, () => button(state, at)?.focus({ preventScroll: true }));
    if (state.pane) mark(state, state.pane.n);
  }

  const button = (state, n) => state.said.querySelector(`.wb-cite[data-n="${Number(n)}"]`);

  function quietly(state, run) {
    state.quiet = true;
    run();
    state.quiet = false;
  }

  // --- references ------------------------------------------------------------------------------------------

  function references(state) {
    for (const place of state.said.querySelectorAll("sup.wb-ref")) {
      const cite = state.cites.get(Number(place.textContent.slice(1, -1)));
      if (!cite) continue;
      // A button inside a link would be two controls in one.
      const link = place.closest("a");
      if (link) link.after(place);
      fill(place, reference(state, cite));
      keep(place);
    }
  }

  /** Keep a reference on the line of the word before it: a browser breaks the line before any button. */
  function keep(place) {
    const before = place.previousSibling;
    const at = before?.nodeType === Node.TEXT_NODE ? before.data.search(/\S{1,24}$/) : -1;
    if (at < 0) return;
    const kept = el("span", { class: "wb-kept" }, before.splitText(at));
    place.before(kept);
    kept.append(place);
  }

  function reference(state, cite) {
    const wrong = cite.verified === false;
    const made = el("button", {
      class: wrong ? "wb-cite wb-bad" : "wb-cite", type: "button", data: { n: cite.n }, "aria-expanded": "false",
      "aria-label": `citation ${cite.n}: ${cite.where}, ${verdict(cite)}`,
    }, wrong ? `[${cite.n} ✗]` : `[${cite.n}]`);
    let leaving = 0;
    const enter = () => { clearTimeout(leaving); if (!shows(state, made)) show(state, made, cite, stay); };
    const leave = () => { leaving = setTimeout(() => { if (shows(state, made) && document.activeElement !== made) hide(state); }, 200); };
    const stay = box => {
      box.addEventListener("pointerenter", () => clearTimeout(leaving));
      box.addEventListener("pointerleave", leave);
    };
    made.addEventListener("pointerenter", enter);
    made.addEventListener("pointerleave", leave);
    made.addEventListener("focus", () => { if (!state.quiet) enter(); });
    made.addEventListener("blur", () => { if (shows(state, made)) hide(state); });
    made.addEventListener("click", () => pin(state, cite.n));
    return made;
  }

  const SAID = { true: "verified", false: "not verified", null: "not compared" };
  const verdict = cite => SAID[String(cite.verified ?? null)];

  /** What was found of the quote: a check mark only where every character was compared. */
  function finding(cite) {
    if (cite.verified === true)
      return el("p", { class: "wb-cite-word" }, el("span", { class: "wb-good" }, "✓ verified"), ": stands there character for character");
    if (cite.verified === false)
      return el("p", { class: "wb-cite-word" }, el("span", { class: "wb-bad" }, "✗ not verified"), cite.problem ? `: ${cite.problem}` : "");
    return el("p", { class: "wb-cite-word wb-dim" }, `not compared${cite.problem ? `: ${cite.problem}` : ""}`);
  }

  function show(state, anchor, cite, made) {
    const quote = cite.quote ? el("blockquote", { dir: "auto" }, cite.quote) : el("p", { class: "wb-dim" }, "no words are quoted");
    const box = wb.popover(anchor, el("div", { class: "wb-passage" }, quote,
      el("p", { class: "wb-cite-place" }, el("strong", {}, el("bdi", {}, cite.title ?? cite.where)), cite.place ? ` · ${cite.place}` : ""),
      finding(cite)));
    Object.assign(state, { anchor, box });
    made(box);
    // The pointer may be here while the focus is elsewhere: Escape is for what is shown.
    const escape = event => {
      if (box.isConnected && event.key !== "Escape") return;
      document.removeEventListener("keydown", escape, true);
      if (!box.isConnected) return;
      event.stopPropagation();
      hide(state);
    };
    document.addEventListener("keydown", escape, true);
  }

  const shows = (state, anchor) => state.anchor === anchor && Boolean(state.box?.isConnected);

  function hide(state) {
    if (state.box?.isConnected) wb.close();
    Object.assign(state, { anchor: null, box: null });
  }

  // --- the source, pinned --------------------------------------------------------------------------------

  async function pin(state, n) {
    if (!state.source) return;
    hide(state);
    const mine = ++state.asked;
    const pane = state.pane ?? open(state);
    pane.n = n;
    mark(state, n);
    fill(pane.title, `[${n}]`);
    fill(pane.body, el("p", { class: "wb-dim", role: "status" }, "reading the source …"));
    pane.node.focus({ preventScroll: true });
    try {
      const found = await state.source(n);
      if (mine !== state.asked || state.pane !== pane) return;
      fill(pane.title, `[${n}] `, el("bdi", {}, found.title ?? ""));
      pane.node.setAttribute("aria-label", `source of citation ${n}: ${found.title ?? ""}`);
      wb.html(pane.body, found.html ?? "");
    } catch (error) {
      if (mine !== state.asked || state.pane !== pane) return;
      fill(pane.body, el("p", { class: "wb-bad", role: "alert" }, `the source cannot be shown: ${error?.message ?? error}`));
    }
    pane.node.scrollIntoView({ block: "nearest" });
    const passage = pane.body.querySelector("mark");
    pane.body.scrollTop = passage ? passage.offsetTop - pane.body.clientHeight / 4 : 0;
  }

  function open(state) {
    const title = el("h4", { class: "wb-source-title" });
    const body = el("div", { class: "wb-source-body", tabindex: 0, role: "group", "aria-label": "text of the source" });
    const node = el("aside", { class: "wb-source", role: "complementary", tabindex: -1, "aria-label": "source of a citation", id: wb.id("source") },
      el("div", { class: "wb-source-head" }, title, wb.button("close", () => unpin(state), { class: "wb-btn wb-quiet", "aria-label": "close the source" })), body);
    wb.keys(node, { Escape: () => unpin(state) });
    put(state.inner, node);
    state.node.classList.add("wb-pinned");
    state.pane = { node, title, body, n: 0 };
    return state.pane;
  }

  /** Close the source; the focus goes back to the reference it was opened from. */
  function unpin(state) {
    if (!state.pane) return;
    const { node, n } = state.pane;
    node.remove();
    state.pane = null;
    state.asked += 1;
    state.node.classList.remove("wb-pinned");
    mark(state, 0);
    quietly(state, () => button(state, n)?.focus());
  }

  function mark(state, n) {
    for (const one of state.said.querySelectorAll(".wb-cite")) {
      const on = Number(one.dataset.n) === n;
      one.setAttribute("aria-expanded", String(on));
      if (on && state.pane) one.setAttribute("aria-controls", state.pane.node.id); else one.removeAttribute("aria-controls");
    }
  }

  return answer;
})();
