// Asking and telling the program; what goes wrong is said in words at the bottom of the page.

import { toast } from "./dom.js";
import { t } from "./words.js";

/** Nobody answers at the program's address. */
export class GoneError extends Error {}

/** JSON of a GET. Throws GoneError when the program is gone, and an Error with its words when it refuses. */
export async function ask(path, parameters = {}) {
  const query = new URLSearchParams(
    Object.entries(parameters).filter(([, value]) => value !== null && value !== undefined && value !== ""),
  );
  const answer = await fetch(`${path}?${query}`).catch(() => {
    throw new GoneError(t("page.gone"));
  });
  if (!answer.ok) throw new Error(await answer.text());
  return answer.json();
}

/** Does something; gives the program's answer, or null after having said why it could not be done. */
export async function act(path, body = {}) {
  try {
    const answer = await fetch(path, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    if (answer.ok) return await answer.json();
    toast(t("page.failed", { why: await answer.text() }));
  } catch {
    toast(t("page.gone"));
  }
  return null;
}
