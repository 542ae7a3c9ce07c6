// Keeps a page about alerts fresh, sends its forms without loading it anew, and puts keys on it.
// Without this script everything works too, page by page.
const EVERY = 2000;
let seen = "";
let asked = 0;

// A part of the page is left alone while somebody writes in it or has something open in it.
const busy = (part) => {
  const writes = part.contains(document.activeElement) && /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement.tagName);
  return writes || part.querySelector("details[open]") !== null;
};

function take(html, isAnswer) {
  const page = new DOMParser().parseFromString(html, "text/html");
  document.title = page.title;
  for (const part of document.querySelectorAll("[data-swap]")) {
    const fresh = page.querySelector(`[data-swap="${part.dataset.swap}"]`);
    if (!fresh || (!isAnswer && busy(part)) || part.innerHTML === fresh.innerHTML) continue;
    const held = part.contains(document.activeElement) ? document.activeElement.closest("[data-alert]")?.dataset.alert : undefined;
    part.replaceChildren(...fresh.childNodes);
    if (held) part.querySelector(`[data-alert="${held}"] a, [data-alert="${held}"] button`)?.focus();
  }
  tell("live", "Live");
}

function tell(state, words) {
  const pill = document.querySelector("[data-watch]");
  if (!pill) return;
  pill.dataset.live = state;
  pill.querySelector("[data-watch-words]").textContent = words;
}

async function look() {
  const mine = ++asked;
  try {
    const answer = await fetch(location.href, { headers: { accept: "text/html" }, redirect: "error" });
    if (mine !== asked) return;
    if (!answer.ok && answer.status !== 422) return tell("stale", "Not answering");
    const html = await answer.text();
    if (mine !== asked) return;
    if (html !== seen) take((seen = html), false);
    tell("live", "Live");
  } catch {
    if (mine === asked) tell("stale", "Not connected");
  }
}

setInterval(() => document.visibilityState === "visible" && look(), EVERY);
addEventListener("visibilitychange", () => document.visibilityState === "visible" && look());
look();

addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.matches("[data-act]")) return;
  event.preventDefault();
  const button = event.submitter;
  const words = button?.textContent;
  if (button) {
    button.disabled = true;
    button.textContent = "…";
  }
  asked++;
  try {
    const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)), headers: { accept: "text/html" } });
    if (!answer.ok && answer.status !== 422) throw new Error(answer.status === 403 ? "You may not do that." : "It was not done.");
    const html = await answer.text();
    for (const open of form.querySelectorAll("details[open]")) open.open = false;
    form.closest("details[open]")?.removeAttribute("open");
    // The answer to a button in the list is the list; what is open beside it is looked at anew.
    take(html, true);
    if (new URL(answer.url).pathname !== location.pathname) look();
  } catch (error) {
    if (button) {
      button.disabled = false;
      button.textContent = words;
    }
    tell("stale", error instanceof TypeError ? "Not connected" : error.message);
  }
});

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape") {
    for (const open of document.querySelectorAll("details.sure[open]")) {
      open.open = false;
      open.querySelector("summary").focus();
    }
    return;
  }
  if (/^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName)) return;
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
