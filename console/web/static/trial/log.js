// The log as it grows, newest on top, with filters.

import { showEvent } from "./closeup.js";
import { FILTERS, kindOf, locks, says, signOf, titleOf, toneOf } from "./describe.js";
import { at, el, icon } from "./dom.js";
import { store } from "./store.js";
import { second, t, valueWord } from "./words.js";

const STEP = 150;
const rows = new Map();
let filter = { kind: "all", text: "", booking: null };
let limit = STEP;
let drawnUpTo = 0;

export function setUpLog() {
  at("find").oninput = () => {
    filter.text = at("find").value.trim().toLowerCase();
    redraw();
  };
  at("only").onclick = () => {
    filter.booking = null;
    redraw();
  };
}

/** Everything anew, for another language. */
export function forgetLog() {
  rows.clear();
  at("kinds").replaceChildren(
    ...FILTERS.map(kind =>
      el(
        "button",
        {
          type: "button",
          data: { kind },
          onclick: () => {
            filter.kind = kind;
            redraw();
          },
        },
        t(`log.${kind}`),
      ),
    ),
  );
  redraw();
}

/** Shows only this booking's events. */
export function only(bookingId) {
  filter.booking = bookingId;
  redraw();
}

function redraw() {
  drawnUpTo = 0;
  limit = STEP;
  if (store.state) drawLog();
}

export function drawLog() {
  const last = store.log.length ? store.log[store.log.length - 1].position : 0;
  if (drawnUpTo === 0) drawAll();
  else if (last > drawnUpTo) prepend();
  drawnUpTo = last;
  drawSettled();
}

function drawAll() {
  for (const button of at("kinds").children)
    button.setAttribute("aria-pressed", String(button.dataset.kind === filter.kind));
  const code = filter.booking === null ? "" : codeOf(filter.booking);
  at("only").hidden = filter.booking === null;
  at("only").replaceChildren(t("log.only", { code }), icon("close"));
  at("only").title = t("log.drop");
  const fitting = store.log.filter(fits).reverse(),
    shown = fitting.slice(0, limit);
  at("events").replaceChildren(...shown.map(event => row(event)));
  if (!shown.length) at("events").append(el("li.empty", {}, t("log.empty")));
  if (fitting.length > limit)
    at("events").append(
      el(
        "li.more",
        {},
        el(
          "button",
          {
            type: "button",
            onclick: () => {
              limit += STEP;
              drawAll();
            },
          },
          t("log.more", { n: fitting.length - limit }),
        ),
      ),
    );
}

/** New rows come on top; whoever reads further down stays where they are. */
function prepend() {
  const box = at("events"),
    before = box.scrollHeight,
    place = box.scrollTop;
  const fresh = store.log.filter(event => event.position > drawnUpTo && fits(event)).reverse();
  if (!fresh.length) return;
  box.querySelector(".empty")?.remove();
  box.prepend(
    ...fresh.map(event => {
      const made = row(event);
      made.classList.add("fresh");
      return made;
    }),
  );
  if (place > 4) box.scrollTop = place + box.scrollHeight - before;
}

function fits(event) {
  return (
    (filter.kind === "all" || kindOf(event.type) === filter.kind) &&
    (filter.booking === null || event.facts.booking_id === filter.booking) &&
    (!filter.text || searchable(event).includes(filter.text))
  );
}

const searchable = event =>
  [
    titleOf(event),
    says(event),
    event.type,
    event.facts.booking_id ? codeOf(event.facts.booking_id) : "",
    `№${event.position}`,
  ]
    .join(" ")
    .toLowerCase();

function row(event) {
  if (rows.has(event.position)) return rows.get(event.position);
  const text = says(event),
    sealed = locks(event),
    id = event.facts.booking_id;
  const made = el(
    "li.event",
    { data: { position: event.position } },
    el("span.sign", {}, icon(signOf(event.type))),
    el(
      "button.title",
      { type: "button", title: t("log.open", { n: event.position }), onclick: () => showEvent(event.position) },
      titleOf(event),
    ),
    el("time", { datetime: event.recorded_at }, second(event.recorded_at)),
    (text || sealed.length > 0) && el("div.says", {}, ...sealed, text),
    el(
      "div.tail",
      {},
      el("span.settled", { hidden: true }),
      id &&
        el(
          "a.code",
          { href: `#story/${id}`, title: t("log.story", { code: codeOf(id) }), onclick: () => only(id) },
          codeOf(id),
        ),
      el("span", {}, `${t("part.position", { n: event.position })} · ${valueWord("by", event.by)}`),
      el("code", {}, event.type),
    ),
  );
  if (toneOf(event.type)) made.classList.add(toneOf(event.type));
  rows.set(event.position, made);
  return made;
}

/** The marks of booking events change as the CRM learns of them. */
function drawSettled() {
  for (const [position, sync] of Object.entries(store.state.settled)) {
    const mark = rows.get(Number(position))?.querySelector(".settled");
    if (!mark || mark.dataset.sync === sync) continue;
    mark.dataset.sync = sync;
    mark.textContent = t(`settled.${sync}`);
    mark.hidden = false;
  }
}

const LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/** The booking id as people read it; the same as `ledger.values.booking_code`. */
export function codeOf(id) {
  let left = BigInt(id),
    text = "";
  for (let n = 0; n < 10; n += 1) {
    text = LETTERS[Number(left & 31n)] + text;
    left >>= 5n;
  }
  return `${text.slice(0, 4)}-${text.slice(4, 8)}-${text.slice(8)}`;
}
