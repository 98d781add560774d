// Columns that stream side by side: text grows in one frame for all of them, forms and figures come with the end.
const wbPanes = (() => {
  "use strict";
  const { el, put, fill, button } = wb;

  const WORDS = { idle: "not asked", queued: "queued", limited: "limited", retrying: "retrying", sent: "sent",
    streaming: "streaming", stalled: "stalled", done: "done", stopped: "stopped", failed: "failed" };
  const COLOURS = { done: "wb-good", failed: "wb-bad", stopped: "wb-warn", stalled: "wb-warn", limited: "wb-warn", retrying: "wb-warn" };

  /** One column. `at` is its number, `first` what the kernel knows of it. */
  function pane({ at, first, link, several, gone }) {
    const state = { ...first };
    const badge = el("span", { class: "wb-pane-badge" });
    const about = el("span", { class: "wb-dim" });
    const reason = el("p", { class: "wb-pane-note", hidden: true });
    const refused = el("div", { hidden: true });
    const stop = button("Stop", () => link.tell("stop", { column: at }), { class: "wb-btn wb-pane-stop", "aria-label": `Stop ${first.label}` });
    const again = button("Ask again", () => ask("again", {}), { "aria-label": `Ask ${first.label} again`, hidden: true });
    const title = el("h4", { id: wb.id("pane"), title: first.label }, el("bdi", {}, first.label));
    const folds = el("div", { class: "wb-pane-folds" });
    const partial = el("p", { class: "wb-warn wb-pane-words", hidden: true }, "partial: only what had come before the end");
    const answer = el("div", { class: "wb-pane-answer" });
    const body = el("div", { class: "wb-pane-body", tabindex: 0, role: "group", "aria-label": `answer of ${first.label}` }, reason, refused, folds, partial, answer);
    const figures = el("dl", { class: "wb-pane-figures", "aria-label": `figures of ${first.label}` });
    const actions = el("div", { class: "wb-row wb-pane-actions", role: "toolbar", "aria-label": `actions for ${first.label}`, hidden: true });
    const form = el("div", { class: "wb-pane-form", hidden: true });
    const said = el("p", { class: "wb-dim", role: "status" });
    const node = el("section", { class: "wb-pane", role: "region", "aria-labelledby": title.id, tabindex: -1 },
      el("header", { class: "wb-pane-head" }, el("div", { class: "wb-row wb-pane-title" }, title, stop, again),
        el("p", { class: "wb-pane-state" }, badge, about)),
      body, el("footer", { class: "wb-pane-foot" }, figures, actions, said), form);
    const problem = wb.problem(node);
    let parts = [], stuck = true, opened = null;
    body.addEventListener("scroll", () => { stuck = body.scrollHeight - body.scrollTop - body.clientHeight < 24; }, { passive: true });

    async function ask(kind, more) {
      problem("");
      try { return await link.ask(kind, { column: at, ...more }); }
      catch (error) { problem(error.message); return null; }
    }

    // --- what was asked, and earlier turns: fetched when they are opened ---------------------------------

    function warned() {
      const inner = el("div", {});
      wb.html(inner, state.warned_html);
      return el("details", {}, el("summary", {}, el("span", { class: "wb-warn wb-pane-words" }, state.warned)), inner);
    }

    function fold(label, turn) {
      const inner = el("div", {});
      const made = el("details", { on: { toggle: async () => {
        if (!made.open || inner.firstChild) return;
        const found = await ask("fold", { turn });
        if (found) wb.html(inner, found.html);
      } } }, el("summary", {}, label), inner);
      return made;
    }

    function foldAll() {
      fill(folds, (state.earlier ?? []).map((foot, turn) => fold(el("span", {}, `turn ${turn + 1} `, el("small", {}, foot)), turn)),
        state.asked ? fold(state.earlier?.length ? "what was asked now" : "what was asked", -1) : null,
        state.warned ? warned() : null);
    }

    // --- the answer while it grows -----------------------------------------------------------------------

    function part(one) {
      const html = wb.html(el("div", {}), one.html);
      const tail = document.createTextNode(one.tail);
      const text = el("pre", { class: one.kind === "tool" ? "wb-code" : "wb-text", dir: "auto" }, tail);
      const made = { kind: one.kind, html, tail };
      if (one.kind === "text") put(answer, html, text);
      else if (one.kind === "html") put(answer, html);
      else put(answer, made.fold = el("details", { class: "wb-pane-live", open: one.kind === "tool" }, el("summary", {}, one.title), text));
      parts.push(made);
    }

    function settle({ part: index, length, html }) {
      const one = parts[index];
      if (!one) return;
      const more = wb.html(el("div", {}), html);
      one.html.append(...more.childNodes);
      one.tail.deleteData(0, length);
    }

    function delta(kind, value) {
      if (kind === "set") set(value);
      else if (state.view) return; // the answer stands: what comes late is part of it
      else if (kind === "text") parts.at(-1)?.tail.appendData(value);
      else if (kind === "part") part(value);
      else if (kind === "settle") settle(value);
    }

    /** Once a frame, after all deltas: keep the end in sight where the reader was there. */
    function follow() { if (state.running && stuck) body.scrollTop = body.scrollHeight; }

    // --- how it stands -----------------------------------------------------------------------------------

    function set(value) {
      const before = state.state, warnedOf = state.warned;
      Object.assign(state, value);
      const word = WORDS[state.state] ?? state.state;
      const inline = state.state === "stopped" && Boolean(state.reason);
      badge.textContent = inline ? `${word} ${state.reason}` : word;
      badge.className = `wb-pane-badge ${(state.state === "done" && state.reason ? "" : COLOURS[state.state]) ?? "wb-dim"}`;
      reason.textContent = state.reason ?? "";
      reason.hidden = !state.reason || inline;
      reason.className = `wb-pane-words wb-pane-note ${state.state === "failed" ? "wb-bad" : "wb-dim"}`;
      reason.classList.toggle("wb-pane-stuck", Boolean(state.running));
      refused.hidden = !state.refused_html;
      wb.html(refused, state.refused_html ?? "");
      about.textContent = (state.about ?? []).map(line => ` · ${line}`).join("");
      about.title = (state.about ?? []).join(" · ");
      if (state.warned !== warnedOf) foldAll();
      const focused = [stop, again].find(one => one === document.activeElement);
      stop.hidden = !state.running;
      again.hidden = !state.again || Boolean(state.running);
      again.textContent = state.state === "idle" ? "Ask" : "Ask again";
      again.setAttribute("aria-label", state.state === "idle" ? `Ask ${first.label}` : `Ask ${first.label} again`);
      if (focused?.hidden) node.focus({ preventScroll: true });
      if ("view" in value) finish();
      if (before !== state.state) gone(state);
    }

    function finish() {
      partial.hidden = !state.partial;
      if (state.view) {
        const open = answer.querySelector("details[open]") !== null && parts.some(one => one.kind === "thinking" && one.fold?.open);
        parts = [];
        fill(answer);
        const shown = el("div", {});
        put(answer, shown);
        wb.answer(shown, state.view, { source: cite => link.ask("source", { column: at, cite }) });
        if (open) for (const one of shown.querySelectorAll("details")) { one.open = true; break; }
      }
      offer();
    }

    const own = () => [...(state.figures ?? []), ...(state.view?.words ? [{ name: "quotes", value: state.view.words }] : [])];

    /** Show the figures, each beside the same one of the other columns: `names` are those of all of them. */
    function line_up(names) {
      const found = new Map(own().map(one => [one.name, one]));
      const rows = found.size > 1 ? names : [...found.keys()];
      const key = JSON.stringify([rows, ...found.values()]);
      if (figures.wbShown === key) return;
      figures.wbShown = key;
      fill(figures, rows.map(name => found.has(name) ? figure(found.get(name)) : el("div", { class: "wb-pane-gap", "aria-hidden": "true" }, "\u00a0")));
    }

    function figure({ name, value, key, more }) {
      const shown = key === "receipt" ? button(value, receipt, { class: "wb-btn wb-quiet wb-pane-cost", "aria-label": `cost ${value}, show the receipt` }) : value;
      return el("div", {}, el("dt", {}, name), el("dd", {}, shown, more ? el("small", { class: "wb-dim" }, more) : null));
    }

    async function receipt(event) {
      const anchor = event.currentTarget;
      const found = await ask("receipt", {});
      if (!found) return;
      const box = wb.popover(anchor, wb.html(el("div", { class: "wb-pane-receipt" }), found.html));
      const room = box.offsetParent?.clientWidth ?? 420; // five columns need more than a passage does
      box.style.setProperty("max-width", `${Math.min(620, room - 8)}px`);
      box.style.setProperty("left", `${Math.max(4, Math.min(box.offsetLeft, room - box.offsetWidth - 4))}px`);
    }

    // --- what can be done with it ------------------------------------------------------------------------

    function offer() {
      const can = [];
      if (state.next && !state.running) can.push(toggle("Continue", continued));
      if (state.asked && !state.running) can.push(toggle("Save as test case", testCase));
      if (at > 0 && state.view) can.push(toggle("Diff against column 1", difference));
      fill(actions, can);
      actions.hidden = can.length === 0;
      close();
    }

    function toggle(name, make) {
      const made = button(name, async () => {
        if (opened === made) { close(); return; }
        close();
        const inner = await make();
        if (!inner) return;
        opened = made;
        link.tell("busy");
        made.setAttribute("aria-expanded", "true");
        fill(form, inner);
        form.hidden = false;
        form.querySelector("textarea, input, [tabindex]")?.focus();
      }, { "aria-expanded": "false" });
      return made;
    }

    function close() {
      opened?.setAttribute("aria-expanded", "false");
      const focus = form.contains(document.activeElement) ? opened : null;
      opened = null;
      form.hidden = true;
      fill(form);
      focus?.focus();
    }
    const confirm = () => form.querySelector(".wb-main")?.click();
    wb.keys(form, { Escape: { run: close, typing: true }, "Mod+Enter": { run: confirm, typing: true } });

    const labelled = (name, input) => el("label", { class: "wb-pane-field" }, el("span", {}, name), input);

    /** Run a form's button: what is wrong is said beside the field, and what was typed stays. */
    async function send(told, kind, body) {
      told("");
      try { return await link.ask(kind, { column: at, ...body }); }
      catch (error) { told(error.message); return null; }
    }

    function line() {
      const node = el("p", { class: "wb-bad wb-pane-words", role: "alert", hidden: true });
      return { node, told: words => { node.textContent = words; node.hidden = !words; } };
    }

    async function difference() {
      const found = await ask("diff", {});
      if (!found) return null;
      const inner = wb.html(el("div", { class: "wb-pane-diff", tabindex: 0, role: "group", "aria-label": "difference to column 1" }), found.html);
      return inner;
    }

    async function testCase() {
      const found = await ask("proposal", {});
      if (!found) return null;
      const path = el("input", { value: found.path, autocomplete: "off", spellcheck: false });
      const name = el("input", { value: found.id, autocomplete: "off", spellcheck: false });
      const input = el("textarea", { rows: 3, value: found.input });
      const target = el("input", { type: "checkbox", disabled: !state.view || state.partial });
      const { node: wrong, told } = line();
      const save = button("Save", async () => {
        const kept = await send(told, "case", { path: path.value, id: name.value, input: input.value, target: target.checked });
        if (!kept) return;
        close();
        said.textContent = kept.said;
      }, { class: "wb-btn wb-main" });
      return [labelled("dataset (.jsonl)", path), labelled("id", name), labelled("input", input),
        found.left_out ? el("p", { class: "wb-dim" }, found.left_out) : null,
        el("label", { class: "wb-row" }, target, "the answer is the target"), wrong, el("div", { class: "wb-row" }, save, button("Cancel", close))];
    }

    function continued() {
      const next = state.next;
      if (next.why_not) return el("p", { class: "wb-warn wb-pane-words", tabindex: -1 }, `it cannot go on: ${next.why_not}`);
      const fields = next.calls.map(call => ({ id: call.id,
        text: el("textarea", { rows: 2, "aria-label": `result of ${call.name}` }),
        failed: el("input", { type: "checkbox" }), name: call.name, input: call.input }));
      const text = next.text ? el("textarea", { rows: 3, placeholder: next.paused ? "nothing to write: the answer was paused" : "Ctrl+Enter sends it" }) : null;
      const { node: wrong, told } = line();
      const go = every => async () => {
        const results = Object.fromEntries(fields.map(one => [one.id, { text: one.text.value, failed: one.failed.checked }]));
        const sent = await send(told, "go_on", { text: text?.value ?? "", results, every });
        if (sent?.left_out) said.textContent = `not sent in ${sent.left_out}`;
      };
      return [
        fields.map(one => el("div", { class: "wb-pane-call" }, el("p", {}, "result of ", el("code", {}, one.name), " ", el("code", { class: "wb-dim" }, one.input)),
          one.text, el("label", { class: "wb-row" }, one.failed, "the tool failed"))),
        text ? labelled(fields.length ? "words after the results" : "next turn", text) : null, wrong,
        el("div", { class: "wb-row" }, button("Send", go(false), { class: "wb-btn wb-main", "aria-keyshortcuts": "Control+Enter Meta+Enter" }),
          several() && !fields.length ? button("Send to all columns", go(true)) : null, button("Cancel", close))];
    }

    foldAll();
    for (const one of state.parts ?? []) part(one);
    set(first);
    return { node, id: first.id, state, delta, follow, body, own, line_up };
  }

  return { pane, WORDS };
})();

export default wb.view(({ root, link }) => {
  const { el, put, fill, button } = wb;
  const stopAll = button("Stop all", () => link.tell("stop", { column: null }), { "aria-label": "Stop all columns" });
  const askAll = button("Ask", () => link.tell("ask"), { class: "wb-btn wb-main", "aria-label": "Ask all columns", hidden: true });
  const bar = el("div", { class: "wb-row wb-panes-bar" }, askAll, stopAll);
  const say = wb.status(bar);
  const origin = el("p", { class: "wb-origin", hidden: true });
  const grid = el("div", { class: "wb-panes", role: "group", "aria-label": "answers side by side" });
  const empty = el("p", { class: "wb-dim", hidden: true }, "nothing asked yet");
  put(root, bar, origin, grid, empty);
  let panes = [], seen = -1, waiting = [];

  const count = words => [...new Set(words)].map(word => `${words.filter(one => one === word).length} ${word}`).join(", ");

  /** Say of numbers that are made up that they are; once for all columns. */
  function made() {
    origin.textContent = panes.find(one => one.state.emulated)?.state.emulated ?? "";
    origin.hidden = !origin.textContent;
  }

  /** Put equal figures side by side, in the order of the column that has most of them. */
  function level() {
    const lists = panes.map(one => one.own().map(figure => figure.name)).sort((a, b) => b.length - a.length);
    const names = [];
    for (const list of lists) for (const [at, name] of list.entries()) {
      if (names.includes(name)) continue;
      names.splice(at ? names.indexOf(list[at - 1]) + 1 : 0, 0, name);
    }
    for (const one of panes) one.line_up(names);
  }

  /** Say a change of state, never a token. */
  function changed(state) {
    const running = panes.filter(one => one.state.running).length;
    const idle = panes.filter(one => one.state.state === "idle" && one.state.again).length;
    const held = [askAll, stopAll].find(one => one === document.activeElement);
    stopAll.disabled = running === 0;
    stopAll.hidden = running === 0 && idle > 0;
    askAll.hidden = idle === 0;
    askAll.textContent = panes.length > 1 ? "Ask all" : "Ask";
    if (held?.hidden || held?.disabled) enter();
    if (running && state) say(`${state.label}: ${wbPanes.WORDS[state.state] ?? state.state} · ${running} of ${panes.length} running`);
    else if (panes.length && !running && idle < panes.length) say(`ended: ${count(panes.map(one => wbPanes.WORDS[one.state.state] ?? one.state.state))}`);
  }

  /** Focus what can be used next: a button of the bar, or the first column. */
  function enter() {
    ([askAll, stopAll].find(one => !one.hidden && !one.disabled) ?? panes[0]?.node)?.focus({ preventScroll: true });
  }

  /** Put a column where another stood; who was inside the old one is inside the new one. */
  function place(node, there) {
    if (there === node) return;
    const inside = there?.contains(document.activeElement);
    if (there) there.replaceWith(node); else put(grid, node);
    if (inside) node.focus({ preventScroll: true });
  }

  const apply = wb.frame(() => {
    const now = waiting;
    waiting = [];
    for (const [at, kind, value] of now) panes[at]?.delta(kind, value);
    for (const one of panes) one.follow();
    level();
    made();
  });

  link.on("d", ({ d, i }) => {
    seen = i;
    if (panes.length) waiting.push(...d);
    apply();
  });

  link.on("all", ({ columns, i }) => {
    const whole = i !== seen + 1; // something was missed, or nothing was known: everything is new
    seen = i;
    waiting = waiting.filter(([at]) => !whole && panes[at]?.id === columns[at]?.id);
    const old = panes;
    panes = columns.map((first, at) => !whole && old[at]?.id === first.id ? old[at]
      : wbPanes.pane({ at, first, link, several: () => panes.length > 1, gone: changed }));
    panes.forEach((one, at) => place(one.node, grid.children[at]));
    while (grid.children.length > panes.length) grid.lastChild.remove();
    empty.hidden = panes.length > 0;
    changed();
    apply();
    wbFocus.back(root, at => (at < 0 || !panes[at] ? enter() : panes[at].node.focus({ preventScroll: true })));
  });
  wbFocus.keep(root, node => panes.findIndex(one => one.node.contains(node)));

  const step = by => event => {
    const at = panes.findIndex(one => one.node.contains(event.target));
    const next = panes[at < 0 ? 0 : (at + by + panes.length) % panes.length];
    if (!next) return false;
    next.node.focus({ preventScroll: true });
    next.node.scrollIntoView({ block: "nearest", inline: "nearest" });
    return true;
  };
  wb.keys(root, { "Alt+ArrowRight": step(1), "Alt+ArrowLeft": step(-1) });
});
