// One booking's story, and one event as it is stored.

import { storedJson, titleOf, toneOf } from "./describe.js";
import { el, icon, toast } from "./dom.js";
import { fillDrawer, openDrawer } from "./drawer.js";
import { act, ask } from "./server.js";
import { store } from "./store.js";
import { has, language, second, t, valueWord } from "./words.js";

/** The booking's life, a line an event. `recordId` is its record in the CRM, if one stands there. */
export async function showStory(bookingId, recordId = null) {
  const story = await ask(`/story/${bookingId}`, { language });
  let told = story.lines.length;
  // The address leads to this story, also tomorrow in another window.
  history.replaceState(null, "", `#story/${bookingId}`);
  const shown = openDrawer(`${t("story.title")} ${story.code}`, storyBody(story, recordId), async () => {
    const now = await ask(`/story/${bookingId}`, { language });
    if (now.lines.length !== told) {
      told = now.lines.length;
      fillDrawer(shown, storyBody(now, recordId));
    }
  });
}

/** Opens the story the address asks for, if it asks for one. */
export function showLinked() {
  const asked = /^#story\/(\d+)$/.exec(location.hash);
  if (asked && store.log.some(event => event.facts.booking_id === Number(asked[1]))) showStory(Number(asked[1]));
}

/** A record that somebody entered in the CRM by hand: nothing to tell but that. */
export function showRecord(block, words) {
  openDrawer(words, [el("p.what-it-is", {}, t("story.none")), removal(block.record_id)]);
}

function storyBody(story, recordId) {
  const lines = story.lines.map(line =>
    el(
      "li",
      { className: toneOf(line.type) },
      el(
        "button",
        { type: "button", onclick: () => showEvent(line.position, () => showStory(story.booking_id, recordId)) },
        ...sentence(line),
        el("small", {}, `${t("story.event", { n: line.position })} · `, el("code", {}, line.type)),
      ),
    ),
  );
  return [el("p.what-it-is", {}, t("story.what")), el("ol.life", {}, ...lines), recordId && removal(recordId)];
}

/** `24 ноября 2026, 09:05 — Запись сделана: …`, its moment apart from what is told. */
function sentence(line) {
  const [moment, ...told] = line.line.split(" — ");
  return [el("time", {}, moment), told.join(" — ")];
}

function removal(recordId) {
  const remove = async () => {
    if (await act(`/crm/records/${recordId}/delete`)) toast(t("hand.removed"));
  };
  return el(
    "div.actions",
    {},
    el("button.danger", { type: "button", onclick: remove }, icon("hand"), ` ${t("hand.remove")}`),
  );
}

/** The event with its place in the chain, exactly as it is stored; `back` leads to what it was opened from. */
export async function showEvent(position, back = null) {
  const event = await ask(`/event/${position}`);
  const data = JSON.parse(event.data);
  const about = has(`events.${event.type}.about`) ? t(`events.${event.type}.about`) : "";
  openDrawer(`${t("event.title", { n: position })}: ${titleOf(event)}`, [
    back && el("button.quiet.back", { type: "button", onclick: back }, icon("back"), ` ${t("event.back")}`),
    el("p.what-it-is", {}, about),
    el(
      "dl.facts",
      {},
      el("dt", {}, t("event.recorded")),
      el("dd", {}, second(event.recorded_at), " · ", el("code", {}, event.recorded_at)),
      el("dt", {}, t("event.who")),
      el("dd", {}, valueWord("by", data.by.kind)),
      el("dt", {}, t("event.tags")),
      el("dd", {}, el("code", {}, event.tags.filter(tag => !tag.startsWith("command:")).join("  "))),
    ),
    el("h3", {}, t("event.data")),
    el("div.stored", {}, ...storedJson(event.data)),
    el("h3", {}, t("event.chain")),
    chain(event),
    el("p.what-it-is", {}, t("event.chainWhat")),
  ]);
}

function chain(event) {
  const before =
    event.position > 1
      ? `${t("part.position", { n: event.position - 1 })}: ${t("event.previous")}`
      : t("event.genesis");
  return el(
    "div.chain",
    {},
    el("div", {}, el("small", {}, before), el("code", {}, event.previous_hash)),
    el("span", {}, "↓"),
    el(
      "div.own",
      {},
      el("small", {}, `${t("part.position", { n: event.position })}: ${t("event.own")}`),
      el("code", {}, event.hash),
    ),
  );
}
