// Keeps a KPI page fresh: the same address is asked again once a minute while the page is looked at, and when it is looked at
// again, and what has changed is put into its place. Saves charts as pictures. Without it everything works too, page by page.
import { age, parsed, serverNow } from "./watch.js";

const OFTEN = 60_000;
// Figures that are older say so.
const OLD = 90_000;

let askedAt = performance.now();
let asking = false;

// ——— Fresh ———

// A part is left alone while somebody writes in it.
const writes = (part) => part.contains(document.activeElement) && /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement.tagName);
const targets = (part) => [...part.querySelectorAll("a, button, summary")];
// What is open has a name: of its own, or of its menu.
const named = (details) => details.dataset.keep ?? details.dataset.menu;

/** What a part says, but for what this script does to it. */
function says(part) {
  const copy = part.cloneNode(true);
  for (const open of copy.querySelectorAll("details[open]")) open.removeAttribute("open");
  for (const own of copy.querySelectorAll("[data-age], [data-copied]")) own.textContent = "";
  for (const late of copy.querySelectorAll("[data-png], [data-print]")) late.hidden = true;
  return copy.innerHTML;
}

function take(page) {
  document.title = page.title;
  for (const part of document.querySelectorAll("[data-swap]")) {
    const fresh = page.querySelector(`[data-swap="${CSS.escape(part.dataset.swap)}"]`);
    if (!fresh || writes(part) || says(part) === says(fresh)) continue;
    const open = [...part.querySelectorAll("details[open]")].map(named);
    const at = targets(part).indexOf(document.activeElement);
    part.replaceChildren(...document.adoptNode(fresh).childNodes);
    for (const details of part.querySelectorAll("details")) if (named(details) && open.includes(named(details))) details.open = true;
    if (at >= 0) targets(part)[at]?.focus();
  }
  offer(document);
  tellAge();
}

async function look() {
  if (asking) return;
  asking = true;
  askedAt = performance.now();
  try {
    const answer = await fetch(location.href, { headers: { accept: "text/html" }, redirect: "error" });
    if (answer.ok || answer.status === 422) take(parsed(await answer.text()));
  } catch {
    // The age tells; the next minute tries again.
  } finally {
    asking = false;
  }
  tellAge();
}

/** How old the figures are, where they are old. */
function tellAge() {
  const time = document.querySelector("[data-as-of]");
  const place = document.querySelector("[data-age]");
  if (!time || !place) return;
  const old = serverNow() - Number(time.dataset.asOf);
  const words = old > OLD ? `(${age(old)} old)` : "";
  if (place.textContent !== words) place.textContent = words;
}

const isFigures = document.querySelector("[data-as-of]") !== null;
if (isFigures) {
  setInterval(() => {
    tellAge();
    if (document.visibilityState === "visible" && performance.now() - askedAt >= OFTEN) look();
  }, 1_000);
  addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible" && performance.now() - askedAt > 5_000) look();
  });
}

// ——— The clocks of this browser ———

// Where the address names no zone, figures go by this browser's days: the server learns its zone from a cookie.
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
const shown = document.querySelector("[data-zone]");
if (shown && zone && /^[\w+\-/]{1,64}$/.test(zone) && document.querySelector("[data-own-zone]")) {
  const known = document.cookie.split("; ").includes(`fb_zone=${zone}`);
  if (!known) {
    document.cookie = `fb_zone=${zone}; Path=/; Max-Age=31536000; SameSite=Lax`;
    if (shown.textContent !== zone) look();
  }
}

// ——— What only a script can do ———

function offer(root) {
  for (const late of root.querySelectorAll("[data-png], [data-print]")) late.hidden = false;
}
offer(document);

/** Draws a chart's file onto a canvas, twice as large, and saves it. */
async function save(link) {
  const answer = await fetch(link.href);
  if (!answer.ok) throw new Error(String(answer.status));
  const image = new Image();
  image.src = `data:image/svg+xml,${encodeURIComponent(await answer.text())}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [image.naturalWidth * 2, image.naturalHeight * 2];
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  const picture = await new Promise((done) => canvas.toBlob(done, "image/png"));
  const saved = Object.assign(document.createElement("a"), { href: URL.createObjectURL(picture), download: `fuseboard-${link.dataset.png}.png` });
  saved.click();
  setTimeout(() => URL.revokeObjectURL(saved.href), 10_000);
}

addEventListener("click", async (event) => {
  for (const menu of document.querySelectorAll("details.kpis-menu[open]")) if (!menu.contains(event.target)) menu.open = false;
  const link = event.target.closest?.("[data-png]");
  if (link) {
    event.preventDefault();
    const words = link.textContent;
    try {
      await save(link);
    } catch {
      link.textContent = "Not saved";
      setTimeout(() => (link.textContent = words), 4_000);
    }
    return;
  }
  if (event.target.closest?.("[data-print]")) return print();
  const address = event.target.closest?.("[data-copy-address]");
  if (!address || !navigator.clipboard || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const told = document.querySelector("[data-copied]");
  try {
    await navigator.clipboard.writeText(address.href);
    if (told) told.textContent = "The address is copied.";
  } catch {
    location.assign(address.href);
  }
});

addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("details.kpis-menu[open]")) {
    menu.open = false;
    menu.querySelector("summary").focus();
    event.preventDefault();
  }
});

// Copies what is shown once.
for (const button of document.querySelectorAll("[data-copy]")) {
  const code = button.closest(".command").querySelector("code");
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(code.textContent);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(code);
      button.textContent = "Selected: copy it";
    }
    setTimeout(() => (button.textContent = "Copy"), 3000);
  });
}
