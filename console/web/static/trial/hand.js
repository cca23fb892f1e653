// What an administrator writes into the CRM itself, past the bot.

import { staffName } from "./describe.js";
import { at, el, icon, toast } from "./dom.js";
import { closeDrawer, openDrawer } from "./drawer.js";
import { act } from "./server.js";
import { store } from "./store.js";
import { dayParts, t } from "./words.js";

export function setUpHand() {
  at("hand-open").onclick = () => {
    const column = store.state.board.columns.find(one => one.shifts.length);
    openHand(
      store.day,
      column?.staff_id ?? store.state.board.columns[0]?.staff_id,
      column ? Number(column.shifts[0][0].slice(0, 2)) * 60 + 120 : 720,
    );
  };
}

/** Asks whom, where and when; the place that was pressed is filled in. */
export function openHand(day, staffId, minutes) {
  const start = `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;
  const field = (word, input) => el("label", {}, el("span", {}, t(`hand.${word}`)), input);
  const masters = store.state.board.columns.map(column =>
    el("option", { value: column.staff_id }, staffName(column.staff_id)),
  );
  const days = store.state.days.map(one => el("option", { value: one.day }, dayParts(one.day).full));
  const form = el(
    "form.form",
    { onsubmit: add },
    field("who", el("input", { name: "who", value: t("hand.whoValue"), maxlength: "60" })),
    field("master", el("select", { name: "staff_id" }, ...masters)),
    field("day", el("select", { name: "day" }, ...days)),
    field("start", el("input", { name: "start", type: "time", step: "900", required: true, value: start })),
    field(
      "minutes",
      el("input", { name: "minutes", type: "number", min: "15", max: "480", step: "15", required: true, value: "60" }),
    ),
    el("div.actions", {}, el("button.primary", { type: "submit" }, icon("hand"), ` ${t("hand.add")}`)),
  );
  form.staff_id.value = staffId;
  form.day.value = day;
  openDrawer(t("hand.title"), [el("p.what-it-is", {}, t("hand.what")), form]);
}

async function add(event) {
  event.preventDefault();
  const given = Object.fromEntries(new FormData(event.target));
  const body = {
    ...given,
    start: `${given.start}:00`,
    staff_id: Number(given.staff_id),
    minutes: Number(given.minutes),
  };
  if (await act("/crm/records", body)) {
    closeDrawer();
    toast(t("hand.added"));
  }
}
