// The day as it stood after any event, folded anew from the log's beginning.

import { at } from "./dom.js";
import { ask } from "./server.js";
import { store } from "./store.js";
import { second, t } from "./words.js";

const PAUSE = 120;
let shown = null;
let position = null;
let waiting = 0;
let redraw = () => {};

/** The board of the past, null in the present. */
export const past = () => (position === null ? null : (shown?.board ?? null));

export function setUpTravel(onChange) {
  redraw = onChange;
  at("travel-open").onclick = () => (position === null ? go(store.state.head) : leave());
  at("travel-slider").oninput = () => {
    position = Number(at("travel-slider").value);
    clearTimeout(waiting);
    waiting = setTimeout(() => go(position), PAUSE);
  };
}

export function drawTravel() {
  const isAway = position !== null;
  at("travel").hidden = !isAway;
  at("travel-open").textContent = t(isAway ? "travel.close" : "travel.open");
  if (!isAway) return;
  at("travel-slider").max = store.state.head;
  at("travel-at").textContent = shown?.recorded_at
    ? t("travel.at", { n: shown.position, time: second(shown.recorded_at) })
    : t("travel.start");
}

/** Looks at the same day after that event; an answer that was overtaken by a newer wish is dropped. */
export async function go(to) {
  position = to;
  at("travel-slider").max = store.state.head;
  at("travel-slider").value = to;
  const found = await ask("/board", { day: store.day, position: to });
  if (position !== to) return;
  shown = found;
  redraw();
}

function leave() {
  position = shown = null;
  redraw();
}
