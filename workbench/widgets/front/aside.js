// The right side of the builder: findings, tokens and cost, the prompt as text. It also looks after the form
// around it, which ipywidgets builds: keys, names for screen readers, where the cursor goes.
export default wb.view(({ root, link }) => {
  const { el, fill, button } = wb;
  root.classList.add("wb-aside");

  const missing = el("p", { class: "wb-missing", hidden: true });
  const problem = el("span", { role: "status" });
  const there = button("Go there", () => link.tell("go"), { class: "wb-btn wb-place-go", hidden: true });
  const broken = el("div", { class: "wb-row wb-bad", hidden: true }, problem, there);
  const bar = el("div", { class: "wb-tokens" });
  const words = el("div", { class: "wb-figures" });
  const counted = el("span", { class: "wb-dim", role: "status" });
  const exact = button("Count exactly", count);
  const found = el("ul", { class: "wb-findings", "aria-label": "findings" });
  const summary = el("h3", { class: "wb-summary" });
  const say = wb.status(root, { class: "wb-sr" });

  // --- findings -----------------------------------------------------------------------------------------

  const WORDS = { error: "error", warning: "warning", info: "info" };
  const CLASSES = { error: "wb-bad", warning: "wb-warn", info: "wb-dim" };

  function finding(one, index) {
    const place = one.field
      ? button(one.path, () => link.tell("jump", { index }), { class: "wb-btn wb-quiet wb-place", title: "go to the field" })
      : el("span", { class: "wb-nowhere" }, one.path || "the request as a whole");
    const cure = one.fix
      ? button(one.fix, () => link.tell("fix", { index }), { class: "wb-btn wb-fix", title: "apply this fix" })
      : null;
    return el("li", { class: "wb-finding" },
      el("div", { class: "wb-finding-head" },
        el("span", { class: CLASSES[one.severity] }, WORDS[one.severity]), el("span", { class: "wb-dim" }, one.code), place,
        one.dollars ? el("span", { class: "wb-dim" }, one.dollars) : null),
      el("div", {}, one.what),
      el("div", { class: "wb-cure" }, one.cure && one.cure !== one.fix ? el("span", { class: "wb-dim" }, one.cure) : null, cure));
  }

  /** The names without a value, each a way to where it gets one. */
  function without(names) {
    const ways = names.map((name, index) => button(`{{${name}}}`, () => link.tell("value", { index }),
      { class: "wb-btn wb-quiet wb-place", title: "go to its value" }));
    return ["no value for ", ways.flatMap((way, at) => at ? [", ", way] : [way]), ": give it one under Values"];
  }

  function counts(list, without) {
    const n = kind => list.filter(one => one.severity === kind).length;
    const parts = [[without, "missing value"], [n("error"), "error"], [n("warning"), "warning"], [n("info"), "note"]]
      .filter(([count]) => count).map(([count, name]) => `${count} ${name}${count === 1 ? "" : "s"}`);
    return parts.join(" · ") || "nothing found: the service would accept this";
  }

  // --- tokens -------------------------------------------------------------------------------------------

  function tokens(sections) {
    const all = sections.reduce((sum, one) => sum + one.tokens, 0);
    const shown = sections.filter(one => one.tokens > 0);
    const parts = shown.map(one => {
      const share = all ? 100 * one.tokens / all : 0, cached = one.tokens ? 100 * one.cached / one.tokens : 0;
      return el("span", { class: `wb-part wb-part-${one.name}`, style: { "flex-grow": String(Math.max(share, .5)) },
        title: `${one.name}: ${one.tokens.toLocaleString("en")} tokens, ${one.cached.toLocaleString("en")} of them cached` },
      el("span", { class: "wb-part-cached", style: { width: `${cached}%` } }));
    });
    const legend = shown.map(one => el("span", { class: "wb-legend" },
      el("span", { class: `wb-dot wb-part-${one.name}` }), `${one.name} ${one.tokens.toLocaleString("en")}`,
      one.cached ? el("span", { class: "wb-dim" }, ` (${one.cached.toLocaleString("en")} cached)`) : null));
    fill(bar, shown.length ? el("div", { class: "wb-bar-parts", role: "img",
      "aria-label": shown.map(one => `${one.name} ${one.tokens} tokens, ${one.cached} cached`).join("; ") }, parts) : null,
    el("div", { class: "wb-row" }, legend));
  }

  /** A line of figures: its name, then what it says. */
  function said(line) {
    const [, name, rest] = /^(\w+)\s{2,}(.*)$/s.exec(line) ?? [, "", line];
    const counts = name === "tokens" ? [" ", exact, " ", counted] : [];
    return el("div", { class: "wb-figure" }, el("span", { class: "wb-dim" }, name), el("span", {}, rest, counts));
  }

  async function count() {
    exact.disabled = true;
    counted.textContent = "counting …";
    try {
      const answer = await link.ask("count");
      counted.textContent = `the service counts ${answer.tokens.toLocaleString("en")}`;
    } catch (error) {
      counted.textContent = error.message;
    }
    exact.disabled = false;
  }

  // --- Python, JSON, curl ---------------------------------------------------------------------------------

  let version = 0;
  const texts = {};

  function tab(which, title) {
    const text = el("pre", { class: "wb-code wb-a-code", tabindex: 0, role: "group", "aria-label": `${title} of the prompt` });
    const rest = el("p", { class: "wb-dim" });
    const done = el("span", { class: "wb-dim", role: "status" });
    const copy = button("Copy", async () => {
      try {
        const answer = await link.ask("code", { which, whole: true });
        await copied(answer.exact);
        done.textContent = "copied";
      } catch (error) { done.textContent = error.message; }
      setTimeout(() => { done.textContent = ""; }, 4000);
    }, { "aria-label": `Copy ${title}` });
    texts[which] = { text, rest, of: -1 };
    return { id: which, title, fill: panel => wb.put(panel, el("div", { class: "wb-row" }, copy, done), text, rest) };
  }

  async function copied(exactText) {
    if (navigator.clipboard && window.isSecureContext) {
      try { await navigator.clipboard.writeText(exactText); return; } catch { /* the old way then */ }
    }
    const area = el("textarea", { value: exactText, class: "wb-sr", "aria-hidden": "true" });
    root.append(area);
    area.select();
    const worked = document.execCommand("copy");
    area.remove();
    if (!worked) throw new Error("this page may not use the clipboard; select the text instead");
  }

  async function load(which) {
    const mine = texts[which];
    if (!mine || mine.of === version) return;
    const asked = mine.of = version;
    try {
      const answer = await link.ask("code", { which });
      if (asked !== mine.of) return;
      mine.text.textContent = answer.text;
      mine.rest.textContent = answer.rest ? `${answer.rest}: Copy takes all of it` : "";
    } catch (error) {
      mine.text.textContent = "";
      mine.rest.textContent = error.message;
    }
  }

  const tabs = wb.tabs([tab("python", "Python"), tab("json", "JSON"), tab("curl", "curl"),
    { id: "paste", title: "Paste", fill: paste }], { label: "the prompt as text", onshow: which => load(which) });

  function paste(panel) {
    const box = el("textarea", { class: "wb-paste", rows: 6, spellcheck: false, "aria-label": "Python, JSON or curl to rebuild the prompt from",
      placeholder: "Python, JSON or curl: rebuilds the prompt; Undo brings this one back" });
    const said = el("p", { class: "wb-dim", role: "status" });
    const wrong = el("p", { class: "wb-bad", role: "alert" });
    const go = button("Rebuild the prompt", async () => {
      wrong.textContent = said.textContent = "";
      try {
        const answer = await link.ask("paste", { text: box.value });
        said.textContent = answer.said;
        box.value = "";
      } catch (error) { wrong.textContent = error.message; }
    });
    wb.put(panel, box, el("div", { class: "wb-row" }, go), said, wrong);
  }

  // --- all of it ------------------------------------------------------------------------------------------

  wb.put(root,
    el("div", { class: "wb-block-cost" }, bar, words),
    broken, missing, summary, found, tabs.node);

  const heard = link.on("state", state => {
    if (state.version < version) return;
    version = state.version;
    problem.textContent = state.problem;
    there.hidden = !state.place;
    broken.hidden = !state.problem;
    again(missing, () => fill(missing, state.missing.length ? without(state.missing) : null));
    missing.hidden = !state.missing.length;
    tokens(state.sections);
    const held = root.contains(document.activeElement) && document.activeElement === exact;
    fill(words, state.words.map(said));
    if (held) exact.focus({ preventScroll: true });
    if (!state.exact && counted.textContent.includes("counts")) counted.textContent = "";
    summary.textContent = state.problem ? "not yet a request" : counts(state.findings, state.missing.length);
    say(summary.textContent);
    again(found, () => fill(found, state.findings.map(finding)));
    load(tabs.current());
  });

  // --- the form around ------------------------------------------------------------------------------------

  const form = () => root.closest(".wb-builder");

  /** Build a list anew; the button in it that had the focus has it again. */
  function again(list, build) {
    const at = [...list.querySelectorAll("button")].indexOf(document.activeElement);
    build();
    const buttons = list.querySelectorAll("button");
    if (at >= 0) (buttons[Math.min(at, buttons.length - 1)] ?? tabs.node.querySelector("[role=tab][tabindex='0']"))?.focus({ preventScroll: true });
  }

  /** Call `run` with the widget of a class as soon as `ready` says it is: rows that are new come a moment later. */
  function when(cls, ready, run) {
    const until = performance.now() + 3000;
    const parts = cls.split(" ").filter(part => /^\.?[\w-]+$/.test(part)).map(part => part.startsWith(".") ? part : `.${part}`);
    const look = () => {
      const node = parts.length ? form()?.querySelector(parts.join(" ")) : null;
      const found = node && ready(node);
      if (found) run(found);
      else if (performance.now() < until) setTimeout(look, 30);
    };
    look();
  }

  function input(node) {
    if (node.matches(".wb-block-row")) { // a row without a field for it: the row as a whole
      node.tabIndex = -1;
      return node.offsetParent !== null ? node : null;
    }
    const field = node.matches("button, input, textarea, select") ? node : node.querySelector("textarea, input, select, button");
    return field && field.offsetParent !== null && !field.disabled ? field : null;
  }

  const seen = box => box.top >= 0 && box.bottom <= window.innerHeight;

  /** Whether someone is writing elsewhere: a new form does not take the cursor from there. */
  const writing = node => wb.typing(node) && (node.value ?? node.textContent ?? "").trim() !== "";

  function focus({ cls, first }) {
    when(String(cls), input, field => {
      if (first && (!seen(field.getBoundingClientRect()) || writing(document.activeElement))) return;
      field.focus({ preventScroll: true });
      field.scrollIntoView({ block: "nearest" });
    });
  }

  /** The part of the window in which a node is seen: what scrolls around it cuts the rest off. */
  function window_of(node) {
    let top = 0, bottom = window.innerHeight;
    for (let up = node.parentElement; up && up !== document.body; up = up.parentElement) {
      if (!/auto|scroll|hidden/.test(getComputedStyle(up).overflowY)) continue;
      const box = up.getBoundingClientRect();
      [top, bottom] = [Math.max(top, box.top), Math.min(bottom, box.bottom)];
    }
    return { top, bottom };
  }

  const ENOUGH = 320;

  /** Bring what is new into sight, unless it is there already. What has the focus keeps it. */
  function show({ cls }) {
    when(String(cls), node => node.offsetHeight > 20 ? node : null, node => {
      const box = node.getBoundingClientRect(), { top, bottom } = window_of(node);
      // It may still grow: below its beginning there is room for that.
      if (box.top >= top && box.top + Math.min(ENOUGH, (bottom - top) / 2) <= bottom) return;
      const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
      node.scrollIntoView({ block: "start", behavior: calm ? "instant" : "smooth" });
    });
  }
  const focused = link.on("focus", focus);
  const shown = link.on("look", show);

  // --- a cursor that stays: what moves or is undone is built anew by the page -------------------------------

  const OWN = /^wb-(do-\w+|fold|f-\d+)$/;
  const named = (node, like) => [...(node?.classList ?? [])].find(name => like.test(name));
  let cursor = null;

  function entered(event) {
    const holder = event.target.closest?.("[class*='wb-f-']");
    const cls = named(holder, /^wb-f-\d+$/), own = named(event.target, OWN);
    cursor = cls ? { node: event.target, parts: own && own !== cls ? [`.${cls} .${own}`, `.${cls}`] : [`.${cls}`] } : null;
  }

  function left(event) {
    setTimeout(() => { if (cursor?.node === event.target && event.target.isConnected) cursor = null; });
  }

  /** The cursor back to what took the place of what it was in. */
  function stay() {
    if (!cursor || cursor.node.isConnected || document.activeElement !== document.body) return;
    for (const part of cursor.parts) {
      const node = form()?.querySelector(part), field = node && input(node);
      if (field) { field.focus({ preventScroll: true }); return; }
    }
  }

  // --- what is typed, and keys -----------------------------------------------------------------------------

  // ipywidgets keeps keys back while the kernel is busy with the one before, some fields send nothing until they
  // are left, and JupyterLab sends the messages of two widgets to two threads of the kernel: a click may overtake
  // what was typed before it. Whoever presses a button or Ctrl+Enter means what is on the screen.
  const touched = new Map();

  function typed(event) {
    const field = event.target;
    if (!field.matches?.("textarea, input[type=text]")) return;
    const cls = [...(field.closest("[class*='wb-f-']")?.classList ?? [])].find(name => /^wb-f-\d+$/.test(name));
    if (cls) touched.set(cls, field);
  }

  function unsent() {
    const fields = [...touched].filter(([, field]) => field.isConnected).map(([cls, field]) => [cls, field.value]);
    touched.clear();
    return fields;
  }

  const PATIENCE_MS = 2000;
  let passing = null;

  /** A click on a button waits until the kernel has what was typed. */
  async function pressed(event) {
    const pressed = event.target.closest?.("button");
    if (!pressed || pressed === passing) return;
    const fields = unsent();
    if (!fields.length) return;
    if (root.contains(pressed)) { link.tell("typed", { fields }); return; } // it speaks through the same door
    event.stopImmediatePropagation();
    event.preventDefault();
    const later = new Promise(resolve => { setTimeout(resolve, PATIENCE_MS); });
    await Promise.race([link.ask("typed", { fields }).catch(() => {}), later]);
    if (!pressed.isConnected) return;
    passing = pressed;
    pressed.click();
    passing = null;
  }

  const writes = node => wb.typing(node) && !node.matches("select");

  // Heard on its way down: ipywidgets lets no key out of its fields.
  function key(event) {
    if (event.isComposing || event.target.closest?.(".wb-answers")) return;
    const mod = event.ctrlKey || event.metaKey, name = event.key.toLowerCase();
    const what = mod && event.key === "Enter" ? "run"
      : mod && !writes(event.target) && name === "z" ? (event.shiftKey ? "redo" : "undo")
      : mod && !writes(event.target) && name === "y" ? "redo" : null;
    if (what) {
      event.preventDefault();
      event.stopPropagation();
      if (what === "run" && event.target.matches?.(".wb-paste")) return void event.target.parentNode.querySelector("button").click();
      if (event.repeat && what === "run") return;
      link.tell("typed", { fields: unsent() });
      link.tell("key", { what });
    } else if (event.key === "Enter" && event.target.closest?.(".wb-enter")) {
      event.preventDefault();
      event.target.closest(".wb-flow")?.querySelector("button")?.click();
    }
  }

  /** What ipywidgets cannot say: which heading is open, what a note is. */
  const dress = wb.frame(() => {
    stay();
    for (const head of form()?.querySelectorAll(".wb-head") ?? []) {
      head.setAttribute("aria-expanded", String(!head.closest(".wb-section")?.classList.contains("wb-shut")));
      head.setAttribute("aria-label", head.textContent.trim()); // else the arrow's glyph is read out too
    }
    for (const icon of form()?.querySelectorAll("button.wb-icon") ?? [])
      if (icon.getAttribute("aria-label") !== icon.title) icon.setAttribute("aria-label", icon.title);
    for (const live of form()?.querySelectorAll(".wb-live:not([role])") ?? []) {
      live.setAttribute("role", "status");
      live.setAttribute("aria-live", "polite");
    }
    for (const named of form()?.querySelectorAll("button.wb-named") ?? []) // two of them say "Restore"
      if (named.getAttribute("aria-label") !== named.title) named.setAttribute("aria-label", named.title);
    for (const picture of form()?.querySelectorAll("img.wb-preview:not([alt])") ?? []) picture.alt = "the image, small";
  });
  // --- files --------------------------------------------------------------------------------------------

  // ipywidgets sends a file as one message, and JupyterLab's server drops the connection over more than 10 MB:
  // so the upload button opens this chooser instead, and files go in parts, each waited for.
  const PART = 3_000_000, MOST = 32 * 1024 * 1024;
  const chooser = el("input", { type: "file", multiple: true, hidden: true, tabindex: -1, "aria-hidden": "true",
    on: { change: () => send([...chooser.files]) } });
  root.append(chooser);

  const coded = blob => new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result.slice(reader.result.indexOf(",") + 1));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(blob);
  });

  async function send(files) {
    chooser.value = "";
    if (files.length) link.tell("files");
    for (const file of files) {
      if (file.size > MOST) { link.tell("large", { name: file.name, size: file.size }); continue; }
      try {
        for (let at = 0; at === 0 || at < file.size; at += PART) {
          const data = file.size ? await coded(file.slice(at, at + PART)) : "";
          await link.ask("part", { name: file.name, type: file.type, size: file.size, at, data });
        }
      } catch (error) { link.tell("unread", { name: file.name, why: error?.message ?? "" }); }
    }
  }

  function choose(event) {
    if (!event.target.closest?.(".wb-upload")) return;
    event.stopImmediatePropagation();
    event.preventDefault();
    chooser.click();
  }

  const carried = event => event.dataTransfer ?? event.clipboardData;

  /** Files that are dropped on the form, or pasted into it. */
  function dropped(event) {
    const files = [...(carried(event)?.files ?? [])];
    if (!files.length || event.target.closest?.(".wb-answers")) return;
    event.preventDefault();
    event.stopPropagation();
    send(files);
  }

  function over(event) {
    if ([...(event.dataTransfer?.types ?? [])].includes("Files")) event.preventDefault();
  }

  let around = null;
  const HEARD = [["click", choose, true], ["click", pressed, true], ["input", typed, true], ["keydown", key, true], ["paste", dropped, true],
    ["drop", dropped, true], ["dragover", over, true],
    ["focusin", entered], ["focusout", left]];

  const watch = new MutationObserver(dress);
  const settle = setInterval(() => {
    const node = form();
    if (!node) return;
    clearInterval(settle);
    wb.guard(node);
    around = node;
    for (const [type, run, early] of HEARD) node.addEventListener(type, run, Boolean(early));
    watch.observe(node, { subtree: true, childList: true, attributes: true, attributeFilter: ["class"] });
    dress();
  }, 50);

  return () => {
    heard(); focused(); shown();
    for (const [type, run, early] of HEARD) around?.removeEventListener(type, run, Boolean(early));
    watch.disconnect();
    clearInterval(settle);
  };
});
