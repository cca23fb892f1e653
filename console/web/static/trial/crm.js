// The way to the CRM: its state in words, the switch of faults, what waits and how it melts.

import { at, el, fill, icon, svgEl, toast } from "./dom.js";
import { showPlan, summary } from "./plan.js";
import { act } from "./server.js";
import { done, store } from "./store.js";
import { second, t, valueWord } from "./words.js";

const MOST_SQUARES = 30;
const FIRST_MODES = ["ok", "auth"];
let glance = { key: "", text: "" };

export function setUpCrm() {
  at("cut").onclick = () => act("/crm", { mode: store.state.integration.mode === "ok" ? "auth" : "ok" });
  at("pause").onclick = () => act("/pause");
  at("resume").onclick = () => act("/resume");
  at("plan").onclick = showPlan;
  document.addEventListener("click", event => {
    if (!at("faults").contains(event.target)) at("faults").open = false;
  });
}

export function drawCrm() {
  const link = store.state.integration,
    state = stateOf(link);
  drawBridge(link, state.tone);
  drawSentence(link, state);
  drawWaits(link);
  drawCurve();
  drawControls(link);
}

/** The state's words and tone; what is broken without anybody having noticed is said as just that. */
function stateOf(link) {
  const waits = link.pending + link.unknown;
  if (link.state === "paused" && link.kind === "no_credentials" && !link.is_open)
    return { tone: "busy", word: "reading" };
  if (link.state === "paused") {
    if (link.kind === "operator") return { tone: "bad", word: "stopped" };
    return link.mode === "ok" ? { tone: "warn", word: "back" } : { tone: "bad", word: "paused" };
  }
  if (!link.is_open) return { tone: "busy", word: "reading" };
  if (link.mode !== "ok") return { tone: "warn", word: waits ? "retrying" : "unaware" };
  if (waits) return { tone: "busy", word: "sending" };
  return link.parked ? { tone: "warn", word: "parked" } : { tone: "good", word: "running" };
}

function drawBridge(link, tone) {
  const box = at("bridge");
  Object.assign(box.dataset, { state: tone, mode: link.mode });
  // What is amber beside a CRM that works is a stopped sender, or a question for a person.
  const badge = tone === "warn" && link.mode === "ok" ? (link.state === "paused" ? "bad" : "person") : tone;
  fill(box, `${tone}${store.state.head}${link.records}${link.mode}${t("crm.log")}`, () => [
    el(
      "div.end",
      {},
      icon("book"),
      el("div", {}, el("b", {}, t("crm.log")), el("small", {}, t("crm.events", { n: store.state.head }))),
    ),
    el(
      "div.wire",
      {},
      el("i"),
      el("i"),
      el("i"),
      el(
        "span.badge",
        {},
        icon({ good: "link", busy: "send", warn: "warn", bad: "cut" }[tone]),
        t(`state.short.${badge}`),
      ),
    ),
    el(
      "div.end.there",
      {},
      icon("calendar"),
      el("div", {}, el("b", {}, t("crm.there")), el("small", {}, t("crm.records", { n: link.records }))),
    ),
  ]);
}

function drawSentence(link, state) {
  const words = t(`state.${state.word}`, { kind: valueWord("kind", link.kind) });
  const isStill = link.state === "paused" && link.since;
  if (isStill && link.mode === "ok") glanceAtPlan(link);
  const plan = isStill && link.mode === "ok" ? glance.text : "";
  fill(at("sentence"), JSON.stringify([words, link.since, link.message, plan]), () => [
    el("b", {}, words),
    isStill &&
      el(
        "small",
        {},
        [
          t("crm.since", { time: second(link.since) }),
          link.message && t("crm.said", { message: link.message }),
          link.note,
        ]
          .filter(Boolean)
          .join(" · "),
      ),
    plan && el("span.glance", {}, plan),
  ]);
}

/** While everything stands still and the CRM answers, a line of the plan is shown unasked. */
async function glanceAtPlan(link) {
  const key = `${link.since}${store.state.head}${link.mode}${document.documentElement.lang}`;
  if (glance.key === key) return;
  glance = { key, text: glance.text };
  const text = await summary();
  if (text && store.state.outage === "back") done.add("plan");
  if (glance.key === key) {
    glance.text = text;
    if (store.state.integration.state === "paused")
      drawSentence(store.state.integration, stateOf(store.state.integration));
  }
}

function drawWaits(link) {
  const waits = link.pending + link.unknown + link.parked;
  const attempts = store.log.filter(event => event.type === "sync_attempted").length;
  const box = at("waits");
  box.classList.toggle("none", waits === 0);
  const kinds = [
    ...Array(link.parked).fill("parked"),
    ...Array(link.unknown).fill("unknown"),
    ...Array(link.pending).fill("pending"),
  ].slice(0, MOST_SQUARES);
  fill(box, JSON.stringify([kinds, waits, attempts, link.requests, t("crm.waits")]), () => [
    el("span.count", {}, waits ? `${t("crm.waits")}: ${waits}` : t("crm.waitsNone")),
    waits > 0 && el("span.pile", { "aria-hidden": "true" }, ...kinds.map(kind => el(`i.${kind}`))),
    link.unknown > 0 && el("small", {}, t("crm.unknown", { n: link.unknown })),
    link.parked > 0 && el("small", {}, t("crm.parked", { n: link.parked })),
    el("small", {}, `${t("crm.attempts", { n: attempts })} · ${t("crm.requests", { n: link.requests })}`),
  ]);
}

/** How many booking events waited for the CRM after each event of the log. */
function waiting() {
  const open = new Set(),
    curve = [];
  for (const event of store.log) {
    if (["booking_made", "booking_moved", "booking_cancelled"].includes(event.type)) open.add(event.position);
    if (event.type === "sync_succeeded" || event.type === "sync_skipped")
      for (const position of event.facts.covers) open.delete(position);
    curve.push(open.size);
  }
  return curve;
}

function drawCurve() {
  const all = waiting(),
    curve = all.slice(-160),
    most = Math.max(...curve, 1),
    now = curve[curve.length - 1] ?? 0;
  const label = t("crm.curve", { n: now, most: Math.max(...all, 0) });
  fill(at("curve"), JSON.stringify([all.length, now, label]), () => {
    const x = n => (n / Math.max(curve.length - 1, 1)) * 100,
      y = value => 30 - (value / most) * 27;
    const points = curve.flatMap((value, n) =>
      n ? [`${x(n)},${y(curve[n - 1])}`, `${x(n)},${y(value)}`] : [`${x(n)},${y(value)}`],
    );
    const svg = svgEl("svg", { viewBox: "0 0 100 32", preserveAspectRatio: "none", role: "img", "aria-label": label });
    const title = svgEl("title");
    title.textContent = label;
    svg.append(
      title,
      svgEl("polygon", { class: "area", points: `0,30 ${points.join(" ")} 100,30` }),
      svgEl("line", { class: "base", x1: 0, x2: 100, y1: 30, y2: 30 }),
      svgEl("polyline", { class: "line", points: points.join(" ") }),
    );
    return svg;
  });
}

function drawControls(link) {
  const isBroken = link.mode !== "ok",
    isStill = link.state === "paused";
  fill(at("cut"), `${isBroken}${t("crm.cut")}`, () => [
    icon(isBroken ? "link" : "cut"),
    isBroken ? t("crm.mend") : t("crm.cut"),
  ]);
  at("cut").className = isBroken ? (isStill ? "primary" : "") : "danger";
  at("pause").hidden = isStill;
  at("resume").hidden = !isStill || !link.since;
  at("resume").className = isStill && !isBroken ? "primary" : "";
  const modes = [...FIRST_MODES, ...store.salon.modes.filter(mode => !FIRST_MODES.includes(mode))];
  fill(at("modes"), `${link.mode}${t("crm.others")}`, () =>
    modes.map(mode =>
      el(
        "label",
        {},
        el("input", {
          type: "radio",
          name: "mode",
          value: mode,
          checked: mode === link.mode,
          onchange: () => turnTo(mode),
        }),
        el("span", {}, t(`faults.${mode}.title`)),
        el("small", {}, t(`faults.${mode}.about`)),
      ),
    ),
  );
}

async function turnTo(mode) {
  at("faults").open = false;
  if (await act("/crm", { mode })) toast(`${t("crm.faults")}: ${t(`faults.${mode}.title`)}`);
}
