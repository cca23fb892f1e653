// The walk: steps that tick themselves off when the log shows that they happened; and the play that walks by itself.

import { at, el, fill, icon } from "./dom.js";
import { act } from "./server.js";
import { done, store } from "./store.js";
import { t } from "./words.js";

const STEPS = ["book", "sent", "cut", "blind", "regret", "plan", "resume", "verify"];
const PLAY = ["calm", "cut", "blind", "regret", "back", "replay"];
/** Where each step is done; the parts of the page, and the view they are in on a narrow screen. */
const PLACES = {
  book: ["#chat"],
  sent: ["#board"],
  cut: ["#cut"],
  blind: ["#chat"],
  regret: ["#chat"],
  plan: ["#cut", "#plan"],
  resume: ["#resume"],
  verify: ["#verify"],
};
let looked = null;

export function setUpTour() {
  at("play").onclick = async () => {
    looked = null;
    store.isDayChosen = false;
    await act("/outage");
    store.isDayChosen = false;
  };
}

/** Which steps have happened. An outage counts from the first refusal on, whichever way it was made. */
function ticked() {
  const has = new Set();
  let isOut = false,
    isStill = false;
  for (const event of store.log) {
    if (event.type === "booking_made") has.add("book");
    if (event.type === "sync_succeeded") has.add("sent");
    if (
      event.type === "sync_failed" ||
      (event.type === "integration_paused" && event.facts.kind !== "no_credentials" && event.facts.kind !== "operator")
    )
      isOut = isStill = true;
    if (isOut) {
      has.add("cut");
      has.add("blind");
    }
    if (["booking_cancelled", "booking_moved"].includes(event.type) && isStill) has.add("regret");
    if (event.type === "integration_resumed" && isOut) {
      isStill = false;
      has.add("resume");
    }
  }
  const link = store.state.integration;
  if (link.mode !== "ok") has.add("cut");
  if (link.pending + link.unknown > 0) has.delete("resume");
  if (done.has("plan")) has.add("plan");
  if (done.has("verify")) has.add("verify");
  return has;
}

/** The first step not done; after the outage nobody is sent back into it. */
function nextOf(has) {
  const from = has.has("resume") ? STEPS.indexOf("resume") : 0;
  return STEPS.slice(from).find(step => !has.has(step)) ?? null;
}

export function drawTour() {
  const has = ticked(),
    current = nextOf(has),
    playing = store.state.outage;
  const isPlaying = playing !== null && playing !== "done";
  if (isPlaying && playing !== "calm") looked = null;
  drawSteps(has, current);
  drawText(has, current, playing, isPlaying);
  at("play").disabled = isPlaying;
  fill(at("play"), `${isPlaying}${t("tour.play")}`, () =>
    isPlaying ? t("tour.playing") : [icon("play"), t("tour.play")],
  );
  point(isPlaying ? null : current);
}

function drawSteps(has, current) {
  fill(at("steps"), JSON.stringify([[...has], current, looked, t("tour.title")]), () =>
    STEPS.map((step, n) => {
      const isDone = has.has(step),
        label = t("tour.step", { n: n + 1, of: STEPS.length });
      const state = isDone ? t("tour.done") : step === current ? t("tour.now") : "";
      return el(
        "li",
        { className: [isDone && "done", step === (looked ?? current) && "current"].filter(Boolean).join(" ") },
        el(
          "button",
          {
            type: "button",
            "aria-label": [label, t(`tour.steps.${step}.short`), state].filter(Boolean).join(", "),
            "aria-current": step === current ? "step" : null,
            onclick: () => {
              looked = looked === step ? null : step;
              drawTour();
            },
          },
          el("span.dot", {}, isDone ? icon("check") : String(n + 1)),
          el("span.label", {}, t(`tour.steps.${step}.short`)),
        ),
      );
    }),
  );
}

/** What to do now and what the last thing done has proved; while the play plays, its caption. */
function drawText(has, current, playing, isPlaying) {
  if (isPlaying || (playing === "done" && !looked && current !== null && current === "plan")) {
    const bars = PLAY.map((step, n) => el(n <= PLAY.indexOf(playing) || playing === "done" ? "i.on" : "i"));
    fill(at("step-do"), `play ${playing}${t("tour.title")}`, () =>
      el("span.caption", {}, el("span.bars", { "aria-hidden": "true" }, ...bars), t(`outage.${playing}`)),
    );
    fill(at("step-proves"), "", () => []);
    return;
  }
  const step = looked ?? current,
    before = looked ?? STEPS[STEPS.indexOf(current ?? "") - 1] ?? (current ? null : "verify");
  fill(at("step-do"), `${step}${t("tour.title")}`, () =>
    step
      ? [el("strong", {}, `${STEPS.indexOf(step) + 1}. ${t(`tour.steps.${step}.short`)}. `), t(`tour.steps.${step}.do`)]
      : [el("strong", {}, t("tour.all"))],
  );
  fill(at("step-proves"), `${before}${has.has(before)}${t("tour.title")}`, () =>
    before && has.has(before) ? [icon("check"), t(`tour.steps.${before}.proves`)] : [],
  );
}

/** Draws the eye to where the current step is done. */
function point(step) {
  const wanted = new Set(
    (PLACES[step] ?? []).map(place => document.querySelector(place)).filter(one => one && !one.hidden),
  );
  if (step === "plan" && store.state.integration.mode === "ok") wanted.delete(at("cut"));
  if (step === "plan" && store.state.integration.mode !== "ok") wanted.delete(at("plan"));
  for (const one of document.querySelectorAll(".wanted")) if (!wanted.has(one)) one.classList.remove("wanted");
  for (const one of wanted) one.classList.add("wanted");
}
