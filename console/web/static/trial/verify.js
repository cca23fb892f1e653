// The log's proof: recomputed on demand, forged on demand, put back.

import { at, el, icon, toast } from "./dom.js";
import { act } from "./server.js";
import { done, store } from "./store.js";
import { has, t } from "./words.js";

let verdict = null;
let redraw = () => {};

export function setUpVerify(onChange) {
  redraw = onChange;
  at("verify").onclick = verify;
  at("forge").onclick = forge;
  at("restore").onclick = restore;
}

export function drawVerify() {
  const isForged = store.state.forged !== null;
  at("forge").hidden = isForged;
  at("restore").hidden = !isForged;
  at("forge").disabled = !store.log.some(event => event.type === "booking_made");
  if (!at("verify").querySelector(".ico")) at("verify").prepend(icon("shield"));
  drawVerdict();
}

async function verify() {
  at("verdict").replaceChildren(t("verify.running"));
  verdict = await act("/verify");
  if (verdict) done.add("verify");
  redraw();
}

async function forge() {
  const answer = await act("/forge");
  if (!answer) return;
  verdict = null;
  toast(t("verify.forged", { n: answer.position }));
}

async function restore() {
  if (!(await act("/restore"))) return;
  verdict = null;
  toast(t("verify.restored"));
}

const reasonWords = reason => (has(`verify.reasons.${reason}`) ? t(`verify.reasons.${reason}`) : reason);

function drawVerdict() {
  const box = at("verdict");
  box.className = verdict && !verdict.ok ? "bad" : "";
  if (!verdict) {
    box.replaceChildren(store.state.forged === null ? "" : t("verify.forged", { n: store.state.forged }));
  } else if (verdict.ok) {
    const [before, after] = t("verify.checked", { hash: "\u0000" }).split("\u0000");
    box.replaceChildren(
      el("b", {}, icon("check"), t("verify.good", { n: verdict.events })),
      before,
      el("code", { title: verdict.head_hash }, `${verdict.head_hash.slice(0, 16)}…`),
      after,
    );
  } else {
    box.replaceChildren(
      el("b", {}, icon("warn"), t("verify.bad", { n: verdict.first_bad_position })),
      t("verify.badWhat", { reason: reasonWords(verdict.reason) }),
    );
  }
}
