// The page of a rule: asks anew what it would have done while somebody changes a word or drags the line. Without this
// script a button asks, page by page.
const form = document.querySelector("[data-rule]");
const fired = () => form.querySelector("[data-fired]");
const WAIT = 350;

let asked = 0;
let timer = 0;

// The address of the page with what is in the fields; it can be sent to somebody.
const address = () => {
  const url = new URL(form.action);
  url.search = new URLSearchParams(new FormData(form));
  return url;
};

const marked = (page) => {
  for (const field of form.querySelectorAll("[name]")) {
    const fresh = page.querySelector(`[data-rule] [name="${CSS.escape(field.name)}"]`);
    if (fresh?.hasAttribute("aria-invalid")) field.setAttribute("aria-invalid", "true");
    else field.removeAttribute("aria-invalid");
  }
};

// A word as the server understood it takes the place of the word that was written, but not under the hand that writes it.
const understood = (page) => {
  for (const field of form.querySelectorAll(".rule-say input")) {
    const fresh = page.querySelector(`[data-rule] [name="${CSS.escape(field.name)}"]`);
    if (fresh && field !== document.activeElement) field.value = fresh.value;
  }
};

async function ask() {
  const mine = ++asked;
  const url = address();
  fired().setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(url, { headers: { accept: "text/html" }, redirect: "error" });
    if (mine !== asked) return;
    if (!answer.ok && answer.status !== 422) throw new Error(`${answer.status}`);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (mine !== asked) return;
    const days = document.activeElement?.name === "days";
    fired().replaceChildren(...document.adoptNode(page.querySelector("[data-fired]")).childNodes);
    if (days) form.elements.days.focus();
    marked(page);
    if (answer.ok) {
      understood(page);
      history.replaceState(null, "", url);
    }
  } catch {
    if (mine !== asked) return;
    const words = form.querySelector("[data-fired-words]");
    words.textContent = "Not looked at: no connection. Change a word to try again.";
  } finally {
    if (mine === asked) fired().removeAttribute("aria-busy");
  }
}

const soon = (wait) => {
  clearTimeout(timer);
  timer = setTimeout(ask, wait);
};

const matters = (field) => field.closest(".rule-say, .rule-tell") || ["days", "labels"].includes(field.name);

form.addEventListener("input", (event) => matters(event.target) && soon(event.target.tagName === "SELECT" ? 0 : WAIT * 2));
form.addEventListener("change", (event) => {
  if (!matters(event.target)) return;
  if (event.target.name === "condition.side") turn();
  if (event.target.name === "condition.metric") measure();
  soon(0);
});
// Enter in a word asks; a rule is kept with its button.
form.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !event.target.closest(".rule-say input")) return;
  event.preventDefault();
  soon(0);
});
form.addEventListener("submit", (event) => {
  if (event.submitter?.formMethod === "post") return;
  event.preventDefault();
  soon(0);
});

const limit = () => form.elements["condition.limit"];
const clear = () => form.elements["condition.clear"];

// On the other side of the limit it clears on the other side as well.
function turn() {
  if (limit() && clear()) [limit().value, clear().value] = [clear().value, limit().value];
}

// Another metric may have another unit, and its figures are others: it begins with what is usual for it.
function measure() {
  if (!limit() || form.elements.kind.value !== "threshold") return;
  const usual = form.elements["condition.metric"].selectedOptions[0].dataset;
  limit().value = usual.limit;
  clear().value = usual.clear;
  form.elements["condition.side"].value = usual.side;
}

// ——— Dragging the lines ———

// A figure as somebody would write it, no finer than a hand can drag.
function written(value, chart) {
  const span = chart.high - chart.low;
  const fine = (scale) => Math.min(4, Math.max(0, Math.ceil(-Math.log10((span * scale) / 200))));
  const round = (scale) => String(Number((value * scale).toFixed(fine(scale))));
  switch (chart.unit) {
    case "fraction":
      return `${round(100 * chart.way)}%`.replace("-0%", "0%");
    case "milliseconds":
      return value >= 1000 ? `${round(0.001)} s` : `${Math.round(value)} ms`;
    case "usd":
      return `$${round(1)}`;
    case "tokens_per_second":
      return `${round(1)}/s`;
    default:
      return round(1);
  }
}

form.addEventListener("pointerdown", (event) => {
  const line = event.target.closest("[data-drag]");
  if (!line || event.button !== 0) return;
  event.preventDefault();
  const box = line.closest("[data-chart]");
  const plot = line.closest("svg");
  const { low, high, unit, way } = box.dataset;
  const chart = { low: Number(low), high: Number(high), unit, way: Number(way) };
  const name = line.dataset.line;
  const field = form.elements[`condition.${name}`];
  const words = box.querySelector(`text[data-line=${name}]`);
  const rect = plot.getBoundingClientRect();
  line.dataset.dragged = "";
  const move = ({ clientY }) => {
    const share = Math.min(Math.max((clientY - rect.top) / rect.height, 0), 1);
    field.value = written(chart.high - share * (chart.high - chart.low), chart);
    const y = `${(share * 100).toFixed(2)}%`;
    for (const part of line.querySelectorAll("line")) {
      part.setAttribute("y1", y);
      part.setAttribute("y2", y);
    }
    line.querySelector("circle")?.setAttribute("cy", y);
    words.setAttribute("y", y);
    words.textContent = field.value;
  };
  const end = () => {
    removeEventListener("pointermove", move);
    removeEventListener("pointerup", end);
    removeEventListener("pointercancel", end);
    settle(name);
    soon(0);
  };
  addEventListener("pointermove", move);
  addEventListener("pointerup", end);
  addEventListener("pointercancel", end);
});

// The limit and where it clears do not pass each other: the one that was not dragged follows.
function settle(name) {
  const place = (line) => parseFloat(form.querySelector(`[data-chart] [data-line=${line}] circle`).getAttribute("cy"));
  // Places are from the top: with trouble above, the limit has the smaller one.
  const [first, second] = form.elements["condition.side"].value === "above" ? ["limit", "clear"] : ["clear", "limit"];
  if (place(first) <= place(second)) return;
  form.elements[`condition.${name === "limit" ? "clear" : "limit"}`].value = form.elements[`condition.${name}`].value;
}

for (const look of document.querySelectorAll(".rule-look")) look.hidden = true;
