// The result table: header, filters, search, groups, the grid, and the row that is open.
export default wb.view(({ root, link, model, problem }) => {
  const { el, fill, html, button } = wb;
  let asked = 0, answered = 0, opening = 0, query = { sort: "", descending: false, only: "all", search: "", group: "" };
  let view = null, chips = [], selected = 0;

  // --- what stands above the rows ---------------------------------------------------------------------------

  const name = el("strong", { class: "wbt-title" }), more = el("span", { class: "wb-dim" }), coming = el("span", { class: "wb-dim" });
  const running = el("span", { class: "wb-warn", role: "status" }), against = el("span");
  const summary = el("details", { class: "wbt-summary", open: true }, el("summary", {}, "per variant"),
    el("p", { class: "wb-dim" }, "adding up …"));
  const search = el("input", { type: "search", placeholder: "search  ( / )", "aria-label": "search input, answer and error",
    class: "wbt-search", autocomplete: "off", on: { input: wb.settled(() => { if (search.value !== query.search) ask({ search: search.value }); }, 180), focus: () => link.tell("soon") } });
  const filters = el("div", { class: "wb-row wbt-filters", role: "group", "aria-label": "filter" });
  const group = el("select", { "aria-label": "group by", on: { change: () => ask({ group: group.value }) } });
  const folds = el("span", { class: "wb-row", hidden: true }, button("unfold all", () => fold(null, true)), button("fold all", () => fold(null, false)));
  const menu = panel("columns"), out = panel("export");
  const say = wb.status(root, { "aria-label": "state of the table" });
  const busy = el("span", { class: "wb-dim", role: "status" });
  const heading = el("span", { class: "wb-dim wbt-whole" });
  const clear = button("clear the selection", () => link.ask("clear").then(counted).then(() => grid.again()), { hidden: true });

  const grid = wb.grid({ label: "results", tallest: model.get("_tallest") || 15e6,
    window: (start, mark) => link.ask("window", { start, mark }),
    act: { sort: by, fold, open: go, select, move: () => headed(), walked: data => { if (pane.opened() && data?.p !== undefined) follow(data.p); } } });
  const pane = wb.opened({ go, close: shut, grade, source: n => link.ask("source", { cite: n }) });
  const why = el("span"), nothing = el("div", { class: "wbt-nothing wb-row", role: "status", hidden: true }, why,
    button("clear the search", () => { search.value = ""; ask({ search: "" }); search.focus(); }),
    button("show all rows", () => { ask({ only: "all" }); grid.node.focus(); }));
  const main = el("div", { class: "wbt-main" }, el("div", { class: "wbt-rows" }, grid.node, nothing), pane.node);

  const bar = el("div", { class: "wb-row wbt-bar" }, search, filters,
    el("div", { class: "wb-row wbt-tools" }, el("label", { class: "wbt-group-by" }, "group by ", group), folds, menu.button, out.button));
  wb.put(root, el("div", { class: "wb-row wbt-top" }, name, against, more, coming, running), summary, bar,
    menu.node, out.node, main, el("div", { class: "wb-row wbt-foot" }, say.node, busy, clear, heading));

  /** A part of the toolbar that is folded until it is asked for. */
  function panel(label) {
    const node = el("div", { class: "wbt-panel wb-row", role: "group", "aria-label": label, hidden: true, id: wb.id(label) });
    const made = button(label, () => {
      node.hidden = !node.hidden;
      made.setAttribute("aria-expanded", String(!node.hidden));
      if (!node.hidden) node.querySelector("input")?.focus();
    }, { "aria-expanded": "false", "aria-controls": node.id });
    wb.keys(node, { Escape: { typing: true, run: () => { node.hidden = true; made.setAttribute("aria-expanded", "false"); made.focus(); } } });
    return { node, button: made };
  }

  // --- asking -------------------------------------------------------------------------------------------------

  function ask(change) {
    const before = query;
    query = { ...query, ...change };
    const mine = ++asked;
    problem("");
    return link.ask("query", { ...query, at: grid.held() }).then(
      found => { if (mine === asked) { answered = mine; put(found); } },
      error => { if (mine === asked) { answered = mine; query = before; problem(error.message); marked(); } },
    );
  }

  /** Go to the rows; where what was typed is not answered yet, with its answer. */
  function down() {
    if (search.value === query.search && answered === asked) { grid.node.focus(); return; }
    ask({ search: search.value }).then(() => { if (answered === asked && document.activeElement === search) grid.node.focus(); });
  }

  function by(key) {
    if (query.sort !== key) ask({ sort: key, descending: false });
    else if (!query.descending) ask({ descending: true });
    else ask({ sort: "", descending: false });
  }

  function fold(which, opened) {
    link.ask("fold", { group: which, opened }).then(found => put(found, true), error => problem(error.message));
  }

  function put(found, keep = false) {
    view = found;
    if (answered === asked) query = { ...found.query };  // else more was asked than this shows
    grid.setView(found, { keep });
    marked();
    if (pane.opened()) link.ask("open", { position: pane.data().position }).then(pane.said, () => {});
  }

  function marked() {
    for (const one of filters.querySelectorAll("button")) one.setAttribute("aria-pressed", String(one.dataset.key === query.only));
    if (document.activeElement !== search) search.value = query.search;
    group.value = query.group;
    folds.hidden = !query.group;
    room();
    headed();
    empty();
    told();
  }

  /** Say why no row is there, and what brings some back. */
  function empty() {
    nothing.hidden = !view || view.lines > 0;
    if (nothing.hidden) return;
    const words = view.query.search.trim(), only = chips.find(one => one.key === view.query.only);
    const filtered = view.query.only !== "all";
    const [clearing, showing] = nothing.querySelectorAll("button");
    clearing.hidden = !words;
    showing.hidden = !filtered;
    fill(why, !view.total ? "no result is there yet"
      : `no row ${filtered ? `is among “${only?.words ?? view.query.only}”` : ""}${words ? `${filtered ? " and " : ""}holds “${words}”` : ""}`);
  }

  const many = (count, noun) => `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;

  function told() {
    if (!view) return;
    const parts = [view.count === view.total ? many(view.total, "row") : `${view.count.toLocaleString("en")} of ${many(view.total, "row")}`];
    if (view.groups) parts.push(many(view.groups, "group"));
    const sorted = grid.columns().find(column => column.key === view.query.sort);
    if (sorted) parts.push(`sorted by ${sorted.title}, ${view.query.descending ? "highest" : "lowest"} first`);
    if (view.query.search.trim()) parts.push(`holding “${view.query.search.trim()}”`);
    if (selected) parts.push(`${selected.toLocaleString("en")} selected`);
    say(parts.join(" · "));
    clear.hidden = !selected;
  }

  /** Say the whole heading one is at: beside a row that is open there is not the room for it. */
  function headed() {
    const at = grid.current();
    fill(heading, at?.g === undefined ? "" : `${at.name}: ${at.words.join(" · ")}`);
  }

  function counted(found) {
    selected = found.count;
    told();
    return found;
  }

  function select(what) {
    link.ask("select", what).then(counted).then(() => { if (what.first !== undefined) grid.again(); }, error => problem(error.message));
  }

  // --- the row that is open -------------------------------------------------------------------------------

  function go(position) {
    if (typeof position !== "number") return;
    const mine = ++opening;
    link.ask("open", { position }).then(found => {
      if (mine !== opening) return;
      shown(found);
      if (found.line >= 0 && grid.current()?.p !== position) grid.enter(found.line);
      else if (grid.at() >= 0) grid.enter(grid.at());
    }, error => { if (mine === opening) problem(error.message); });
  }
  const follow = wb.settled(go, 60);

  function shown(found) {
    const fresh = !pane.opened();
    pane.show(found);
    sides();
    if (fresh) main.scrollIntoView({ block: "nearest" });
  }

  /** Where the open row stands. With it, or on a narrow page, the grid shows first what tells rows apart. */
  function sides() {
    const wide = root.clientWidth, beside = wide >= 980;
    root.classList.toggle("wbt-narrow", wide < 760);
    root.classList.toggle("wbt-plain", wide < (against.textContent ? 1120 : 760));
    main.classList.toggle("wbt-beside", beside);
    main.classList.toggle("wbt-opened", pane.opened());
    grid.setLean(wide < 760 || pane.opened());
    room();
  }

  function shut() {
    opening += 1;
    pane.hide();
    sides();
    link.tell("close");
    grid.node.focus();
  }

  function grade(kind, value) {
    const position = pane.opened() ? pane.data().position : grid.current()?.p;
    if (position === undefined) return;
    link.ask("grade", { position, what: kind, value }).then(found => {
      const at = grid.columns().findIndex(column => column.key === "grade");
      grid.change(found.position, data => { data.c[at] = found.grade; });
      if (pane.opened() && pane.data().position === found.position) pane.grades(found.grade, found.grades);
      busy.textContent = `graded: ${found.grade}`;
    }, error => problem(error.message));
  }

  // --- columns, export ------------------------------------------------------------------------------------

  function columnsMenu() {
    fill(menu.node, ...grid.columns().map(column => el("label", {}, el("input", { type: "checkbox", checked: !column.hidden,
      on: { change: event => { column.hidden = !event.target.checked; grid.build(); } } }), ` ${column.title}`)));
  }

  const path = el("input", { type: "text", value: "results.csv", "aria-label": "file to write", spellcheck: false, style: { width: "22em" } });
  const what = el("select", { "aria-label": "which rows" }, el("option", { value: "filtered" }, "rows shown"), el("option", { value: "all" }, "all rows"));
  const written = el("span", { role: "status" });
  let refused = "";
  fill(out.node, el("label", {}, "file (.csv, .parquet, .html) ", path), what, button("write", write), written);
  wb.keys(out.node, { Enter: { typing: true, run: event => (event.target === path ? write() : false) } });

  function write() {
    fill(written, "writing …");
    written.className = "wb-dim";
    link.ask("export", { path: path.value, what: what.value, replace: refused === path.value }).then(
      found => { refused = ""; fill(written, found.text); written.className = "wb-good"; },
      error => { refused = /exists/.test(error.message) ? path.value : ""; fill(written, error.message); written.className = "wb-bad"; },
    );
  }

  // --- what the kernel tells --------------------------------------------------------------------------------

  function chip(one) {
    const count = typeof one.count === "number" ? ` ${one.count.toLocaleString("en")}` : "";
    // "↑ fixed 12": where there is little room the sign stands for the word.
    const [, sign, word] = (one.compares && /^(\S) (.+)$/.exec(one.words)) || [];
    const label = sign ? [`${sign} `, el("span", { class: "wbt-word" }, `${word} `), count.trim()] : `${one.words}${count}`;
    return button(label, () => ask({ only: one.key }), { title: sign ? `${word}: ${one.hint}` : one.hint, data: { key: one.key }, class: "wb-btn wbt-chip",
      "aria-pressed": String(one.key === query.only) });
  }

  const LAYOUTS = [[], ["wbt-short"], ["wbt-stacked"], ["wbt-stacked", "wbt-short"]];

  /** Keep the filters on one line: with signs for words, or on a line of their own, where it takes that. */
  const room = wb.frame(() => {
    const one = filters.firstElementChild, last = filters.lastElementChild;
    if (!one?.offsetHeight) return;
    for (const names of LAYOUTS) {
      for (const name of ["wbt-short", "wbt-stacked"]) bar.classList.toggle(name, names.includes(name));
      if (last.offsetTop + last.offsetHeight <= one.offsetTop + 1.5 * one.offsetHeight && bar.offsetHeight < (names.includes("wbt-stacked") ? 3.2 : 1.7) * one.offsetHeight) return;
    }
  });

  function setChips(found) {
    const focused = filters.contains(document.activeElement) ? document.activeElement.dataset.key : null;
    chips = found;
    const compared = chips.filter(one => one.compares);
    fill(filters, ...chips.filter(one => !one.compares).map(chip),
      compared.length ? el("span", { class: "wbt-compared", role: "group", "aria-label": "against the other run" }, ...compared.map(chip)) : null);
    if (focused) [...filters.querySelectorAll("button")].find(one => one.dataset.key === focused)?.focus();
    room();
  }

  link.on("table", found => {
    fill(name, found.title);
    fill(against, found.against ? `against ${found.against}` : "");
    fill(group, el("option", { value: "" }, "nothing"), ...found.groups.map(([key, words]) => el("option", { value: key }, words)));
    setChips(found.chips);
    if (!grid.columns().length) grid.setColumns(found.columns);
    columnsMenu();
    sides();
  });
  const asks = ({ query: { sort, descending, only, search: words, group: by } }) => JSON.stringify([sort, descending, only, words, by]);
  // Nobody asked: more rows have come, or another cell shows others.
  link.on("view", found => { if (found.n === undefined || found.n === null) put(found, view !== null && asks(view) === asks(found)); });
  link.on("chips", found => setChips(found.chips));
  link.on("state", found => { fill(busy, found.text); fill(running, found.running); });
  link.on("histograms", found => grid.setHistograms(found.histograms));
  link.on("figures", found => {
    fill(more, found.words);
    fill(coming, found.coming);
    const how = found.notes_html && el("details", { class: "wbt-how", open: summary.querySelector(".wbt-how")?.open },
      el("summary", {}, "how these were computed"), html(el("div"), found.notes_html));
    fill(summary, el("summary", {}, "per variant"), html(el("div"), found.header_html), html(el("div"), found.origin_html), said(found), how);
  });
  /** The verdict: one sentence stands there, more are folded, or the rows would begin below the page. */
  function said(found) {
    const words = html(el("div"), found.verdict_html);
    return found.verdicts < 2 ? words
      : el("details", { class: "wbt-said", open: summary.querySelector(".wbt-said")?.open }, el("summary", {}, `verdict: ${found.verdicts} comparisons`), words);
  }

  link.on("opened", found => { if (found.n === undefined || found.n === null) shown(found); });

  const rate = value => () => grade("rating", value), on = () => go(pane.data().next), back = () => go(pane.data().previous);
  wb.keys(main, { 1: rate(1), 2: rate(2), 3: rate(3), 4: rate(4), 5: rate(5), p: () => grade("pass", 1), f: () => grade("pass", 0),
    n: on, "]": on, N: back, "[": back, Escape: () => (pane.opened() ? shut() : false) });
  wb.keys(root, { "/": () => { search.focus(); search.select(); } });
  wb.keys(search, { Enter: { typing: true, run: down }, ArrowDown: { typing: true, run: down } });

  const sized = new ResizeObserver(sides);
  sized.observe(root);
  return () => { sized.disconnect(); grid.end(); };
});
