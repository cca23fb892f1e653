// The day as both sides have it: a column a master, two lanes a column, whole blocks where they agree.

import { showRecord, showStory } from "./closeup.js";
import { serviceNames, staffName } from "./describe.js";
import { at, el, fill, icon } from "./dom.js";
import { openHand } from "./hand.js";
import { store } from "./store.js";
import { clock, dayParts, t, wall } from "./words.js";
import { past } from "./travel.js";

const SIGNS = {
  both: "check",
  held: "hold",
  waiting: "clock",
  unknown: "question",
  parked: "warn",
  moving: "move",
  leaving: "leave",
  removed: "gone",
  by_hand: "hand",
};
const drawn = new Map();
let scale = null;
let chooseDay = () => {};

export function setUpBoard(onDay) {
  chooseDay = onDay;
}

/** Everything anew, for another language. */
export function forgetBoard() {
  drawn.clear();
  scale = null;
  at("grid").dataset.drawn = "";
}

export function drawBoard() {
  const board = past() ?? store.state.board;
  if (!board) return;
  drawDays(board.day);
  drawColumns(board);
  drawBlocks(board);
  drawLegend(board);
}

/** What stands on this day, and always the two that the whole page is about. */
function drawLegend(board) {
  const present = new Set(["both", "waiting", ...board.blocks.map(block => block.state)]);
  const states = Object.keys(SIGNS).filter(state => present.has(state));
  fill(at("legend"), states.join() + t("board.legend"), () =>
    states.map(state => el("li", {}, swatch(state), t(`board.states.${state}`))),
  );
}

function drawDays(current) {
  fill(at("days"), JSON.stringify([store.state.days, current, t("board.today")]), () =>
    store.state.days.map((day, n) => {
      const parts = dayParts(day.day);
      const label = [parts.full, n === 0 && t("board.today"), day.count > 0 && t("board.marked", { n: day.count })]
        .filter(Boolean)
        .join(", ");
      return el(
        "button",
        {
          type: "button",
          className: parts.isWeekend ? "weekend" : "",
          "aria-pressed": String(day.day === current),
          "aria-label": label,
          title: label,
          onclick: () => chooseDay(day.day),
        },
        parts.weekday,
        el("b", {}, parts.number),
        day.count > 0 && el(day.is_equal ? "i" : "i.uneven", {}, String(day.count)),
      );
    }),
  ) && bringIntoView(at("days").querySelector("[aria-pressed=true]"));
}

function bringIntoView(button) {
  if (!button) return;
  const box = at("days"),
    left = button.offsetLeft - box.offsetLeft;
  if (left < box.scrollLeft || left + button.offsetWidth > box.scrollLeft + box.clientWidth)
    box.scrollLeft = left - box.clientWidth / 3;
}

const minutesOf = text => Number(text.slice(0, 2)) * 60 + Number(text.slice(3, 5));

/** The hours shown: from the first shift or block to the last, whole hours. */
function hoursOf(board) {
  const times = [
    ...board.columns.flatMap(column => column.shifts.flat().map(minutesOf)),
    ...board.blocks.flatMap(block => [wall(block.starts_at).minutes, wall(block.ends_at).minutes]),
  ];
  const from = Math.floor(Math.min(...times, 600) / 60),
    until = Math.ceil(Math.max(...times, 1080) / 60);
  return { from, until };
}

function drawColumns(board) {
  const { from, until } = hoursOf(board),
    grid = at("grid");
  const key = JSON.stringify([board.day, board.columns, from, until, t("board.ours")]);
  if (grid.dataset.drawn === key) return;
  grid.dataset.drawn = key;
  drawn.clear();
  scale = { from, hour: 36 };
  grid.style.setProperty("--masters", board.columns.length);
  grid.style.setProperty("--hours", until - from);
  const heads = board.columns.map(column =>
    el(
      "div.master",
      {},
      el("b", { title: staffName(column.staff_id) }, staffName(column.staff_id)),
      el("span", {}, el("i", {}, t("board.ours")), el("i", {}, t("board.crm"))),
    ),
  );
  const hours = el(
    "div.hours",
    { "aria-hidden": "true" },
    ...Array.from({ length: until - from }, (_, n) => {
      const mark = el("span", {}, `${from + n}:00`);
      mark.style.top = `${n * scale.hour}px`;
      return mark;
    }),
  );
  grid.replaceChildren(el("div.corner"), ...heads, hours, ...board.columns.map(column => drawColumn(board, column)));
}

function drawColumn(board, column) {
  const box = el("div.column", { data: { staff: column.staff_id } });
  for (const [opens, closes] of column.shifts) {
    const shift = el("div.shift", { "aria-hidden": "true" });
    shift.style.top = `${place(minutesOf(opens))}px`;
    shift.style.height = `${place(minutesOf(closes)) - place(minutesOf(opens))}px`;
    box.append(shift);
  }
  if (!column.shifts.length) box.append(el("span.off", {}, t("board.off")));
  const lane = el("div.lane", {
    title: t("hand.open"),
    onclick: event => openHand(board.day, column.staff_id, minuteAt(event)),
  });
  box.append(lane);
  return box;
}

const place = minutes => (minutes / 60 - scale.from) * scale.hour;
const minuteAt = event => Math.floor((event.offsetY / scale.hour + scale.from) * 2) * 30;

/** Blocks keep their element, so that a half is seen to grow whole when the CRM has learnt of it. */
function drawBlocks(board) {
  const now = new Set();
  for (const block of board.blocks) {
    const key = block.side === "crm" ? `record ${block.record_id}` : `booking ${block.booking_id}`;
    const column = at("grid").querySelector(`[data-staff="${block.staff_id}"]`);
    if (!column) continue;
    now.add(key);
    const text = JSON.stringify(block),
      known = drawn.get(key);
    if (known?.text === text) continue;
    const box = known?.box ?? el("button.block.new", { type: "button" });
    dress(box, block);
    if (box.parentElement !== column) column.append(box);
    drawn.set(key, { box, text });
  }
  for (const [key, { box }] of drawn)
    if (!now.has(key)) {
      box.remove();
      drawn.delete(key);
    }
  drawNow(board);
}

function dress(box, block) {
  const what = serviceNames(block.service_ids),
    time = `${clock(block.starts_at)}–${clock(block.ends_at)}`;
  const who = block.who || t(block.state === "held" ? "board.holding" : "board.nameless");
  const label = t("board.open", {
    state: t(`board.states.${block.state}`),
    who,
    what: what || t("board.crm"),
    when: time,
  });
  const top = place(wall(block.starts_at).minutes),
    height = place(wall(block.ends_at).minutes) - top;
  Object.assign(box.dataset, { state: block.state, side: block.side });
  Object.assign(box.style, { top: `${top + 1}px`, height: `${Math.max(height - 2, 18)}px` });
  box.title = label;
  box.setAttribute("aria-label", label);
  box.onclick = () =>
    block.booking_id
      ? showStory(block.booking_id, block.state === "by_hand" ? null : liveRecord(block))
      : showRecord(block, `${who}, ${time}`);
  box.classList.toggle("tall", height > 50);
  box.replaceChildren(
    el("span.who", {}, icon(SIGNS[block.state]), el("span", {}, who)),
    ...(height > 30 ? [el("span.more", {}, what || time)] : []),
  );
}

/** The record's number where one stands in the CRM now. */
const liveRecord = block => (["both", "moving", "leaving"].includes(block.state) && !past() ? block.record_id : null);

function drawNow(board) {
  at("grid")
    .querySelectorAll(".now")
    .forEach(line => line.remove());
  const now = wall(Date.now());
  if (now.day !== board.day || past()) return;
  for (const column of at("grid").querySelectorAll(".column")) {
    const line = el("div.now", { "aria-hidden": "true" });
    line.style.top = `${place(now.minutes)}px`;
    column.append(line);
  }
}

function swatch(state) {
  const side = { both: "both", leaving: "crm", by_hand: "crm" }[state] ?? "ours";
  return el("span.swatch", { "aria-hidden": "true" }, el("span.block", { data: { state, side } }, icon(SIGNS[state])));
}
