// A page on a wall (`?kiosk=1`): no navigation, the screen stays awake, and with `rotate=/kpis,/alerts&every=30` one page
// follows the other, all of them our own. Escape leads back to the page as it is otherwise. watch.js brings it.
import { BASE } from "./watch.js";

const LEAST = 5;
const MOST = 3_600;
const USUAL = 30;

document.documentElement.dataset.kiosk = "";

const asked = new URLSearchParams(location.search);

// ——— Awake ———

let lock;
async function stayAwake() {
  if (!("wakeLock" in navigator) || document.visibilityState !== "visible" || lock) return;
  try {
    lock = await navigator.wakeLock.request("screen");
    lock.addEventListener("release", () => (lock = undefined));
  } catch {
    // A browser that saves power refuses; the wall is as bright as it lets it.
  }
}
stayAwake();
addEventListener("visibilitychange", stayAwake);

// ——— One page after the other ———

/** Of the list the paths of this tenant; nothing else is gone to. */
function pages() {
  const paths = (asked.get("rotate") ?? "").split(",").map((path) => path.trim());
  return paths.filter((path) => {
    if (!/^\/(?!\/)[\w\-./?=~]*$/.test(path)) return false;
    const url = new URL(BASE + path, location.origin);
    return url.origin === location.origin && (BASE === "" || url.pathname === BASE || url.pathname.startsWith(`${BASE}/`));
  });
}

/** Goes there, where somebody answers: without a connection what is shown stays, with its age, and the next turn tries again. */
async function go(to) {
  try {
    const answer = await fetch(to, { method: "HEAD", redirect: "error" });
    if (answer.ok) location.replace(to);
  } catch {
    // As said.
  }
}

const order = pages();
if (order.length > 0) {
  const seconds = Math.min(MOST, Math.max(LEAST, Number(asked.get("every")) || USUAL));
  const turn = ((Number(asked.get("turn")) || 0) + 1) % order.length;
  const next = new URL(BASE + order[turn], location.origin);
  for (const name of ["kiosk", "rotate", "every", "period", "zone"]) {
    if (asked.has(name) && !next.searchParams.has(name)) next.searchParams.set(name, asked.get(name));
  }
  next.searchParams.set("turn", String(turn));
  setInterval(() => go(next), seconds * 1_000);
} else {
  // A page that stays is loaded anew each hour: the server may be a newer one by then.
  setInterval(() => go(location.href), MOST * 1_000);
}

addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.defaultPrevented) return;
  for (const name of ["kiosk", "rotate", "every", "turn"]) asked.delete(name);
  const rest = asked.toString();
  location.assign(location.pathname + (rest ? `?${rest}` : ""));
});
