// Elements made and changed without ever reading text as markup.

const SVG = "http://www.w3.org/2000/svg";

/** An element by its id; the page's skeleton has them all. */
export const at = id => document.getElementById(id);

/** `el("button.quiet", {onclick}, "text", child)`: text is text, never markup; null and false children are left out. */
export function el(what, properties = {}, ...children) {
  const [tag, ...classes] = what.split(".");
  const made = document.createElement(tag);
  if (classes.length) made.className = classes.join(" ");
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on") || name in { className: 1, value: 1, checked: 1, disabled: 1, hidden: 1, open: 1 })
      made[name] = value;
    else if (name === "data") Object.assign(made.dataset, value);
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.flat().filter(child => child !== null && child !== undefined && child !== false));
  return made;
}

/** An icon of icons.svg; decoration only, words stand beside it. */
export function icon(name) {
  const svg = svgEl("svg", { class: "ico", "aria-hidden": "true" });
  svg.append(svgEl("use", { href: `/static/trial/icons.svg#${name}` }));
  return svg;
}

export function svgEl(tag, attributes = {}) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

/** Puts children into an element instead of what was there; does nothing when `key` is the one of last time. */
export function fill(box, key, make) {
  if (box.dataset.drawn === key) return false;
  box.dataset.drawn = key;
  box.replaceChildren(...[make()].flat().filter(Boolean));
  return true;
}

let hiding = 0;

/** A short sentence at the bottom, read out to those who listen. */
export function toast(text) {
  const box = at("toast");
  box.textContent = text;
  // Above an open dialog too.
  if (box.matches(":popover-open")) box.hidePopover();
  box.showPopover();
  requestAnimationFrame(() => box.classList.add("shown"));
  clearTimeout(hiding);
  hiding = setTimeout(() => box.classList.remove("shown"), 4500);
}
