// A client's phone: whose it is, what was said, what can be pressed.

import { at, el, icon, toast } from "./dom.js";
import { act } from "./server.js";
import { store } from "./store.js";
import { clock, t } from "./words.js";

const seen = new Map();
let shown = { chatId: null, messages: [] };
let changeChat = () => {};

export function setUpChat(onChange) {
  changeChat = onChange;
  at("say").querySelector("button").append(icon("send"));
  at("say").onsubmit = event => {
    event.preventDefault();
    const text = at("say-text").value.trim();
    if (text) act("/text", { chat_id: store.chatId, text });
    at("say-text").value = "";
  };
  at("again").onclick = deliverAgain;
  new ResizeObserver(toTheEnd).observe(at("messages"));
}

/** Everything anew, for another language. */
export function forgetChat() {
  shown = { chatId: null, messages: [] };
}

export function drawChat() {
  const { chats, chat } = store.state;
  const current = chats.find(one => one.chat_id === store.chatId);
  if (current) seen.set(current.chat_id, current.stamp);
  drawPeople(chats);
  if (!chat) return;
  drawMessages(chat, current);
  drawKeyboard(chat, current);
}

function drawPeople(chats) {
  const tabs = chats.map((chat, n) => {
    if (!seen.has(chat.chat_id) && chat.part !== "guest") seen.set(chat.chat_id, chat.stamp);
    const isCurrent = chat.chat_id === store.chatId,
      isNew = seen.get(chat.chat_id) !== chat.stamp;
    const face = el(
      `span.face.c${n % 6}`,
      { "aria-hidden": "true" },
      chat.part === "staff" ? icon("group") : chat.name.slice(0, 1),
    );
    const tip = `${chat.name}: ${t(`chat.${chat.part}`)}${isNew ? `, ${t("chat.unread")}` : ""}`;
    return el(
      "button",
      {
        type: "button",
        "aria-pressed": String(isCurrent),
        "aria-label": tip,
        title: tip,
        onclick: () => turnTo(chat.chat_id),
      },
      face,
      chat.name,
      chat.language === "en" && el("small", {}, "EN"),
      isNew && el("span.unread"),
    );
  });
  const box = at("people"),
    hadFocus = box.contains(document.activeElement);
  box.replaceChildren(...tabs);
  if (hadFocus) box.querySelector("[aria-pressed=true]")?.focus();
}

function turnTo(chatId) {
  store.chatId = chatId;
  shown = { chatId: null, messages: [] };
  changeChat();
}

/** Only messages that changed are drawn anew; the keyboard's user finds the first button of the newest one. */
function drawMessages(chat, current) {
  const box = at("messages");
  if (shown.chatId !== chat.chat_id) {
    box.replaceChildren();
    if (current?.part === "guest") box.append(el("p.note", {}, t("chat.watch")));
    if (current?.part === "staff") box.append(el("p.note", {}, t("chat.staffNote")));
    shown = { chatId: chat.chat_id, messages: [] };
  }
  const hadFocus = box.contains(document.activeElement) && document.activeElement !== box;
  let changed = null;
  chat.messages.forEach((message, n) => {
    const text = JSON.stringify(message),
      before = shown.messages[n];
    if (before?.text === text) return;
    const drawn = drawMessage(message);
    if (before) before.drawn.replaceWith(drawn);
    else box.append(drawn);
    shown.messages[n] = { text, drawn };
    changed = drawn;
  });
  if (!changed) return;
  toTheEnd();
  if (hadFocus && document.activeElement === document.body) (changed.querySelector("button") ?? box).focus();
}

function drawMessage(message) {
  const time = el("time", {}, clock(message.sent_at * 1000));
  const rows = message.buttons.map(row =>
    el(
      "div",
      {},
      ...row.map(button =>
        el(
          button.text.trim() ? "button" : "button.blank",
          {
            type: "button",
            onclick: () => act("/tap", { chat_id: store.chatId, message_id: message.message_id, data: button.data }),
          },
          button.text,
        ),
      ),
    ),
  );
  return el(
    message.from_bot ? "div.message" : "div.message.mine",
    {},
    el("div.bubble", {}, message.text, time),
    rows.length > 0 && el("div.keys", {}, ...rows),
  );
}

/** The keys the bot put below the chat; in the staff's, which has none, the commands it knows. */
function drawKeyboard(chat, current) {
  const commands = current?.part === "staff" ? store.salon.staff_commands.map(text => ({ text })) : [];
  const keys = [...chat.keyboard.flat(), ...commands].map(key =>
    el(
      key.request_contact ? "button.share" : "button",
      {
        type: "button",
        onclick: () =>
          key.request_contact
            ? act("/contact", { chat_id: store.chatId })
            : act("/text", { chat_id: store.chatId, text: key.text }),
      },
      key.text,
    ),
  );
  const box = at("keyboard");
  box.replaceChildren(...keys);
  box.hidden = keys.length === 0;
}

async function deliverAgain() {
  const answer = await act("/again", { chat_id: store.chatId });
  if (answer) toast(answer.stored ? t("chat.againSome", { n: answer.stored }) : t("chat.againNone"));
}

function toTheEnd() {
  at("messages").scrollTop = at("messages").scrollHeight;
}
