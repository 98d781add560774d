// A run that goes on: bar, figures, errors, Stop; the run's table in the end. The words are the kernel's.
export default wb.view(({root, link, model}) => {
  const name = wb.el("strong"), size = wb.el("span", {class: "wb-dim"});
  const fill = wb.el("div", {class: "wb-run-fill"});
  const bar = wb.el("div", {class: "wb-run-bar", role: "progressbar", "aria-valuemin": 0}, fill);
  const counts = wb.el("span", {class: "wb-run-counts"}), money = wb.el("span"), eta = wb.el("span", {class: "wb-run-eta"});
  const note = wb.el("div", {class: "wb-run-note"}), detail = wb.el("div", {class: "wb-dim"});
  const faults = wb.el("ul", {class: "wb-run-faults", "aria-label": "errors by type"});
  // Not `disabled`: that would take the focus away from who pressed it.
  const pressed = on => stop.setAttribute("aria-disabled", String(on));
  const press = () => { if (stop.getAttribute("aria-disabled") === "true") return; pressed(true); link.tell("stop"); };
  const stop = wb.button("Stop", press, {class: "wb-btn wb-run-stop"});
  const why = wb.el("span", {class: "wb-dim"});
  const going = wb.el("div", {class: "wb-run", role: "group", tabindex: -1},
    wb.el("div", {class: "wb-run-head"}, name, size),
    wb.el("div", {class: "wb-run-line"}, bar, counts, money, eta),
    note, detail, faults, wb.el("div", {class: "wb-row"}, stop, why));
  const table = wb.el("div", {class: "wb-run-table", role: "region", tabindex: -1, hidden: true}), sentence = wb.el("p", {class: "wb-dim", hidden: true});
  wb.put(root, going, table, sentence);
  const say = wb.status(root, {class: "wb-status wb-sr"});
  let told = "", drawn = null;

  // Aloud only what matters: each tenth, and whatever is not just going on.
  function tell(now) {
    const tenth = Math.floor(10 * now.done / now.total);
    const mark = `${now.state} ${tenth}`;
    if (mark === told) return;
    told = mark;
    say(now.state === "running" ? `${now.counts} done` : `${now.state}: ${now.counts} done`);
  }

  function button(now) {
    const again = now.state === "stopping";
    stop.hidden = !now.stop;
    pressed(false);
    stop.textContent = again ? "Stop now" : "Stop";
    stop.title = again ? "Give up what is in flight; it may have been paid for" : "Finish what is in flight, send nothing more";
    why.textContent = now.stop && !again ? "finishes what is in flight" : now.sentence;
  }

  /** Draw, and keep the focus in the view where it was in it: on what takes the place of what it was on. */
  function show(now) {
    const held = root.contains(document.activeElement);
    draw(now);
    const active = document.activeElement;
    if (held && (!root.contains(active) || active.closest("[hidden]"))) (going.hidden ? table : going).focus({preventScroll: true});
  }

  function draw(now) {
    tell(now);
    const over = now.html !== undefined;
    going.hidden = over;
    table.hidden = sentence.hidden = !over;
    going.setAttribute("aria-label", now.name);
    table.setAttribute("aria-label", `${now.name}, over`);
    if (over) {
      if (drawn !== now.html) wb.html(table, now.html);  // what is unfolded in it stays so
      drawn = now.html;
      sentence.textContent = now.sentence;
      return;
    }
    name.textContent = now.name;
    size.textContent = now.size;
    bar.setAttribute("aria-label", now.name);
    bar.setAttribute("aria-valuemax", now.total);
    bar.setAttribute("aria-valuenow", now.done);
    bar.setAttribute("aria-valuetext", now.counts);
    fill.style.width = `${100 * Math.min(1, now.done / now.total)}%`;
    going.classList.toggle("wb-run-stopping", now.state === "stopping");
    counts.textContent = now.counts;
    money.textContent = now.money;
    eta.textContent = now.eta;
    note.textContent = now.state === "stopping" ? "" : now.note;
    detail.textContent = now.detail;
    wb.fill(faults, now.faults.map(each => wb.el("li", {}, each)));
    button(now);
  }

  link.on("state", show);
  const seen = model.get("seen");  // at once, though the kernel may be busy with a cell
  if (seen?.total) show(seen);
});
