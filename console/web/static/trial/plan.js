// What resuming would do, before it is done.

import { staffName } from "./describe.js";
import { el } from "./dom.js";
import { closeDrawer, fillDrawer, openDrawer } from "./drawer.js";
import { act, ask } from "./server.js";
import { done, store } from "./store.js";
import { has, t, when } from "./words.js";

const COUNTED = ["create", "move", "cancel", "skip", "look_up", "past", "conflict"];

/** Opens the plan; seen with something in it, it counts for the walk. */
export async function showPlan() {
  const shown = openDrawer(t("plan.title"), [
    el("p.what-it-is", {}, t("plan.what")),
    el("p", { role: "status" }, t("plan.loading")),
  ]);
  const plan = await ask("/plan");
  if (plan.items.length) done.add("plan");
  fillDrawer(shown, body(plan));
}

/** The plan in one line; '' when there is nothing to do or the CRM cannot be asked. */
export async function summary() {
  try {
    const words = counts(await ask("/plan"))
      .map(([, text]) => text)
      .join(" · ");
    return words && t("plan.summary", { counts: words });
  } catch {
    return "";
  }
}

const counts = plan =>
  COUNTED.filter(kind => plan[kind]).map(kind => [kind, t(`plan.counts.${kind}`, { n: plan[kind] })]);

function body(plan) {
  const isRunning = store.state.integration.state === "running";
  return [
    el("p.what-it-is", {}, t("plan.what")),
    plan.items.length
      ? el("div.counts", {}, ...counts(plan).map(([kind, text]) => el(`span.${kind}`, {}, text)))
      : el("p", {}, t("plan.empty")),
    plan.conflict === null && el("p.what-it-is", {}, t("plan.unknown")),
    el("ol.planned", {}, ...plan.items.map(line)),
    isRunning ? el("p.what-it-is", {}, t("plan.running")) : resuming(plan),
  ];
}

function line(item) {
  const isTold = item.step === "remove" || (item.operation === "conflict" && item.step === "parked");
  const step = isTold ? item.step : item.operation;
  const why =
    item.conflict && has(`values.kind.${item.conflict}`) && step === "parked"
      ? t(`values.kind.${item.conflict}`)
      : t(`plan.why.${step}`, { id: item.record_id });
  return el(
    "li",
    {},
    el("b", {}, t(`plan.steps.${step}`)),
    el("time", {}, when(item.starts_at)),
    el("small", {}, `${item.code} · ${staffName(item.staff_id)} · ${why}`),
  );
}

function resuming(plan) {
  const choice = value =>
    el("label", {}, el("input", { type: "radio", name: "past", value, checked: value === "ask" }), t(`plan.${value}`));
  const resume = async event => {
    event.preventDefault();
    if (await act("/resume", { past: new FormData(event.target).get("past") })) closeDrawer();
  };
  return el(
    "form",
    { onsubmit: resume },
    el(
      "fieldset.choice",
      {},
      el("legend", {}, t("plan.past"), !plan.past && el("small", {}, ` (${t("plan.pastNone")})`)),
      choice("ask"),
      choice("send"),
      choice("skip"),
    ),
    el("div.actions", {}, el("button.primary", { type: "submit" }, t("plan.resume"))),
  );
}
