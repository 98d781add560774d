// A grid of which only what is seen is there: rows come in pages of a hundred, thirty pages are kept.
wb.grid = (() => {
  "use strict";
  const { el, fill } = wb;
  const ROW = 26, PAGE = 100, KEPT = 30, ASKED = 2, SPARE = 6, PAD = 10, NARROW = 48, FROZEN = 2;

  /** `columns`: [{key, title, width, align, hint, hidden}]; `tallest`: pixels an element may have;
      `window(start)`: promise of {mark, start, rows}; `act`: {open, fold, sort, select, move}. */
  function grid({ label, tallest, window: ask, act }) {
    const id = wb.id("grid");
    const head = el("div", { class: "wbt-head", role: "row", "aria-rowindex": 1 });
    const body = el("div", { class: "wbt-body", role: "presentation" });
    const node = el("div", { class: "wbt-grid", role: "grid", tabindex: 0, id, "aria-label": label,
      "aria-multiselectable": "true" }, head, body);
    const state = { columns: [], shown: [], view: { mark: -1, lines: 0, total: 0 }, pages: new Map(), asked: new Map(),
      slots: [], line: 0, col: 0, anchor: null, sort: "", descending: false, histograms: {} };

    // --- columns ----------------------------------------------------------------------------------------

    function setColumns(columns) {
      state.columns = columns;
      state.col = Math.min(state.col, Math.max(0, columns.filter(c => !c.hidden).length - 1));
      build();
    }

    function build() {
      state.shown = state.columns.map((column, at) => ({ ...column, at })).filter(column => !column.hidden);
      node.setAttribute("aria-colcount", state.shown.length);
      fill(head, ...state.shown.map(heading));
      widths();
      fill(body);
      state.slots = [];
      draw();
    }

    function widths() {
      const tracks = state.shown.map(column => `${column.width}px`);
      node.style.setProperty("--wbt-cols", tracks.join(" "));
      node.style.setProperty("--wbt-wide", `${state.shown.reduce((sum, column) => sum + column.width, 0)}px`);
      node.style.setProperty("--wbt-second", `${state.shown[0]?.width ?? 0}px`);
    }

    function heading(column, col) {
      const on = state.sort === column.key;
      const arrow = on ? (state.descending ? " ↓" : " ↑") : "";
      const cell = el("div", { class: `wbt-th wbt-${column.align}${col < FROZEN ? ` wbt-frozen wbt-f${col}` : ""}`,
        role: "columnheader", id: `${id}-h${col}`, "aria-colindex": col + 1, title: column.hint || undefined,
        "aria-sort": on ? (state.descending ? "descending" : "ascending") : "none" },
        el("span", { class: "wbt-name" }, `${column.title}${arrow}`), bars(state.histograms[column.key]),
        grip(column));
      cell.addEventListener("click", () => { enter(-1, col); act.sort(column.key); });
      return cell;
    }

    function bars(found) {
      if (!found) return null;
      const top = Math.max(...found.bars, 1);
      const made = found.bars.map(count => el("i", { style: { height: `${Math.max(count ? 6 : 0, 100 * count / top)}%` } }));
      return el("span", { class: "wbt-bars", role: "img", "aria-label": found.words, title: found.words }, ...made);
    }

    function grip(column) {
      const made = el("span", { class: "wbt-grip", "aria-hidden": "true" });
      made.addEventListener("click", event => event.stopPropagation());
      made.addEventListener("pointerdown", event => {
        event.preventDefault();
        made.setPointerCapture(event.pointerId);
        const from = event.clientX, wide = column.width;
        const move = wb.frame(moved => resize(column, wide + moved.clientX - from));
        made.addEventListener("pointermove", move);
        made.addEventListener("pointerup", () => made.removeEventListener("pointermove", move), { once: true });
      });
      return made;
    }

    function resize(column, width) {
      column.width = Math.max(NARROW, Math.min(1200, Math.round(width)));
      state.columns[column.at].width = column.width;
      widths();
      act.move?.();
    }

    // --- where things are ---------------------------------------------------------------------------------

    const lines = () => state.view.lines;
    const room = () => Math.max(ROW, node.clientHeight - head.offsetHeight);
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
      if (col < FROZEN) return;
      const left = state.shown.slice(0, col).reduce((sum, c) => sum + c.width, 0);
      const frozen = state.shown.slice(0, FROZEN).reduce((sum, c) => sum + c.width, 0);
      if (left - frozen < node.scrollLeft) node.scrollLeft = left - frozen;
      const right = left + state.shown[col].width;
      if (right > node.scrollLeft + node.clientWidth) node.scrollLeft = right - node.clientWidth;
    }

    // --- rows ---------------------------------------------------------------------------------------------

    function setView(view, { keep = false } = {}) {
      state.view = view;
      state.pages = new Map([[0, view.rows]]);
      state.asked.clear();
      state.sort = view.query.sort;
      state.descending = view.query.descending;
      node.setAttribute("role", view.groups ? "treegrid" : "grid");
      node.setAttribute("aria-rowcount", lines() + 1);
      if (!keep) { state.line = lines() ? 0 : -1; state.anchor = null; node.scrollTop = 0; }
      state.line = Math.min(state.line, lines() - 1);
      body.style.setProperty("height", `${height()}px`);
      fill(head, ...state.shown.map(heading));
      draw();
    }

    function setHistograms(found) {
      state.histograms = found;
      fill(head, ...state.shown.map(heading));
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
      const cells = state.shown.map((column, col) => el("div", { role: "gridcell", id: `${id}-s${n}-c${col}`,
        "aria-colindex": col + 1, class: `wbt-td wbt-${column.align}${col < FROZEN ? ` wbt-frozen wbt-f${col}` : ""}` }));
      const name = el("span", { class: "wbt-group-name" }), words = el("span", { class: "wbt-group-words" });
      const group = el("div", { role: "gridcell", class: "wbt-group", id: `${id}-s${n}-g`, "aria-colspan": cells.length }, name, words);
      const row = el("div", { class: "wbt-row", role: "row" }, ...cells, group);
      row.addEventListener("click", event => clicked(row, event));
      body.append(row);
      return { row, cells, group, name, words };
    }

    function drawNow() {
      if (!node.isConnected || !state.shown.length) return;
      const first = top(), count = Math.ceil(room() / ROW) + SPARE;
      const from = Math.max(0, Math.min(Math.floor(first) - SPARE / 2, lines() - count)), to = Math.min(lines(), from + count);
      while (state.slots.length < count) state.slots.push(slot(state.slots.length));
      const base = mapped() ? node.scrollTop - first * ROW : 0;
      const used = new Set();
      for (let at = from; at < to; at++) {
        const n = at % state.slots.length;
        used.add(n);
        show(state.slots[n], at, base + at * ROW);
      }
      state.slots.forEach((one, n) => { one.row.hidden = !used.has(n); });
      if (to > from) need(from, to - 1);
      point();
    }
    const draw = wb.frame(drawNow);

    function show(one, at, y) {
      const { row } = one, data = line(at);
      row.hidden = false;
      row.style.setProperty("transform", `translateY(${y}px)`);
      row.dataset.line = at;
      row.setAttribute("aria-rowindex", at + 2);
      if (one.data === data && one.at === at && data !== undefined) return;
      one.data = data;
      one.at = at;
      const heads = data?.g !== undefined;
      row.className = `wbt-row${at % 2 ? " wbt-odd" : ""}${heads ? " wbt-heading" : ""}${data ? "" : " wbt-coming"}`;
      row.dataset.k = data?.k ?? "";
      one.group.hidden = !heads;
      if (heads) {
        row.setAttribute("aria-expanded", String(data.o));
        row.removeAttribute("aria-selected");
        said(one.name, `${data.o ? "▾" : "▸"} ${data.name}`);
        said(one.words, data.words);
        one.group.title = data.words;
        for (const cell of one.cells) cell.hidden = true;
        return;
      }
      row.removeAttribute("aria-expanded");
      row.setAttribute("aria-selected", String(Boolean(data?.s)));
      state.shown.forEach((column, col) => {
        const cell = one.cells[col];
        cell.hidden = false;
        said(cell, data ? data.c[column.at] : col ? "" : "…");
        const colour = column.key === "verdict" ? data?.k : column.key === "change" ? data?.d : "";
        cell.classList.toggle("wb-good", colour === "good");
        cell.classList.toggle("wb-bad", colour === "bad");
        cell.classList.toggle("wb-warn", colour === "warn");
      });
    }

    const said = (cell, text) => { if (cell.textContent !== text) cell.textContent = text; };

    // --- the cell one is at -----------------------------------------------------------------------------------

    /** Say which cell is the current one; it need not be in sight. */
    function point() {
      for (const old of node.querySelectorAll(".wbt-here")) old.classList.remove("wbt-here");
      let cell = null;
      if (state.line < 0) cell = head.children[state.col];
      else {
        const one = state.slots[state.line % (state.slots.length || 1)];
        if (one && one.at === state.line && !one.row.hidden) {
          one.row.classList.add("wbt-here");
          cell = one.data?.g !== undefined ? one.group : one.cells[state.col];
        }
      }
      cell?.classList.add("wbt-here");
      if (cell) node.setAttribute("aria-activedescendant", cell.id); else node.removeAttribute("aria-activedescendant");
    }

    function enter(at, col = state.col) {
      state.line = Math.max(-1, Math.min(at, lines() - 1));
      state.col = Math.max(0, Math.min(col, state.shown.length - 1));
      if (state.line >= 0) reveal(state.line);
      revealColumn(state.col);
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
      if (state.line < 0) enter(-1, end ? state.shown.length - 1 : 0);
      else { enter(end ? lines() - 1 : 0); act.walked?.(line(state.line)); }
    };
    const paged = by => () => { enter(Math.max(0, state.line + by * Math.max(1, Math.floor(room() / ROW) - 1))); act.walked?.(line(state.line)); };
    const wider = by => () => { if (state.line < 0) { resize(state.shown[state.col], state.shown[state.col].width + by); } };
    const extend = by => () => {
      state.anchor ??= state.line;
      enter(Math.max(0, state.line + by));
      act.select({ first: state.anchor, last: state.line, on: true });
    };

    function choose() {
      if (state.line < 0) { act.sort(state.shown[state.col].key); return; }
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
        enter(at, col < 0 ? state.col : col);
        act.select({ first: from, last: at, on: true });
        return;
      }
      enter(at, col < 0 ? state.col : col);
      if (event.ctrlKey || event.metaKey) mark();
      else { state.anchor = at; choose(); }
    }

    node.addEventListener("scroll", draw, { passive: true });
    const watch = new ResizeObserver(() => { node.style.setProperty("--wbt-room", `${node.clientWidth - 4}px`); body.style.setProperty("height", `${height()}px`); draw(); });
    watch.observe(node);

    return {
      node, setColumns, setView, setHistograms, again, enter, reveal, build,
      columns: () => state.columns,
      current: () => line(state.line),
      at: () => state.line,
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
