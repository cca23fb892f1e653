// What slides in from the right; one thing at a time.

import { at } from "./dom.js";

let again = null;
let turn = 0;

/** Shows a title and a body; `redraw` is called when something changed while it is open. Gives what to fill it by. */
export function openDrawer(title, body, redraw = null) {
  at("drawer-title").textContent = title;
  at("drawer-body").replaceChildren(...[body].flat().filter(Boolean));
  again = redraw;
  if (!at("drawer").open) at("drawer").showModal();
  at("drawer-body").scrollTop = 0;
  turn += 1;
  return turn;
}

/** Another body under the same title, where the reader is; nothing when something else is shown by now. */
export function fillDrawer(shown, body) {
  if (shown !== turn) return;
  const box = at("drawer-body"),
    place = box.scrollTop;
  box.replaceChildren(...[body].flat().filter(Boolean));
  box.scrollTop = place;
}

export const closeDrawer = () => at("drawer").close();

/** Draws what is open once more, if it can change. */
export function redrawDrawer() {
  if (at("drawer").open && again) again();
}

export function setUpDrawer() {
  const drawer = at("drawer");
  at("drawer-close").onclick = () => drawer.close();
  drawer.addEventListener("click", event => {
    if (event.target === drawer) drawer.close();
  });
  drawer.addEventListener("close", () => {
    again = null;
    turn += 1;
    history.replaceState(null, "", location.pathname);
  });
}
