// What the page knows: the salon, the log so far, the newest state, and what the visitor looks at.

import { ask } from "./server.js";
import { wall } from "./words.js";

const FULL_PAGE = 500;

export const store = {
  salon: null,
  state: null,
  log: [],
  byPosition: new Map(),
  chatId: 1001,
  day: null,
  isDayChosen: false,
};

/** What the visitor did that stands in no log, for this trial only. */
export const done = {
  has: name => sessionStorage.getItem(`${store.salon.trial}.${name}`) === "1",
  add: name => sessionStorage.setItem(`${store.salon.trial}.${name}`, "1"),
};

/** The newest state; the log grows by what came since. Another trial behind the same address starts the page anew. */
export async function catchUp() {
  for (let more = true; more;) {
    const after = store.log.length ? store.log[store.log.length - 1].position : 0;
    const state = await ask("/state", { after, chat: store.chatId, day: store.day });
    if (state.trial !== store.salon.trial) {
      location.reload();
      return;
    }
    for (const event of state.log) {
      store.log.push(event);
      store.byPosition.set(event.position, event);
    }
    more = state.log.length === FULL_PAGE;
    const moved = after > 0 && followed(state);
    if (moved && moved !== state.board?.day) {
      store.day = moved;
      more = true;
    }
    store.state = state;
  }
  store.day ??= store.state.board?.day ?? null;
}

const FOLLOWED = ["slot_held", "booking_made", "booking_moved", "booking_cancelled"];

/**
 * The day of the newest booking: the board follows what is done, until a day is chosen by hand. A play has many
 * clients; the board stays where the first of them goes.
 */
function followed(state) {
  const booking = state.log.findLast(event => FOLLOWED.includes(event.type));
  if (store.isDayChosen || !booking) return null;
  store.isDayChosen = isPlaying(state);
  return wall(booking.facts.slot.starts_at).day;
}

const isPlaying = state => state.outage !== null && state.outage !== "done";
