// What every view is built with: elements, safe HTML, messages, keys, tabs. One module scope, no imports.
const wb = (() => {
  "use strict";

  // --- elements: text is text ------------------------------------------------------------------------

  const DIRECT = new Set(["value", "disabled", "hidden", "checked", "indeterminate", "placeholder", "title",
    "type", "name", "id", "min", "max", "step", "rows", "spellcheck", "open", "selected", "htmlFor", "multiple",
    "readOnly", "autocomplete", "dir", "draggable", "scope", "colSpan", "rowSpan", "tabIndex"]);

  /** An element. Children are nodes or text; props are a fixed set, none of which runs anything. */
  function el(tag, props, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(props ?? {})) {
      if (value === undefined || value === null) continue;
      if (name === "class") node.className = value;
      else if (name === "on") for (const [type, run] of Object.entries(value)) node.addEventListener(type, run);
      else if (name === "data") Object.assign(node.dataset, value);
      else if (name === "style") for (const [key, said] of Object.entries(value)) node.style.setProperty(key, said);
      else if (name === "tabindex") node.tabIndex = value;
      else if (name === "for") node.htmlFor = value;
      else if (DIRECT.has(name)) node[name] = value;
      else if (name === "role" || name.startsWith("aria-")) node.setAttribute(name, String(value));
      else throw new Error(`no such property: ${name}`);
    }
    put(node, ...children);
    return node;
  }

  /** Add children to a node: nodes as they are, anything else as text; null is nothing. */
  function put(node, ...children) {
    for (const child of children.flat(Infinity)) {
      if (child === undefined || child === null || child === false) continue;
      node.append(child instanceof Node ? child : document.createTextNode(String(child)));
    }
    return node;
  }

  /** Put children in the place of what a node holds. */
  function fill(node, ...children) {
    node.replaceChildren();
    return put(node, ...children);
  }

  /** The one door for markup: `safe` was made by the kernel's show/ and by nobody else. */
  function html(node, safe) {
    node.innerHTML = safe;
    for (const link of node.querySelectorAll("a[href]")) link.rel = "noopener noreferrer nofollow";
    return node;
  }

  function button(label, run, props) {
    return el("button", { type: "button", class: "wb-btn", on: { click: run }, ...props }, label);
  }

  let counted = 0;
  const id = prefix => `wb-${prefix}-${++counted}-${Math.random().toString(36).slice(2, 7)}`;

  // --- messages -----------------------------------------------------------------------------------------

  const GONE = "The kernel that made this view was restarted or has ended: run the cell again.";

  /** Messages of one view of a model: tell, ask (answered with the same n), on. `lost` says why nothing could be told. */
  function linked(model, lost) {
    const heard = new Map(), waiting = new Map();
    let n = 0;
    /** Send, or say why not and return false: after a restart of the kernel there is nobody to send to. */
    function tell(kind, body) {
      try { model.send({ ...body, kind }); return true; } catch { lost(GONE); return false; }
    }
    function ask(kind, body) {
      const mine = `${token}${++n}`;
      return new Promise((resolve, reject) => {
        waiting.set(mine, { resolve, reject });
        if (!tell(kind, { ...body, n: mine })) { waiting.delete(mine); reject(new Error(GONE)); }
      });
    }
    const token = id("n");
    function on(kind, run) {
      if (!heard.has(kind)) heard.set(kind, new Set());
      heard.get(kind).add(run);
      return () => heard.get(kind).delete(run);
    }
    function receive(message) {
      const asked = message?.n !== undefined ? waiting.get(message.n) : undefined;
      if (asked) {
        waiting.delete(message.n);
        if (message.kind === "problem") asked.reject(new Error(message.text)); else asked.resolve(message);
      }
      for (const run of heard.get(message?.kind) ?? []) run(message);
    }
    model.on("msg:custom", receive);
    return { tell, ask, on, close: () => model.off("msg:custom", receive) };
  }

  /** The export of a view: `wb.view(({root, link, model}) => cleanup)`. */
  function view(start) {
    return {
      render({ model, el: host }) {
        const root = el("div", { class: "wb wbv mathjax_ignore tex2jax_ignore" });
        guard(root);
        const problem = problemLine(root);
        const link = linked(model, problem);
        link.on("problem", message => { if (message.n === undefined || message.n === null) problem(message.text); });
        host.append(root);
        const end = start({ root, link, model, problem });
        link.tell("ready");
        return () => { link.close(); close(); if (typeof end === "function") end(); };
      },
    };
  }

  // --- keys ---------------------------------------------------------------------------------------------

  /** Keep the host's shortcuts out: JupyterLab would act on `d d`, `a`, Enter pressed in here. */
  function guard(node) {
    if (node.dataset.wbGuarded) return;
    node.dataset.wbGuarded = "yes";
    node.setAttribute("data-lm-suppress-shortcuts", "true");
    for (const type of ["keydown", "keyup", "keypress", "contextmenu", "paste", "copy", "cut"])
      node.addEventListener(type, event => event.stopPropagation());
  }

  const typing = node => node.matches?.("input:not([type=checkbox]):not([type=radio]):not([type=button]), textarea, select, [contenteditable=true]");

  /** Call `map[key]` on keydown, but not while someone types; "Mod+z" is Ctrl or Cmd. An entry with
      `{run, typing: true}` counts while typing too. */
  function keys(node, map) {
    const listen = event => {
      if (event.isComposing || event.defaultPrevented) return;
      const name = (event.ctrlKey || event.metaKey ? "Mod+" : "") + (event.altKey ? "Alt+" : "")
        + (event.shiftKey && event.key.length > 1 ? "Shift+" : "") + event.key;
      const found = map[name];
      if (!found) return;
      const run = typeof found === "function" ? found : found.run;
      if (typing(event.target) && !found.typing) return;
      if (run(event) !== false) event.preventDefault();
    };
    node.addEventListener("keydown", listen);
    return () => node.removeEventListener("keydown", listen);
  }

  // --- what is said -------------------------------------------------------------------------------------

  /** A polite line for screen readers and eyes; said at most once a second, never per token. */
  function status(root, props) {
    const node = el("div", { class: "wb-status", role: "status", "aria-live": "polite", ...props });
    root.append(node);
    let last = 0, timer = 0, latest = "";
    const say = text => {
      latest = text;
      const wait = last + 1000 - performance.now();
      if (timer) return;
      if (wait <= 0) { node.textContent = latest; last = performance.now(); return; }
      timer = setTimeout(() => { timer = 0; node.textContent = latest; last = performance.now(); }, wait);
    };
    say.node = node;
    return say;
  }

  /** A line for what went wrong, beside what it is about; an empty text takes it away. */
  function problemLine(root) {
    const text = el("span");
    const node = el("div", { class: "wb-problem", role: "alert", hidden: true }, text,
      button("dismiss", () => { node.hidden = true; }, { class: "wb-btn wb-quiet", "aria-label": "dismiss the message" }));
    root.append(node);
    return said => { text.textContent = said ?? ""; node.hidden = !said; };
  }

  // --- tabs ---------------------------------------------------------------------------------------------

  /** Tabs with arrows: [{id, title, fill(panel)}]; a panel is filled when it is first shown. */
  function tabs(items, { label, onshow } = {}) {
    const bar = el("div", { class: "wb-tabs", role: "tablist", "aria-label": label });
    const panels = el("div", { class: "wb-panels" });
    const made = new Map();
    let current;
    for (const item of items) {
      const panel = el("div", { class: "wb-panel", role: "tabpanel", id: id("panel"), hidden: true, tabindex: 0 });
      const tab = el("button", { class: "wb-tab", type: "button", role: "tab", id: id("tab"), tabindex: -1,
        "aria-controls": panel.id, "aria-selected": "false", on: { click: () => show(item.id) } }, item.title);
      panel.setAttribute("aria-labelledby", tab.id);
      made.set(item.id, { item, tab, panel, filled: false });
      bar.append(tab);
      panels.append(panel);
    }
    keys(bar, { ArrowRight: () => step(1), ArrowLeft: () => step(-1), Home: () => step(-Infinity), End: () => step(Infinity) });
    function step(by) {
      const order = [...made.keys()], at = order.indexOf(current);
      const next = by === -Infinity ? 0 : by === Infinity ? order.length - 1 : (at + by + order.length) % order.length;
      show(order[next]);
      made.get(order[next]).tab.focus();
    }
    function show(which, again = false) {
      if (!made.has(which)) return;
      for (const [name, one] of made) {
        const on = name === which;
        one.tab.setAttribute("aria-selected", String(on));
        one.tab.tabIndex = on ? 0 : -1;
        one.panel.hidden = !on;
      }
      current = which;
      const one = made.get(which);
      if (!one.filled || again) { one.filled = true; one.item.fill?.(one.panel); }
      onshow?.(which);
    }
    if (items.length) show(items[0].id);
    return { node: el("div", { class: "wb-tabbed" }, bar, panels), show, current: () => current,
      panel: which => made.get(which)?.panel, refill: which => show(which, true) };
  }

  // --- popover ------------------------------------------------------------------------------------------

  let shown = null;

  /** Show `node` beside `anchor`, inside the view; Escape and a click elsewhere close it. */
  function popover(anchor, node) {
    close();
    const root = anchor.closest(".wbv") ?? document.body;
    const box = el("div", { class: "wb-pop", role: "tooltip", id: id("pop") }, node);
    root.append(box);
    const frameBox = root.getBoundingClientRect(), at = anchor.getBoundingClientRect();
    const width = Math.min(420, frameBox.width - 8);
    box.style.setProperty("max-width", `${width}px`);
    const left = Math.max(4, Math.min(at.left - frameBox.left, frameBox.width - box.offsetWidth - 4));
    const below = at.bottom - frameBox.top + 4, above = at.top - frameBox.top - box.offsetHeight - 4;
    const room = window.innerHeight - at.bottom > box.offsetHeight + 8 || above < 0;
    box.style.setProperty("left", `${left}px`);
    box.style.setProperty("top", `${room ? below : above}px`);
    anchor.setAttribute("aria-describedby", box.id);
    const escape = event => { if (event.key === "Escape") { close(); event.stopPropagation(); } };
    const away = event => { if (!box.contains(event.target) && event.target !== anchor) close(); };
    root.addEventListener("keydown", escape, true);
    document.addEventListener("pointerdown", away, true);
    shown = () => {
      root.removeEventListener("keydown", escape, true);
      document.removeEventListener("pointerdown", away, true);
      anchor.removeAttribute("aria-describedby");
      box.remove();
      shown = null;
    };
    return box;
  }

  function close() { shown?.(); }

  // --- time ---------------------------------------------------------------------------------------------

  /** At most one call a frame, of the latest function. */
  function frame(run) {
    let asked = 0;
    return (...args) => {
      if (asked) cancelAnimationFrame(asked);
      asked = requestAnimationFrame(() => { asked = 0; run(...args); });
    };
  }

  /** Call `run` once nothing has come for `ms`. */
  function settled(run, ms) {
    let timer = 0;
    return (...args) => { clearTimeout(timer); timer = setTimeout(() => run(...args), ms); };
  }

  return { el, put, fill, html, button, id, view, guard, keys, typing, status, tabs, popover, close, frame, settled,
    problem: problemLine };
})();
