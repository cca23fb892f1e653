// The newest page of the log keeps itself up to date. Without this script a reload does the same.
"use strict";

const log = document.querySelector("#log[data-live]");

async function renew() {
  if (window.scrollY > 300) {
    // Somebody is reading further down: lines must not jump away under their eyes.
    document.getElementById("news").hidden = false;
    return;
  }
  const answer = await fetch(location.href);
  if (!answer.ok || answer.redirected) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.getElementById("log");
  if (fresh) document.getElementById("log").replaceWith(fresh);
}

if (log) {
  const tail = new EventSource(`/live?seen=${log.dataset.head}`);
  tail.onmessage = renew;
}
