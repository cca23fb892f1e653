// An event in plain words: its facts one after the other, names from the catalogue, personal fields as a lock.

import { el, icon } from "./dom.js";
import { store } from "./store.js";
import { clock, has, second, t, valueWord, when } from "./words.js";

/** Which filter an event belongs to; the sign it is drawn with; its tone. */
const KINDS = {
  catalog_published: ["catalog", "book"],
  shifts_published: ["catalog", "calendar"],
  client_registered: ["clients", "person"],
  language_chosen: ["clients", "person"],
  consent_given: ["clients", "shield"],
  consent_withdrawn: ["clients", "shield", "warn"],
  erasure_requested: ["clients", "gone", "warn"],
  erasure_called_off: ["clients", "person"],
  personal_data_viewed: ["clients", "lock"],
  slot_held: ["bookings", "hold"],
  hold_lapsed: ["bookings", "back"],
  booking_made: ["bookings", "check", "good"],
  booking_moved: ["bookings", "move", "good"],
  booking_cancelled: ["bookings", "leave", "warn"],
  visit_confirmed: ["bookings", "check", "good"],
  reminder_attempted: ["clients", "bell"],
  reminder_sent: ["clients", "bell", "good"],
  reminder_failed: ["clients", "bell", "warn"],
  notice_sent: ["integration", "bell"],
  notice_failed: ["integration", "bell", "warn"],
  integration_paused: ["integration", "cut", "bad"],
  integration_resumed: ["integration", "link", "good"],
  crm_answered: ["integration", "link", "good"],
  crm_connected: ["integration", "link"],
  baseline_imported: ["integration", "calendar"],
  sync_attempted: ["sync", "send", "way"],
  sync_succeeded: ["sync", "check", "way"],
  sync_failed: ["sync", "warn", "bad"],
  sync_skipped: ["sync", "gone", "way"],
  conflict_found: ["sync", "warn", "bad"],
  crm_booking_seen: ["integration", "hand"],
  conflict_resolved: ["sync", "check", "way"],
  crm_booking_moved: ["integration", "hand"],
  crm_booking_removed: ["integration", "hand", "warn"],
  crm_change_braked: ["integration", "warn", "bad"],
  crm_change_accepted: ["integration", "check"],
  crm_change_subsided: ["integration", "check"],
  checkpoint_signed: ["integration", "shield", "good"],
  client_notice_sent: ["clients", "bell", "good"],
  client_notice_failed: ["clients", "bell", "warn"],
  client_erased: ["clients", "gone", "warn"],
  crm_client_removed: ["clients", "gone"],
  crm_client_kept: ["clients", "warn", "bad"],
};

export const FILTERS = ["all", "bookings", "sync", "integration", "clients", "catalog"];
export const kindOf = type => KINDS[type]?.[0] ?? "bookings";
export const signOf = type => KINDS[type]?.[1] ?? "book";
export const toneOf = type => KINDS[type]?.[2] ?? "";

/** The event's name in words; its stored name when it is newer than the words. */
export const titleOf = event => (has(`events.${event.type}.title`) ? t(`events.${event.type}.title`) : event.type);

const staffName = id => store.salon.staff[id] ?? `№\u00a0${id}`;
export const serviceNames = ids => ids.map(id => store.salon.services[id] ?? `№\u00a0${id}`).join(", ");
export const slotWords = slot => `${staffName(slot.staff_id)}, ${when(slot.starts_at)}–${clock(slot.ends_at)}`;
export { staffName };

/** How each field is told, in the order of telling; a field that says nothing to people is not here. */
const TELL = [
  ["salon", value => value],
  ["services", value => (value[0]?.title ? null : serviceNames(value.map(one => one.service_id)))],
  ["service_ids", value => serviceNames(value)],
  ["operation", value => valueWord("operation", value)],
  ["slot", slotWords],
  ["from_slot", value => t("part.from", { when: slotWords(value) })],
  ["expires_at", value => t("part.until", { time: clock(value) })],
  ["awaits", value => valueWord("awaits", value)],
  ["purpose", value => valueWord("purpose", value)],
  ["version", value => t("part.version", { version: value })],
  ["due_on", value => t("part.due", { day: value.split("-").reverse().join(".") })],
  ["what", value => value.map(one => valueWord("what", one)).join(", ")],
  ["where", value => value],
  ["number", value => (value > 1 ? t("part.attempt", { n: value }) : null)],
  ["outcome", value => valueWord("outcome", value)],
  ["answer", value => valueWord("answer", value)],
  ["kind", value => valueWord("kind", value)],
  ["reason", value => valueWord("reason", value)],
  ["seen_by", value => valueWord("seen_by", value)],
  ["past", value => (value === "ask" ? null : valueWord("past", value))],
  ["records", value => t("part.records", { n: value })],
  ["record_id", value => t("part.record", { id: value })],
  ["record_ids", value => value.map(id => t("part.record", { id })).join(", ")],
  ["basis", value => valueWord("basis", value)],
  ["crm", value => valueWord("crm", value)],
  ["retry_at", value => t("part.retry", { time: second(value) })],
  ["parked", () => t("part.parked")],
  ["language", value => valueWord("language", value)],
];

/** What an event says, as text without its sealed fields. */
export function says(event) {
  const facts = event.facts;
  const parts = TELL.filter(([field]) => facts[field] !== undefined && facts[field] !== null).map(([field, tell]) =>
    tell(facts[field]),
  );
  if (event.type === "shifts_published") parts.unshift(staffName(facts.staff_id));
  if (typeof facts.message === "string" && facts.message) parts.push(`«${facts.message}»`);
  return parts.filter(Boolean).join(" · ");
}

const isSealed = value => value !== null && typeof value === "object" && "sealed" in value && "for" in value;

/** A lock for every sealed field of the event. */
export function locks(event) {
  return Object.entries(event.facts)
    .filter(([, value]) => isSealed(value))
    .map(([field]) =>
      el(
        "span.sealed",
        { title: t("sealed.tip") },
        icon("lock"),
        has(`sealed.${field}`) ? t(`sealed.${field}`) : t("sealed.other"),
      ),
    );
}

/** The stored JSON, indented, its sealed blobs shortened and marked. */
export function storedJson(text) {
  const parsed = JSON.parse(text, (_, value) =>
    isSealed(value) ? `🔒${value.for}: ${value.sealed.slice(0, 22)}…` : value,
  );
  const pieces = JSON.stringify(parsed, null, 2).split(/("🔒[^"]*")/);
  return pieces.map(piece =>
    piece.startsWith('"🔒') ? el("mark", { title: t("sealed.tip") }, icon("lock"), " ", piece.slice(3, -1)) : piece,
  );
}
