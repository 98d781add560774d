// A grid of which only what is seen is there: rows come in pages of a hundred, thirty pages are kept.
wb.grid = (() => {
  "use strict";
  const { el, fill } = wb;
  const ROW = 26, PAGE = 100, KEPT = 30, ASKED = 2, SPARE = 6, PAD = 10, TALL = 440, BAR = 18;

  /** `tallest`: pixels an element may have; `window(start)`: promise of {mark, start, rows};
      `act`: {open, fold, sort, select, move}. */
  function grid({ label, tallest, window: ask, act }) {
    const id = wb.id("grid");
    const head = el("div", { class: "wbt-head", role: "row", "aria-rowindex": 1 });
    const body = el("div", { class: "wbt-body", role: "presentation" });
    const node = el("div", { class: "wbt-grid", role: "grid", tabindex: 0, id, "aria-label": label,
      "aria-multiselectable": "true" }, head, body);
    const state = { view: { mark: -1, lines: 0, total: 0 }, pages: new Map(), asked: new Map(), slots: [], line: 0, col: 0,
      anchor: null, chosen: false, here: [], high: 0, tall: 0 };
    const heads = wb.heads({ id, host: node, head, act: { press: col => { enter(-1, col, { clicked: true }); act.sort(heads.shown()[col].key); }, resized: () => act.move?.() } });

    function setColumns(columns) {
      heads.setColumns(columns);
      state.col = Math.min(state.col, Math.max(0, heads.shown().length - 1));
      build();
    }

    /** Make headings and rows anew: other columns are shown, or in another order. */
    function build() {
      const key = heads.shown()[state.col]?.key;
      heads.lay();
      state.col = Math.max(0, heads.shown().findIndex(column => column.key === key));
      node.setAttribute("aria-colcount", heads.shown().length);
      heads.draw();
      fill(body);
      state.slots = [];
      draw();
    }

    /** Beside a row that is open: what tells rows apart comes first and fits. */
    function setLean(lean) {
      if (!heads.setLean(lean)) return;
      node.scrollLeft = 0;
      build();
    }

    // --- where things are ---------------------------------------------------------------------------------

    const lines = () => state.view.lines;
    // Measured when the size changes: to measure while rows are written would lay out the page twice a frame.
    const room = () => Math.max(ROW, state.high - state.tall);
    const whole = () => lines() * ROW + PAD;
    const height = () => Math.min(whole(), tallest);
    const mapped = () => whole() > tallest;

    /** The line at the top, with its fraction. */
    function top() {
      if (!mapped()) return node.scrollTop / ROW;
      const most = height() - room();
      return most > 0 ? (Math.min(node.scrollTop, most) / most) * ((whole() - room()) / ROW) : 0;
    }

    function scrollToLine(line) {
      if (!mapped()) { node.scrollTop = line * ROW; return; }
      node.scrollTop = (line * ROW / (whole() - room())) * (height() - room());
    }

    /** Bring a line into sight, whole. */
    function reveal(line) {
      const first = top(), fits = room() / ROW;
      if (line < first) scrollToLine(line);
      else if (line + 1 > first + fits) scrollToLine(Math.max(0, line + 1 - fits) + (line === lines() - 1 ? PAD / ROW : 0));
    }

    function revealColumn(col) {
      if (col < heads.frozen()) return;
      const left = heads.before(col), right = left + heads.shown()[col].width, frozen = heads.before(heads.frozen());
      if (left - frozen < node.scrollLeft) node.scrollLeft = left - frozen;
      else if (right > node.scrollLeft + node.clientWidth) node.scrollLeft = Math.min(left - frozen, right - node.clientWidth);
    }

    function measure() {
      state.high = node.clientHeight;
      state.tall = head.offsetHeight;
      node.style.setProperty("--wbt-room", `${node.clientWidth - 4}px`);
      node.style.setProperty("--wbt-tall", `${Math.min(TALL, state.tall + state.view.total * ROW + PAD + BAR)}px`);
      body.style.setProperty("height", `${height()}px`);
      draw();
    }

    // --- rows ---------------------------------------------------------------------------------------------

    function setView(view, { keep = false } = {}) {
      state.view = view;
      state.pages = new Map([[0, view.rows]]);
      state.asked.clear();
      node.setAttribute("role", view.groups ? "treegrid" : "grid");
      node.setAttribute("aria-rowcount", lines() + 1);
      if (!keep) {
        state.chosen = view.held >= 0;
        state.line = state.chosen ? view.held : lines() ? 0 : -1;
        state.anchor = null;
        node.scrollTop = 0;
      }
      state.line = Math.min(state.line, lines() - 1);
      heads.sorted(view.query.sort, view.query.descending);
      measure();
      if (!keep && state.line > 0) reveal(state.line);
    }

    function setHistograms(found) {
      heads.setHistograms(found);
      point();
    }

    function line(at) {
      const page = state.pages.get(Math.floor(at / PAGE));
      return page?.[at % PAGE];
    }

    /** Ask for the pages that are in sight; what has scrolled away meanwhile is not asked for. */
    function need(first, last) {
      for (let page = Math.floor(first / PAGE); page <= Math.floor(last / PAGE); page++) {
        if (state.pages.has(page)) { touch(page); continue; }
        if (state.asked.has(page) || state.asked.size >= ASKED || page * PAGE >= lines()) continue;
        const mark = state.view.mark;
        state.asked.set(page, mark);
        ask(page * PAGE, mark).then(found => {
          if (state.view.mark !== mark) return;
          state.asked.delete(page);
          if (!found.stale) keep(page, found.rows);
          draw();
        }, () => { if (state.view.mark === mark) state.asked.delete(page); });
      }
    }

    function keep(page, rows) {
      state.pages.set(page, rows);
      while (state.pages.size > KEPT) state.pages.delete(state.pages.keys().next().value);
    }

    function touch(page) {
      const rows = state.pages.get(page);
      state.pages.delete(page);
      state.pages.set(page, rows);
    }

    /** Ask again for what is in sight: something of the rows has changed. */
    function again() {
      const first = Math.floor(top() / PAGE), last = Math.floor((top() + room() / ROW) / PAGE);
      const mark = state.view.mark;
      for (const page of [...state.pages.keys()]) if (page < first || page > last) state.pages.delete(page);
      for (const page of state.pages.keys())
        ask(page * PAGE, mark).then(found => { if (state.view.mark === mark && !found.stale) { keep(page, found.rows); draw(); } }, () => {});
    }

    function slot(n) {
      // A cell keeps its one text node: other words in it are no new node.
      const cells = heads.shown().map((column, col) => el("div", { role: "gridcell", id: `${id}-s${n}-c${col}`,
        "aria-colindex": col + 1, class: heads.cell("td", column, col) }, ""));
      const name = el("span", { class: "wbt-group-name" }, ""), words = el("span", { class: "wbt-group-words" });
      const group = el("div", { role: "gridcell", class: "wbt-group", id: `${id}-s${n}-g`, "aria-colspan": cells.length, hidden: true }, name, words);
      const row = el("div", { class: "wbt-row", role: "row" }, ...cells, group);
      row.addEventListener("click", event => clicked(row, event));
      body.append(row);
      return { row, cells, group, name, words, said: new Map(), heads: false };
    }

    function drawNow() {
      if (!node.isConnected || !heads.shown().length || !state.high) return;
      const first = top(), fits = Math.ceil(room() / ROW) + SPARE;
      const count = fits + fits % 2;  // even: a row's place in the stripes stays
      const from = Math.max(0, Math.min(Math.floor(first) - SPARE / 2, lines() - count)), to = Math.min(lines(), from + count);
      while (state.slots.length < count) state.slots.push(slot(state.slots.length));
      const base = mapped() ? Math.round(node.scrollTop - first * ROW) : 0;
      for (let at = from; at < to; at++) show(state.slots[at % state.slots.length], at, base + at * ROW);
      for (const one of state.slots) if (one.at === undefined || one.at < from || one.at >= to) one.row.hidden = true;
      if (to > from) need(from, to - 1);
      point();
    }
    const draw = wb.frame(drawNow);

    function show(one, at, y) {
      const { row } = one, data = line(at);
      if (row.hidden) row.hidden = false;
      if (one.y !== y) row.style.setProperty("transform", `translateY(${one.y = y}px)`);
      if (one.data === data && one.at === at && data !== undefined) return;
      if (one.at !== at) { row.dataset.line = at; row.setAttribute("aria-rowindex", at + 2); }
      one.data = data;
      one.at = at;
      const group = data?.g !== undefined;
      const name = `wbt-row${at % 2 ? " wbt-odd" : ""}${group ? " wbt-heading" : ""}${data ? "" : " wbt-coming"}`;
      if (row.className !== name) row.className = name;
      if (row.dataset.k !== (data?.k ?? "")) row.dataset.k = data?.k ?? "";
      if (one.heads !== group) {
        one.heads = group;
        one.group.hidden = !group;
        for (const cell of one.cells) cell.hidden = group;
        row.removeAttribute(group ? "aria-selected" : "aria-expanded");
      }
      if (group) {
        row.setAttribute("aria-expanded", String(data.o));
        said(one, one.name, `${data.o ? "▾" : "▸"} ${data.name}`);
        // What there is no room for is left out part by part: no number is cut in two.
        fill(one.words, ...data.words.map((part, n) => el("span", {}, n ? `· ${part}` : part)));
        one.group.title = `${data.name}: ${data.words.join(" · ")}`;
        return;
      }
      row.setAttribute("aria-selected", String(Boolean(data?.s)));
      heads.shown().forEach((column, col) => {
        const cell = one.cells[col];
        said(one, cell, data ? data.c[column.at] : col ? "" : "…");
        if (column.key === "verdict") coloured(cell, data?.k);
        else if (column.key === "change") coloured(cell, data?.d);
      });
    }

    function said(one, cell, text) {
      if (one.said.get(cell) === text) return;
      one.said.set(cell, text);
      cell.firstChild.data = text;
    }

    function coloured(cell, colour) {
      for (const name of ["good", "bad", "warn"]) cell.classList.toggle(`wb-${name}`, colour === name);
    }

    // --- the cell one is at -----------------------------------------------------------------------------------

    /** Say which cell is the current one; it need not be in sight. */
    function point() {
      let row = null, cell = null;
      if (state.line < 0) cell = head.children[state.col];
      else {
        const one = state.slots[state.line % (state.slots.length || 1)];
        if (one && one.at === state.line && !one.row.hidden) {
          row = one.row;
          cell = one.heads ? one.group : one.cells[state.col];
        }
      }
      for (const old of state.here) if (old !== row && old !== cell) old?.classList.remove("wbt-here");
      row?.classList.add("wbt-here");
      cell?.classList.add("wbt-here");
      state.here = [row, cell];
      if (cell) { if (node.getAttribute("aria-activedescendant") !== cell.id) node.setAttribute("aria-activedescendant", cell.id); }
      else node.removeAttribute("aria-activedescendant");
    }

    /** Make a cell the current one. Its column is brought into sight where one went to it, not where it was clicked. */
    function enter(at, col = state.col, { clicked: there = false } = {}) {
      const before = state.col;
      state.chosen = true;
      state.line = Math.max(-1, Math.min(at, lines() - 1));
      state.col = Math.max(0, Math.min(col, heads.shown().length - 1));
      if (state.line >= 0) reveal(state.line);
      if (state.col !== before && !there) revealColumn(state.col);
      draw();
      act.move?.();
    }

    const step = by => () => { enter(state.line + by); act.walked?.(line(state.line)); };
    const side = by => () => {
      const data = line(state.line);
      if (state.line >= 0 && data?.g !== undefined) { if (data.o !== (by > 0)) act.fold(data.g, by > 0); return; }
      enter(state.line, state.col + by);
    };
    const far = end => () => {
      if (state.line < 0) enter(-1, end ? heads.shown().length - 1 : 0);
      else { enter(end ? lines() - 1 : 0); act.walked?.(line(state.line)); }
    };
    const paged = by => () => { enter(Math.max(0, state.line + by * Math.max(1, Math.floor(room() / ROW) - 1))); act.walked?.(line(state.line)); };
    const wider = by => () => { if (state.line < 0) { const column = heads.shown()[state.col]; heads.resize(column, column.width + by); } };
    const extend = by => () => {
      state.anchor ??= state.line;
      enter(Math.max(0, state.line + by));
      act.select({ first: state.anchor, last: state.line, on: true });
    };

    function choose() {
      if (state.line < 0) { act.sort(heads.shown()[state.col].key); return; }
      const data = line(state.line);
      if (data?.g !== undefined) act.fold(data.g, !data.o);
      else if (data) act.open(data.p);
    }

    function mark() {
      const data = line(state.line);
      if (data?.p === undefined) return;
      state.anchor = state.line;
      data.s = data.s ? 0 : 1;
      act.select({ positions: [data.p], on: Boolean(data.s) });
      redraw(data);
    }

    function redraw(data) {
      for (const one of state.slots) if (one.data === data) one.data = null;
      draw();
    }

    wb.keys(node, {
      ArrowDown: step(1), ArrowUp: step(-1), ArrowRight: side(1), ArrowLeft: side(-1), Home: far(false), End: far(true),
      "Mod+Home": far(false), "Mod+End": far(true), PageDown: paged(1), PageUp: paged(-1), Enter: choose, " ": mark,
      "Shift+ArrowDown": extend(1), "Shift+ArrowUp": extend(-1), "Alt+ArrowRight": wider(16), "Alt+ArrowLeft": wider(-16),
    });

    function clicked(row, event) {
      const at = Number(row.dataset.line), data = line(at);
      if (!data || String(window.getSelection())) return;
      const col = [...row.children].indexOf(event.target.closest(".wbt-td"));
      if (event.shiftKey && data.g === undefined) {
        const from = state.anchor ?? Math.max(0, state.line);
        enter(at, col < 0 ? state.col : col, { clicked: true });
        act.select({ first: from, last: at, on: true });
        return;
      }
      enter(at, col < 0 ? state.col : col, { clicked: true });
      if (event.ctrlKey || event.metaKey) mark();
      else { state.anchor = at; choose(); }
    }

    node.addEventListener("scroll", draw, { passive: true });
    const watch = new ResizeObserver(() => { heads.fit(); measure(); });
    watch.observe(node);
    watch.observe(head);

    return {
      node, setColumns, setView, setHistograms, setLean, again, enter, reveal, build,
      columns: heads.columns,
      current: () => line(state.line),
      at: () => state.line,
      /** The position of the row that one went to; none where nobody has moved since the rows were shown. */
      held: () => (state.chosen ? line(state.line)?.p : undefined),
      /** Change what a row says where it is kept; other pages get it from the kernel. */
      change(position, run) {
        for (const page of state.pages.values())
          for (const data of page) if (data.p === position) { run(data); redraw(data); }
      },
      end: () => watch.disconnect(),
    };
  }

  return grid;
})();
