// The headings of the grid: titles to sort by, small histograms, edges to widen by; which columns are shown, and how wide.
wb.heads = (() => {
  "use strict";
  const { el, fill } = wb;
  const NARROW = 48, WIDEST = 1200, LEAST = 120;
  /** Where there is little room these come first, no wider than this; the answer takes what is left. */
  const LEAN = { sample: 92, variant: 190, verdict: 76, change: 96, answer: 0 };

  /** `act`: {press(col), resized()}; `host`: whose style has the widths; `frozen`: columns that stay. */
  function heads({ id, host, head, act }) {
    const state = { columns: [], shown: [], histograms: {}, sort: "", descending: false, lean: false };

    function setColumns(columns) { state.columns = columns; lay(); }

    /** Choose the columns that are shown, in their order. */
    function lay() {
      const open = state.columns.map((column, at) => ({ ...column, at })).filter(column => !column.hidden);
      const first = state.lean ? Object.keys(LEAN).flatMap(key => open.filter(column => column.key === key)) : [];
      state.shown = [...first, ...open.filter(column => !first.includes(column))];
      fit();
    }

    function fit() {
      if (state.lean) {
        const wide = column => state.columns[column.at].lean ?? Math.min(column.width, LEAN[column.key] || column.width);
        for (const column of state.shown) if (column.key in LEAN) column.width = wide(column);
        const answer = state.shown.find(column => column.key === "answer");
        const others = state.shown.reduce((sum, c) => sum + (c.key in LEAN && c !== answer ? c.width : 0), 0);
        if (answer && !state.columns[answer.at].lean) answer.width = Math.max(LEAST, host.clientWidth - others - 22);
      }
      widths();
    }

    function widths() {
      host.style.setProperty("--wbt-cols", state.shown.map(column => `${column.width}px`).join(" "));
      host.style.setProperty("--wbt-wide", `${state.shown.reduce((sum, column) => sum + column.width, 0)}px`);
      host.style.setProperty("--wbt-second", `${state.shown[0]?.width ?? 0}px`);
    }

    const frozen = () => (state.lean ? 1 : 2);
    const cell = (kind, column, col) => `wbt-${kind} wbt-${column.align}${col < frozen() ? ` wbt-frozen wbt-f${col}` : ""}${col === frozen() - 1 ? " wbt-edge" : ""}`;

    function draw() { fill(head, ...state.shown.map(heading)); }

    function heading(column, col) {
      const on = state.sort === column.key;
      const arrow = on ? (state.descending ? " ↓" : " ↑") : "";
      const made = el("div", { class: cell("th", column, col), role: "columnheader", id: `${id}-h${col}`, "aria-colindex": col + 1,
        title: column.hint ? `${column.title}: ${column.hint}` : column.title,
        "aria-sort": on ? (state.descending ? "descending" : "ascending") : "none" },
        el("span", { class: "wbt-name" }, `${column.title}${arrow}`), bars(state.histograms[column.key]), grip(column));
      made.addEventListener("click", () => act.press(col));
      return made;
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
      column.width = Math.max(NARROW, Math.min(WIDEST, Math.round(width)));
      state.columns[column.at][state.lean ? "lean" : "width"] = column.width;
      widths();
      act.resized();
    }

    return {
      setColumns, lay, fit, draw, resize, cell, frozen,
      columns: () => state.columns,
      shown: () => state.shown,
      sorted(key, descending) { Object.assign(state, { sort: key, descending }); draw(); },
      setHistograms(found) { state.histograms = found; draw(); },
      /** Bring what tells one row from the next to the front; true where that is new. */
      setLean(lean) { const other = state.lean !== lean; state.lean = lean; return other; },
      /** Pixels before a column. */
      before: col => state.shown.slice(0, col).reduce((sum, column) => sum + column.width, 0),
    };
  }

  return heads;
})();
