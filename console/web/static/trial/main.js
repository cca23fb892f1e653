// The page: loads the words, follows the program's stream, and lets every part draw what changed.

import { drawBoard, forgetBoard, setUpBoard } from "./board.js";
import { drawChat, forgetChat, setUpChat } from "./chat.js";
import { showLinked } from "./closeup.js";
import { drawCrm, setUpCrm } from "./crm.js";
import { at, icon, toast } from "./dom.js";
import { redrawDrawer, setUpDrawer } from "./drawer.js";
import { setUpHand } from "./hand.js";
import { drawLog, forgetLog, setUpLog } from "./log.js";
import { GoneError, ask } from "./server.js";
import { catchUp, store } from "./store.js";
import { drawTour, setUpTour } from "./tour.js";
import { drawTravel, go, past, setUpTravel } from "./travel.js";
import { drawVerify, setUpVerify } from "./verify.js";
import { preferred, setZone, speak, t } from "./words.js";

let isBusy = false;
let isWanted = false;

function draw() {
  drawTour();
  drawChat();
  drawCrm();
  drawTravel();
  drawBoard();
  drawLog();
  drawVerify();
}

/** One question at a time; what changed meanwhile is asked for right after. */
async function refresh() {
  if (isBusy) {
    isWanted = true;
    return;
  }
  isBusy = true;
  try {
    await catchUp();
    at("gone").hidden = true;
    draw();
    redrawDrawer();
  } catch (error) {
    if (!(error instanceof GoneError)) throw error;
    tellItIsGone();
  } finally {
    isBusy = false;
    if (isWanted) {
      isWanted = false;
      refresh();
    }
  }
}

function tellItIsGone() {
  at("gone").textContent = t("page.gone");
  at("gone").hidden = false;
}

async function turnLanguage(language) {
  await speak(language);
  for (const button of document.querySelectorAll("[data-language]"))
    button.setAttribute("aria-pressed", String(button.dataset.language === language));
  forgetChat();
  forgetBoard();
  if (store.state) {
    forgetLog();
    draw();
  }
}

function chooseDay(day) {
  store.day = day;
  store.isDayChosen = true;
  if (past()) go(Number(at("travel-slider").value));
  refresh();
}

/** How much of the window stands above the panels. */
function measure() {
  document.querySelector("main").style.setProperty("--top", `${document.querySelector("main").offsetTop}px`);
}

function turnView(view) {
  document.body.dataset.view = view;
  for (const button of document.querySelectorAll(".views button"))
    button.setAttribute("aria-pressed", String(button.dataset.view === view));
}

function setUp() {
  setUpDrawer();
  setUpChat(refresh);
  setUpCrm();
  setUpBoard(chooseDay);
  setUpHand();
  setUpTravel(draw);
  setUpLog();
  setUpVerify(refresh);
  setUpTour();
  new ResizeObserver(measure).observe(document.querySelector(".tour"));
  at("drawer-close").append(icon("close"));
  for (const button of document.querySelectorAll("[data-language]"))
    button.onclick = () => turnLanguage(button.dataset.language);
  for (const button of document.querySelectorAll(".views button")) button.onclick = () => turnView(button.dataset.view);
  for (const what of document.querySelectorAll(".what")) {
    document.addEventListener("click", event => {
      if (!what.contains(event.target)) what.open = false;
    });
    what.addEventListener("keydown", event => {
      if (event.key === "Escape") {
        what.open = false;
        what.querySelector("summary").focus();
      }
    });
  }
}

store.salon = await ask("/salon");
setZone(store.salon.zone);
at("salon-name").textContent = store.salon.name;
setUp();
await turnLanguage(preferred());
turnView("chat");
await catchUp();
forgetLog();
draw();
document.body.classList.remove("loading");
addEventListener("unhandledrejection", event => toast(t("page.failed", { why: event.reason.message })));
showLinked();
addEventListener("hashchange", showLinked);
const stream = new EventSource("/stream");
stream.onmessage = refresh;
stream.onerror = tellItIsGone;
