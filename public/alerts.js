// Keeps a page about alerts fresh, sends its forms without loading it anew, and puts keys on it. What has changed it hears
// from watch.js. Without this script everything works too, page by page.
import { acknowledge, age, annotate, beep, follow, freshness, parsed, serverNow, spaced, tellAges } from "./watch.js";

// Time changes words too: what is put off, what a silence does.
const ANYWAY = 30_000;

let asked = 0;
let askedAt = performance.now();
let wanted = 0; // the newest version that was told
let kept = ""; // why what was tried with the open alert was not done
let left = false; // a part was left as it was, because somebody was at it

const pill = () => document.querySelector("[data-watch]");
const shown = () => Number(pill()?.dataset.version ?? 0);

// A part of the page is left alone while somebody writes in it or has something open in it.
const busy = (part) => {
  const writes = part.contains(document.activeElement) && /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement.tagName);
  return writes || part.querySelector("details[open]") !== null;
};

// What a part says, but for how long ago things were.
const says = (part) => {
  const copy = part.cloneNode(true);
  for (const time of copy.querySelectorAll("time[data-since], time[data-until]")) time.textContent = "";
  for (const own of copy.querySelectorAll("[data-mine], [data-note], [data-watch]")) own.remove();
  for (const form of copy.querySelectorAll("form[hidden]")) form.hidden = false;
  return copy.innerHTML;
};

const targets = (part) => [...part.querySelectorAll("a, button, summary")];

function take(page, isAnswer, parts = () => true) {
  document.title = page.title;
  left = false;
  const version = page.querySelector("[data-watch]")?.dataset.version;
  for (const part of document.querySelectorAll("[data-swap]")) {
    const fresh = page.querySelector(`[data-swap="${part.dataset.swap}"]`);
    if (!fresh || !parts(part.dataset.swap) || says(part) === says(fresh)) continue;
    if (!isAnswer && busy(part)) {
      left = true;
      continue;
    }
    const at = targets(part).indexOf(document.activeElement);
    const row = at < 0 ? undefined : document.activeElement.closest("[data-alert]")?.dataset.alert;
    part.replaceChildren(...document.adoptNode(fresh).childNodes);
    if (row) part.querySelector(`[data-alert="${CSS.escape(row)}"] a`)?.focus();
    else if (at >= 0) targets(part)[at]?.focus();
  }
  if (version && pill()) pill().dataset.version = version;
  const detail = document.querySelector("[data-swap=detail]");
  if (kept && detail && !detail.querySelector(".refused")) {
    const told = Object.assign(document.createElement("p"), { className: "refused", role: "alert", textContent: kept });
    told.dataset.note = "";
    detail.querySelector("header")?.after(told);
  }
  annotate(document);
  tellAges();
  tell();
}

// How long until somebody further is told: minutes and seconds, hours where it takes that long.
function countDown() {
  for (const time of document.querySelectorAll("time[data-until]")) {
    const left = Math.max(0, Math.ceil((Number(time.dataset.until) - serverNow()) / 1_000));
    const two = (part) => String(part).padStart(2, "0");
    const [hours, minutes, seconds] = [Math.floor(left / 3_600), Math.floor(left / 60) % 60, left % 60];
    time.textContent = hours > 0 ? `${hours}:${two(minutes)}:${two(seconds)}` : `${minutes}:${two(seconds)}`;
  }
}

// Live, behind, or not connected: what is on the page, and whether we would know better.
function tell(words) {
  const place = pill();
  if (!place) return;
  const { state, age: old } = freshness();
  place.dataset.live = words ? "stale" : state;
  place.querySelector("[data-watch-words]").textContent = words ?? { live: "Live", behind: `Behind ${age(Math.max(old, 1_000))}`, stale: "Not connected" }[state];
}

const look = spaced(async () => {
  const mine = ++asked;
  askedAt = performance.now();
  try {
    const answer = await fetch(location.href, { headers: { accept: "text/html" }, redirect: "error" });
    if (mine !== asked || (!answer.ok && answer.status !== 422)) return;
    const html = await answer.text();
    if (mine === asked) take(parsed(html), false);
  } catch {
    // The pill tells; the next second tries again.
  }
  tell();
});

follow(({ version }) => {
  wanted = version;
  if (document.visibilityState === "visible" && version !== shown()) look();
});
setInterval(() => {
  tell();
  countDown();
  if (document.visibilityState !== "visible") return;
  const since = performance.now() - askedAt;
  const isOld = wanted > shown() || (left && ![...document.querySelectorAll("[data-swap]")].some(busy));
  if ((isOld && since > 1_000) || since > ANYWAY) look();
}, 1_000);
addEventListener("visibilitychange", () => document.visibilityState === "visible" && wanted !== shown() && look());

// The reason in an answer. It is kept, because the page around it is put anew when something changes.
const reason = (page) => page.querySelector("[data-swap=detail] .refused")?.textContent ?? "";

addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.matches(".desk [data-act], .desk-rules [data-act]")) return;
  event.preventDefault();
  asked++;
  if (form.closest("[data-alert]")) {
    return acknowledge(form, document, "list", (html) => {
      const page = parsed(html);
      const why = reason(page);
      take(page, true, (part) => part !== "detail");
      look();
      return why;
    });
  }
  kept = "";
  const button = event.submitter;
  const words = button?.innerHTML;
  if (button) {
    button.disabled = true;
    button.textContent = form.dataset.form === "ack" ? "You, now" : "…";
  }
  try {
    const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)), headers: { accept: "text/html" } });
    if (!answer.ok && answer.status !== 422) throw new Error(answer.status === 403 ? "You may not do that." : "It was not done. Try again.");
    const html = await answer.text();
    for (const open of form.querySelectorAll("details[open]")) open.open = false;
    form.closest("details[open]")?.removeAttribute("open");
    const page = parsed(html);
    kept = answer.status === 422 ? reason(page) : "";
    take(page, true);
    // The answer to a form is the page that it is on; what is open beside it is looked at anew.
    if (new URL(answer.url).pathname !== location.pathname) look();
  } catch (error) {
    if (button) {
      button.disabled = false;
      button.innerHTML = words;
    }
    const told = form.querySelector("[data-note]") ?? form.appendChild(document.createElement("p"));
    told.className = "refused";
    told.dataset.note = "";
    told.setAttribute("role", "alert");
    told.textContent = error instanceof TypeError ? "Not sent: no connection. Try again." : error.message;
    tell(error instanceof TypeError ? "Not connected" : undefined);
  }
});

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (event.key === "Escape") {
    for (const open of document.querySelectorAll("details.sure[open]")) {
      open.open = false;
      open.querySelector("summary").focus();
    }
    return;
  }
  if (/^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName) || localStorage.getItem("fb_keys") === "off") return;
  if (event.key === "j" || event.key === "k") {
    const rows = [...document.querySelectorAll("[data-alert]")];
    const here = rows.findIndex((row) => row.contains(document.activeElement) || (document.activeElement === document.body && row.getAttribute("aria-current")));
    const next = rows[Math.min(Math.max(here + (event.key === "j" ? 1 : -1), 0), rows.length - 1)];
    next?.querySelector("a")?.focus();
  } else {
    document.querySelector(`[data-key="${CSS.escape(event.key)}"]`)?.click();
  }
});

// One question at a time.
addEventListener("click", (event) => {
  for (const open of document.querySelectorAll("details.sure[open]")) if (!open.contains(event.target)) open.open = false;
});

// A window is first by the clock of whoever makes it.
const zone = document.querySelector('[name="repeat.zone"]');
if (zone?.value === "UTC") zone.value = Intl.DateTimeFormat().resolvedOptions().timeZone ?? "UTC";

// ——— How this browser calls for attention ———

const place = document.querySelector("[data-tell]");
if (place) {
  const words = place.querySelector("[data-tell-words]");
  const switches = { note: place.querySelector("[data-tell-note]"), sound: place.querySelector("[data-tell-sound]") };
  const isOn = (what) => localStorage.getItem(`fb_tell_${what}`) === "on";
  const show = () => {
    for (const [what, button] of Object.entries(switches)) button.setAttribute("aria-pressed", String(isOn(what)));
  };
  const turn = (what, on) => {
    if (on) localStorage.setItem(`fb_tell_${what}`, "on");
    else localStorage.removeItem(`fb_tell_${what}`);
    words.textContent = "";
    show();
  };
  switches.note.hidden = !("Notification" in globalThis);
  switches.note.addEventListener("click", async () => {
    if (isOn("note")) return turn("note", false);
    if ((await Notification.requestPermission()) === "granted") turn("note", true);
    else words.textContent = "This browser does not let us.";
  });
  switches.sound.addEventListener("click", () => {
    turn("sound", !isOn("sound"));
    if (isOn("sound")) beep();
  });
  show();
  place.hidden = false;
}

// ——— A channel's own words, as people would get them ———

const told = document.querySelector("[data-words]");
if (told) {
  const form = document.querySelector("[data-form=channel]");
  const part = (name) => told.querySelector(`[data-words-${name}]`);
  let timer = 0;
  let turn = 0;
  const ask = async () => {
    const mine = ++turn;
    const { kind, title, text } = form.elements;
    try {
      const answer = await fetch(told.dataset.words, {
        method: "POST",
        headers: { "content-type": "application/json", accept: "application/json" },
        body: JSON.stringify({ kind: kind.value, title: title.value, text: text.value }),
      });
      const shown = await answer.json();
      if (mine !== turn) return;
      part("wrong").hidden = answer.ok;
      part("wrong").textContent = answer.ok ? "" : shown.detail;
      if (!answer.ok) return;
      part("sample").textContent = shown.sample;
      if (part("newest") && shown.newest) part("newest").textContent = shown.newest[1];
    } catch {
      if (mine !== turn) return;
      part("wrong").hidden = false;
      part("wrong").textContent = "Not shown: no connection.";
    }
  };
  form.addEventListener("input", (event) => {
    if (!["title", "text"].includes(event.target.name)) return;
    clearTimeout(timer);
    timer = setTimeout(ask, 300);
  });
  form.querySelector("[data-words-ask]").hidden = true;
}
