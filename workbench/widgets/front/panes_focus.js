// Who was inside a view when the page made it anew is inside it again: an output that is replaced takes the view in
// it away. The module is the model's, so what it remembers outlives one view of it.
const wbFocus = (() => {
  "use strict";
  let spot = null, listens = false;

  /** Remember where in *root* the focus is; `name(node)` says that in words that hold for the next view too. */
  function keep(root, name) {
    root.addEventListener("focusin", event => { spot = { root, at: name(event.target) }; });
    root.addEventListener("focusout", () => setTimeout(() => {
      // A view that was taken away lost its focus to nobody.
      if (spot?.root === root && root.isConnected && !root.contains(document.activeElement)) spot = null;
    }));
    if (listens) return;
    listens = true;
    for (const type of ["pointerdown", "keydown"])
      document.addEventListener(type, event => { if (!spot?.root.contains(event.target)) spot = null; }, { capture: true, passive: true });
  }

  /** Call `go(at)` where the view before this one had the focus and nobody has it now. */
  function back(root, go) {
    if (!spot || spot.root === root || spot.root.isConnected) return;
    const active = document.activeElement;
    const { at } = spot;
    spot = null;
    if (!active || active.contains(root)) go(at);
  }

  return { keep, back };
})();
