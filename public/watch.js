// Hears how many alerts need somebody, over a light socket of its own, and tells it: in the navigation, the title, the
// icon, and in the rail beside the board, whose forms it sends (docs/adr/0031). Without it everything works page by page.

/** What stands before our paths: empty, or `/fuseboard`. This file lies right below it (docs/adr/0036). */
const ROOT = new URL(".", import.meta.url).pathname.slice(0, -1);
/** Where this tenant's pages begin: the root, or `{root}/t/{slug}`. */
export const BASE = ROOT + (/^\/t\/[^/]+/.exec(location.pathname.slice(ROOT.length))?.[0] ?? "");
// What the protocol asks of clients (docs/PROTOCOL.md, Closing and coming back).
const SILENCE = 15_000;
const OPENING = 10_000;
const LIVED = 10_000;
const LONGEST = 30_000;
const [SIGNED_OUT, TOO_MANY] = [4401, 4009];
const FINAL = [1002, 1008, 4403];
// Without a socket: how often a page that shows alerts asks, and any other.
const ASK = 2_000;
const ASK_SELDOM = 15_000;
// While much changes, what is shown is put anew at most so often; the first change is shown at once.
const APART = 400;

const followers = new Set();
let told; // { version, need, oldest, held }, as of the newest frame or answer
let ahead; // the server's clock minus ours
let socket;
let attempts = 0;
let openedAt = 0;
let heardAt = -Infinity;
let retryAt = 0; // Infinity: never again
let leastWait = 0;
let askedAt = -Infinity;
let lastAsk = -Infinity;
let failures = 0;

/** Calls `seen` with what is told from now on. */
export function follow(seen) {
  followers.add(seen);
  if (told) seen(told);
}

/** `work`, at once, and again at most every [`APART`] milliseconds however often it is called. */
export function spaced(work) {
  let last = -Infinity;
  let later;
  return function go() {
    const wait = last + APART - performance.now();
    if (wait > 0) {
      later ??= setTimeout(() => {
        later = undefined;
        go();
      }, wait);
      return;
    }
    last = performance.now();
    work();
  };
}

/** The server's time, milliseconds. */
export const serverNow = () => Date.now() + (ahead ?? 0);

/** How fresh what we know is: `live`, `behind` or `stale`, and by how many milliseconds. */
export function freshness() {
  const age = performance.now() - Math.max(heardAt, askedAt);
  if (socket?.readyState === WebSocket.OPEN && performance.now() - heardAt < 3_000) return { state: "live", age };
  return { state: age < 10_000 ? "behind" : "stale", age };
}

function hear(counts, now) {
  ahead = now - Date.now();
  const before = told;
  told = counts;
  if (before?.version === counts.version && before.need === counts.need) return;
  badge();
  if (before && counts.need > before.need) callOut(counts);
  for (const seen of followers) seen(counts);
}

// ——— The socket ———

function open() {
  retryAt = Infinity;
  const mine = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${BASE}/ws/v1`, "fuseboard.v1.json");
  socket = mine;
  openedAt = performance.now();
  mine.onopen = () => mine.send('{"t":"subscribe","view":"alerts"}');
  mine.onmessage = ({ data }) => {
    const frame = JSON.parse(data);
    heardAt = performance.now();
    if (frame.t === "bye") leastWait = frame.retry_after_ms;
    else if (frame.now !== undefined) ahead = frame.now - Date.now();
    // Each frame is whole: one that was missed is made up for by the next.
    if (frame.body?.alerts) hear(frame.body.alerts, frame.now);
  };
  mine.onclose = ({ code }) => mine === socket && closed(code);
}

function closed(code) {
  if (socket) socket.onopen = socket.onmessage = socket.onclose = null;
  socket?.close();
  socket = undefined;
  // Nothing can be shown any more: the server leads to where one signs in, and back. Not over what somebody writes.
  if (code === SIGNED_OUT && ![...document.querySelectorAll("textarea")].some((field) => field.value)) return location.reload();
  if (code === SIGNED_OUT || FINAL.includes(code)) return;
  attempts = performance.now() - openedAt > LIVED ? 0 : attempts + 1;
  const wait = Math.max(Math.random() * Math.min(LONGEST, 500 * 2 ** attempts), leastWait * (1 + Math.random()));
  leastWait = 0;
  retryAt = performance.now() + (code === TOO_MANY ? Math.max(wait, SILENCE * (1 + Math.random())) : wait);
}

function hurry() {
  if (!socket && retryAt !== Infinity && attempts < 20) retryAt = Math.min(retryAt, performance.now() + 500 * Math.random());
}

// Without a socket the rail is asked for: it carries the counts too.
async function ask() {
  const patience = failures ? Math.min(SILENCE, ASK * 2 ** failures) : ASK;
  lastAsk = performance.now() + patience * Math.random() * 0.25;
  try {
    take(await fetched());
    failures = 0;
    askedAt = performance.now();
  } catch {
    failures += 1;
  }
}
function tick() {
  const at = performance.now();
  if (socket) {
    const since = socket.readyState === WebSocket.OPEN ? at - Math.max(heardAt, openedAt) : at - openedAt;
    if (since > (socket.readyState === WebSocket.OPEN ? SILENCE : OPENING)) closed(1006);
  } else if (at >= retryAt) open();
  if (document.visibilityState !== "visible") return;
  const shows = rails.size > 0 || document.querySelector("[data-watch]");
  const every = (shows ? ASK : ASK_SELDOM) * Math.min(2 ** failures, 8);
  if (freshness().state !== "live" && at - openedAt > ASK && at - lastAsk > every) ask();
  else if (isOld()) refresh();
  tellAges();
}

// ——— The title, the icon, the navigation ———

function badge() {
  const need = told?.need ?? 0;
  // The board's program gives the place no name: each attribute costs it bytes.
  for (const place of document.querySelectorAll('.nav a[href$="/alerts"] .nav-count')) place.dataset.needs ??= "";
  for (const place of document.querySelectorAll("[data-needs]")) {
    const words = document.createElement("span");
    words.className = "vh";
    words.textContent = need === 1 ? " needs somebody" : " need somebody";
    place.replaceChildren(...(need ? [String(Math.min(need, 999)), words] : []));
  }
  const icon = document.querySelector("link[rel=icon]");
  const wanted = `${ROOT}/${need ? "favicon-alert.svg" : "favicon.svg"}`;
  if (icon && icon.getAttribute("href") !== wanted) icon.setAttribute("href", wanted);
  title();
}

function title() {
  if (!told) return;
  const bare = document.title.replace(/^\(\d+\) /, "");
  const wanted = told.need ? `(${told.need}) ${bare}` : bare;
  if (bare && document.title !== wanted) document.title = wanted;
}
// The board's program writes the title as well.
new MutationObserver(title).observe(document.head, { subtree: true, childList: true, characterData: true });

// ——— Notes and sound: off until somebody wants them ———

const wants = (what) => localStorage.getItem(`fb_tell_${what}`) === "on";

async function callOut(counts) {
  // One tab of this browser is enough.
  if (localStorage.getItem("fb_told") === String(counts.version)) return;
  localStorage.setItem("fb_told", String(counts.version));
  if (wants("sound")) beep();
  if (!wants("note") || globalThis.Notification?.permission !== "granted" || document.visibilityState === "visible") return;
  const words = counts.need === 1 ? "1 alert needs somebody" : `${counts.need} alerts need somebody`;
  const first = await fetched().then((html) => parsed(html).querySelector('[data-phase="firing"] .alert-title'), () => null);
  const note = new Notification(words, { body: first?.textContent ?? "", tag: "fuseboard-alerts", icon: `${ROOT}/favicon-alert.svg` });
  note.onclick = () => {
    focus();
    location.assign(first?.getAttribute("href") ?? `${BASE}/alerts`);
  };
}

/** Two short tones. A browser that has not been clicked in yet stays silent. */
export function beep() {
  const audio = new AudioContext();
  for (const [at, pitch] of [[0, 880], [0.18, 660]]) {
    const tone = audio.createOscillator();
    const loudness = audio.createGain();
    tone.frequency.value = pitch;
    loudness.gain.setValueAtTime(0.0001, audio.currentTime + at);
    loudness.gain.exponentialRampToValueAtTime(0.2, audio.currentTime + at + 0.02);
    loudness.gain.exponentialRampToValueAtTime(0.0001, audio.currentTime + at + 0.16);
    tone.connect(loudness).connect(audio.destination);
    tone.start(audio.currentTime + at);
    tone.stop(audio.currentTime + at + 0.17);
  }
  setTimeout(() => audio.close(), 1_000);
}

// ——— Ages ———

/** As the server writes them (`app::format::span_short`). */
export function age(ms, saysNow) {
  if (saysNow && ms < 10_000) return "now";
  const [second, minute, hour, day] = [1_000, 60_000, 3_600_000, 86_400_000];
  if (ms < minute) return `${Math.max(Math.floor(ms / second), 0)} s`;
  if (ms < hour) return `${Math.floor(ms / minute)} min`;
  if (ms < day) return `${Math.floor(ms / hour)} h`;
  return `${Math.floor(ms / day)} d`;
}

/** Tells every age on the page anew. */
export function tellAges() {
  if (ahead === undefined) return;
  for (const time of document.querySelectorAll("time[data-since]")) {
    const words = age(serverNow() - Number(time.dataset.since), "now" in time.dataset);
    if (time.textContent !== words) time.textContent = words;
  }
}

// ——— The rail ———

const rails = new Set();
let html = ""; // the newest fragment, for a rail that comes later
let asking = false;

class AlertRail extends HTMLElement {
  connectedCallback() {
    rails.add(this);
    if (this.firstElementChild) learn(this.firstElementChild);
    else if (html) put(this, parsed(html));
    else fill();
  }

  disconnectedCallback() {
    rails.delete(this);
  }
}

/** A rail that the server filled says what it knows. */
function learn(section) {
  const { version, need, oldest, held, at } = section.dataset;
  const counts = { version: Number(version), need: Number(need), oldest: oldest ? Number(oldest) : null, held: Number(held) };
  if (!told || counts.version > told.version) hear(counts, Number(at));
}

async function fetched() {
  const answer = await fetch(`${BASE}/alerts/rail`, { headers: { accept: "text/html" }, redirect: "error" });
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.text();
}

/** The body of a page or fragment; nothing in it runs. */
export const parsed = (text) => new DOMParser().parseFromString(text, "text/html");

const versionOf = (rail) => Number(rail.firstElementChild?.dataset.version ?? -1);

/** Shows a fragment, unless a newer one is shown already. */
function take(text) {
  const page = parsed(text);
  const section = page.querySelector(".alerts-rail");
  if (!section) throw new Error("no rail");
  html = text;
  for (const rail of rails) if (Number(section.dataset.version) >= versionOf(rail)) put(rail, page.cloneNode(true));
  learn(section);
  return section;
}

function put(rail, page) {
  const section = page.querySelector(".alerts-rail");
  const held = rail.contains(document.activeElement) ? document.activeElement : null;
  const [row, tag] = [held?.closest("[data-alert]")?.dataset.alert, held?.tagName];
  rail.replaceChildren(document.adoptNode(section));
  annotate(rail);
  tellAges();
  const again = row && rail.querySelector(`[data-alert="${CSS.escape(row)}"]`);
  (again?.querySelector(tag === "BUTTON" ? "button:not([hidden])" : "a") ?? again?.querySelector("a"))?.focus();
}

const isOld = () => [...rails].some((rail) => versionOf(rail) < (told?.version ?? 0));

/** Fetches a fresh fragment where what is shown is old. */
const refresh = spaced(() => isOld() && document.visibilityState === "visible" && fill());

async function fill() {
  if (asking) return;
  asking = true;
  try {
    take(await fetched());
  } catch {
    // The next second tries again.
  } finally {
    asking = false;
  }
  // It changed again meanwhile.
  if (isOld()) refresh();
}

// ——— Acknowledging ———

const sending = new Set(); // alerts whose acknowledgement is under way
const refused = new Map(); // why it was not done, until it is tried again

/** Shows what is under way and what was refused, also after the page was put anew. */
export function annotate(root) {
  for (const row of root.querySelectorAll("[data-alert]")) {
    const { alert } = row.dataset;
    const form = row.querySelector("form[data-act]");
    row.querySelector("[data-mine]")?.remove();
    row.querySelector("[data-note]")?.remove();
    if (form) form.hidden = sending.has(alert);
    if (form && sending.has(alert)) form.after(element("span", { className: form.closest(".alerts-rail") ? "rail-who" : "desk-state" }, { mine: "" }, "You, now"));
    if (refused.has(alert)) row.append(element("p", { className: "refused", role: "alert" }, { note: "" }, refused.get(alert)));
  }
}

function element(tag, properties, data, words) {
  const made = Object.assign(document.createElement(tag), properties);
  Object.assign(made.dataset, data);
  made.textContent = words;
  return made;
}

/** Sends an acknowledgement that is shown as done at once; `answered` takes the answer. Where it is not done, what was there is there again, with the reason. */
export async function acknowledge(form, root, back, answered) {
  const { alert } = form.closest("[data-alert]").dataset;
  if (sending.has(alert)) return;
  const body = new URLSearchParams(new FormData(form));
  body.set("back", back);
  sending.add(alert);
  refused.delete(alert);
  annotate(root);
  try {
    const answer = await fetch(form.action, { method: "POST", body, headers: { accept: "text/html" } });
    const text = await answer.text();
    if (!answer.ok && answer.status !== 422) throw new Error(answer.status === 403 ? "You may not do that." : "It was not done. Press Ack again.");
    sending.delete(alert);
    const why = answered(text);
    if (why) refused.set(alert, why);
  } catch (error) {
    sending.delete(alert);
    refused.set(alert, error instanceof TypeError ? "Not sent: no connection. Press Ack again." : error.message);
  }
  annotate(root);
}

addEventListener("submit", (event) => {
  const form = event.target.closest("alert-rail form[data-act]");
  if (!form) return;
  event.preventDefault();
  acknowledge(form, document, "rail", (text) => take(text).dataset.why);
});
// The second click of a double click would hit whatever came into the place of what the first one took.
addEventListener("click", (event) => event.detail > 1 && event.target.closest("alert-rail button") && event.preventDefault(), true);

let goes = -Infinity;
addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.defaultPrevented) return;
  if (event.target.closest?.("input, textarea, select, [contenteditable], dialog[open], [role=menu]")) return;
  if (localStorage.getItem("fb_keys") === "off") return;
  const afterGo = performance.now() - goes < 1_500;
  goes = event.key === "g" ? performance.now() : -Infinity;
  const page = afterGo && { a: "/alerts", k: "/kpis" }[event.key];
  if (page) {
    event.preventDefault();
    location.assign(`${BASE}${page}`);
  } else if (event.key === "a") document.querySelector('alert-rail [data-key="a"]:not([hidden])')?.click();
});

// ——— Begin ———

// The page itself is an answer.
askedAt = performance.now();
customElements.define("alert-rail", AlertRail);
follow(() => isOld() && refresh());
addEventListener("online", hurry);
addEventListener("visibilitychange", () => {
  if (document.visibilityState !== "visible") return;
  hurry();
  tick();
});
open();
setInterval(tick, 1_000);

// On a wall: without navigation, awake, one page after the other.
if (new URLSearchParams(location.search).has("kiosk")) import("./kiosk.js");
