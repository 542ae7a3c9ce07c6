// The two examples with real breaker libraries, run as a reader of their README would, beside an open board.
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import path from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { type Board, expect } from "./test.ts";
import { end, ROOT } from "./server.ts";

const run = promisify(execFile);

/** `node examples/node-opossum`, with its parts installed. */
export async function opossum(): Promise<Example> {
  const dir = path.join(ROOT, "examples/node-opossum");
  if (!existsSync(path.join(dir, "node_modules/opossum"))) await run("npm", ["ci", "--ignore-scripts"], { cwd: dir });
  return { breaker: "gpt-5 (opossum)", program: "node", words: [dir], variables: {} };
}

/** `python3 examples/python-pybreaker/main.py`, with its parts in a folder of their own. */
export async function pybreaker(): Promise<Example> {
  const dir = path.join(ROOT, "examples/python-pybreaker");
  const parts = path.join(ROOT, "target/python-parts");
  if (!existsSync(path.join(parts, "pybreaker"))) {
    const fresh = `${parts}.${process.pid}`;
    await run("python3", ["-m", "pip", "install", "--quiet", "--target", fresh, "-r", path.join(dir, "requirements.txt")]);
    await rm(parts, { recursive: true, force: true });
    await rename(fresh, parts);
  }
  return { breaker: "claude-sonnet (pybreaker)", program: "python3", words: [path.join(dir, "main.py")], variables: { PYTHONPATH: parts } };
}

type Example = { breaker: string; program: string; words: string[]; variables: Record<string, string> };

/** One change of the lever: the state, and when it was on the screen (epoch milliseconds). */
type Move = { state: string; at: number };

/**
 * Runs the example while the board is open. The lever must go down within a second of the moment the library
 * opened the breaker, and up within a second of its recovery.
 */
export async function follow(board: Board, example: Example): Promise<void> {
  // The board is not empty, so that it is the board from the start.
  await board.server.push({ type: "call", provider: "openai", model: "gpt-5", outcome: "ok", duration_ms: 5 });
  await board.open();
  await board.live();
  await record(board, example.breaker);

  const child = spawn(example.program, example.words, {
    // Without colours, so that the printed times are plain digits.
    env: { ...process.env, FORCE_COLOR: "0", ...example.variables, FUSEBOARD_URL: board.server.url, FUSEBOARD_KEY: await board.server.key() },
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    const printed: Move[] = [];
    createInterface({ input: child.stdout }).on("line", (line) => {
      const [state = "", at] = line.split(" ");
      printed.push({ state, at: Number(at) });
    });
    const [code] = (await once(child, "exit")) as [number];
    expect(code, "the example ends well: every report arrived").toBe(0);

    const moves = await expect
      .poll(() => recorded(board), { message: "the lever came up again" })
      .toContainEqual({ state: "closed", at: expect.any(Number) })
      .then(() => recorded(board));
    for (const state of ["open", "half_open", "closed"]) {
      const said = printed.findLast((move) => move.state === state);
      const shown = moves.findLast((move) => move.state === state);
      // Half-open lasts as long as one trial call, which may be less than a frame: then it is rightly never painted.
      if (said && !shown && state === "half_open") continue;
      if (!said || !shown) throw new Error(`no ${state}: printed ${JSON.stringify(printed)}, shown ${JSON.stringify(moves)}`);
      console.log(`      ${example.breaker}: ${state}, on screen ${shown.at - said.at} ms after the library said so`);
      if (state !== "half_open") expect(shown.at - said.at, state).toBeLessThan(1000);
    }
  } finally {
    await end(child, "SIGKILL");
  }
}

/** Notes every state of the lever at the frame in which it is painted. */
async function record(board: Board, breaker: string): Promise<void> {
  await board.page.evaluate((name) => {
    const moves: Move[] = [];
    (window as unknown as { __moves: Move[] }).__moves = moves;
    let last: string | null = null;
    const look = () => {
      const fuse = [...document.querySelectorAll("[data-breaker]")].find((one) => one.getAttribute("data-breaker") === name);
      const state = fuse?.getAttribute("data-state") ?? null;
      if (state === null || state === last) return;
      last = state;
      requestAnimationFrame(() => moves.push({ state, at: Date.now() }));
    };
    new MutationObserver(look).observe(document.body, { subtree: true, childList: true, attributes: true });
  }, breaker);
}

function recorded(board: Board): Promise<Move[]> {
  // The first `closed` is the state before the trip.
  return board.page.evaluate(() => {
    const moves = (window as unknown as { __moves: Move[] }).__moves;
    return moves.slice(moves.findIndex((move) => move.state === "open"));
  });
}
