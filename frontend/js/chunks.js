// A part of the program that cannot be fetched is no reason to stop the page: it stays as it is and tries again. When
// the server answers but has no such part, it is of another build, and the page starts anew with what it has; not
// again and again, should that not help.
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;
const TRIES_BEFORE_ASKING = 3;
const RELOAD_AGAIN_MS = 600_000;
const RELOADED_AT = "fb_reloaded_for_chunk_at";

const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Whether the server can be reached now. */
const reachable = () => fetch(new URL("../livez", import.meta.url), { cache: "no-store" }).then((answer) => answer.ok, () => false);

/** Starts the page anew, unless that was done a short while ago. Without storage there is no way to know: then never. */
function startAnew() {
  try {
    const since = Date.now() - Number(sessionStorage.getItem(RELOADED_AT) ?? 0);
    if (since >= 0 && since < RELOAD_AGAIN_MS) return;
    sessionStorage.setItem(RELOADED_AT, String(Date.now()));
  } catch {
    return;
  }
  location.reload();
}

/** Calls `load` until it succeeds. */
export async function patiently(load) {
  for (let tries = 1; ; tries += 1) {
    try {
      return await load();
    } catch (error) {
      console.warn("a part of the page could not be fetched", error);
      if (tries >= TRIES_BEFORE_ASKING && (await reachable())) startAnew();
      await wait(Math.min(FIRST_WAIT_MS * 2 ** tries, LONGEST_WAIT_MS));
    }
  }
}
