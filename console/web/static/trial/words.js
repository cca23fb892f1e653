// The page's words in one language, and dates, times and numbers as that language writes them.

const KNOWN = ["ru", "en"];
const BASE = new URL("./words/", import.meta.url);
let words = {};
let zone = "UTC";
export let language = "ru";

/** What the visitor chose last, else the first of the browser's languages that is known, else English abroad. */
export function preferred() {
  const chosen = localStorage.getItem("language");
  if (KNOWN.includes(chosen)) return chosen;
  const wished = (navigator.languages || [navigator.language || "ru"]).map(one => one.slice(0, 2));
  return wished.find(one => KNOWN.includes(one)) || (wished.length ? "en" : "ru");
}

/** Loads a language and writes it into the page's skeleton. */
export async function speak(wanted) {
  const files = await Promise.all(
    ["page", "log"].map(async name => (await fetch(new URL(`${wanted}/${name}.json`, BASE))).json()),
  );
  words = Object.assign({}, ...files);
  language = wanted;
  localStorage.setItem("language", wanted);
  document.documentElement.lang = wanted;
  document.title = t("page.title");
  write("data-t", (one, text) => {
    one.textContent = text;
  });
  write("data-t-label", (one, text) => one.setAttribute("aria-label", text));
  write("data-t-title", (one, text) => one.setAttribute("title", text));
  write("data-t-placeholder", (one, text) => one.setAttribute("placeholder", text));
}

function write(attribute, put) {
  for (const one of document.querySelectorAll(`[${attribute}]`)) put(one, t(one.getAttribute(attribute)));
}

/** The salon's time zone: all times on the page are the salon's. */
export function setZone(name) {
  zone = name;
}

/** A word by its path, its {places} filled in; a table of plural forms is chosen from by `n`. */
export function t(path, places = {}) {
  const found = path.split(".").reduce((table, key) => table?.[key], words);
  if (found === undefined) return path;
  const text =
    typeof found === "string" ? found : (found[new Intl.PluralRules(language).select(places.n)] ?? found.other);
  return text.replace(/\{(\w+)\}/g, (_, name) => places[name] ?? "");
}

/** Whether there is such a word; for values that may be newer than the words. */
export const has = path => typeof path.split(".").reduce((table, key) => table?.[key], words) === "string";

/** The word for a literal value of an event's field; the value itself when it has none. */
export const valueWord = (field, value) =>
  has(`values.${field}.${value}`) ? t(`values.${field}.${value}`) : String(value);

const format = (options, at) =>
  new Intl.DateTimeFormat(language === "en" ? "en-GB" : "ru-RU", { timeZone: zone, ...options }).format(new Date(at));

/** `14:05` */
export const clock = at => format({ hour: "2-digit", minute: "2-digit" }, at);
/** `14:05:09` */
export const second = at => format({ hour: "2-digit", minute: "2-digit", second: "2-digit" }, at);
/** `ср, 26 нояб.` of an instant */
export const day = at => format({ weekday: "short", day: "numeric", month: "short" }, at);
/** `ср, 26 нояб., 14:05` */
export const when = at => `${day(at)}, ${clock(at)}`;

/** Parts of a calendar day given as `2026-11-25`, which has no zone. */
export function dayParts(text) {
  const options = wanted =>
    new Intl.DateTimeFormat(language === "en" ? "en-GB" : "ru-RU", { timeZone: "UTC", ...wanted }).format(
      new Date(`${text}T12:00:00Z`),
    );
  const weekday = new Date(`${text}T12:00:00Z`).getUTCDay();
  return {
    weekday: options({ weekday: "short" }),
    number: options({ day: "numeric" }),
    full: options({ weekday: "long", day: "numeric", month: "long" }),
    isWeekend: weekday === 0 || weekday === 6,
  };
}

/** Minutes since midnight by the salon's wall clock, and the calendar day. */
export function wall(at) {
  const parts = Object.fromEntries(
    new Intl.DateTimeFormat("en-GB", {
      timeZone: zone,
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
    })
      .formatToParts(new Date(at))
      .map(part => [part.type, part.value]),
  );
  return { day: `${parts.year}-${parts.month}-${parts.day}`, minutes: Number(parts.hour) * 60 + Number(parts.minute) };
}
