// The built server as a child process: on a free port, with data of its own.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Event } from "./events.ts";
import { code } from "./totp.ts";

export const ROOT = process.env.FUSEBOARD_ROOT ?? path.resolve(import.meta.dirname, "../..");
const BINARY = process.env.FUSEBOARD_BIN ?? path.join(ROOT, "target/ci/fuseboard");
const SITE = process.env.FUSEBOARD_SITE ?? path.join(ROOT, "target/site");

/** The owner of every server here. */
export const OWNER = { email: "ada@example.com", password: "an umbrella in march" };

export class Server {
  private child: ChildProcess | undefined;
  private output = "";
  private session: Promise<string> | undefined;
  private owned = true;
  private settings: Record<string, string> = {};

  private constructor(
    readonly port: number,
    readonly dataDir: string,
  ) {}

  static async start(): Promise<Server> {
    const server = new Server(await freePort(), await mkdtemp(path.join(tmpdir(), "fuseboard-e2e-")));
    await server.restart();
    return server;
  }

  /** A server without any account. */
  static async startNew(): Promise<Server> {
    const server = new Server(await freePort(), await mkdtemp(path.join(tmpdir(), "fuseboard-e2e-")));
    server.owned = false;
    await server.restart();
    return server;
  }

  /** Stops it, and starts it again with these settings. */
  async restartWith(settings: Record<string, string>): Promise<void> {
    this.settings = settings;
    await end(this.child, "SIGTERM");
    await this.restart();
  }

  /** Where the first account is made, as the server told it. */
  setupLink(): string {
    return /http:\S+\/setup#t=\S+/.exec(this.output)?.[0] ?? "";
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async key(): Promise<string> {
    return (await readFile(path.join(this.dataDir, "local.key"), "utf8")).trim();
  }

  /** Starts it on the data that is there and waits until it is ready. */
  async restart(): Promise<void> {
    const words = ["serve", "--local-key", "--listen", `127.0.0.1:${this.port}`, "--data-dir", this.dataDir, "--site-dir", SITE];
    const passwordFile = `${this.dataDir}.password`;
    await writeFile(passwordFile, OWNER.password);
    const admin = { FUSEBOARD__ADMIN__EMAIL: OWNER.email, FUSEBOARD__ADMIN__PASSWORD_FILE: passwordFile };
    const child = this.command(words, { FUSEBOARD__SERIES__KEPT_LABELS: "team", ...(this.owned ? admin : {}), ...this.settings });
    this.child = child;
    for (const deadline = Date.now() + 20_000; ; await sleep(20)) {
      const answer = await fetch(`${this.url}/readyz`).catch(() => undefined);
      if (answer?.status === 200) return;
      if (child.exitCode !== null || Date.now() > deadline) throw new Error(`the server did not start:\n${this.output}`);
    }
  }

  /** Starts a command of the binary; whoever starts it ends it. */
  command(words: string[], variables: Record<string, string> = {}): ChildProcess {
    const env = { ...process.env, ...variables };
    const child = spawn(BINARY, words, { cwd: ROOT, env, stdio: ["ignore", "pipe", "pipe"] });
    const keep = (chunk: Buffer) => (this.output = (this.output + chunk.toString()).slice(-20_000));
    child.stdout?.on("data", keep);
    child.stderr?.on("data", keep);
    return child;
  }

  /** Gives the owner, who has just signed in with this cookie, a second factor; the seed and the recovery codes. */
  async secondFactor(cookie: string): Promise<{ secret: string; recoveryCodes: string[] }> {
    const ask = async (path: string, body: object) => {
      const headers = { origin: this.url, cookie, "content-type": "application/json" };
      const answer = await fetch(`${this.url}/api/v1/me/second-factor${path}`, { method: "POST", headers, body: JSON.stringify(body) });
      if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
      return answer.json();
    };
    const { secret } = (await ask("", {})) as { secret: string };
    const enabled = (await ask("/enable", { code: code(secret) })) as { recovery_codes: string[] };
    return { secret, recoveryCodes: enabled.recovery_codes };
  }

  /** SIGKILL. */
  async kill(): Promise<void> {
    await end(this.child, "SIGKILL");
  }

  /** SIGTERM, then its data is removed. */
  async stop(): Promise<void> {
    await end(this.child, "SIGTERM");
    await rm(this.dataDir, { recursive: true, force: true });
    await rm(`${this.dataDir}.password`, { force: true });
  }

  /** Reads an address as the owner. */
  async ask(path: string, headers: Record<string, string> = {}): Promise<Response> {
    this.session ??= this.signIn().then(({ name, value }) => `${name}=${value}`);
    const cookie = [await this.session, headers.cookie].filter(Boolean).join("; ");
    return fetch(this.url + path, { headers: { ...headers, cookie } });
  }

  /** Signs the owner in; the cookie, as a browser keeps it. */
  async signIn(): Promise<{ name: string; value: string; url: string; httpOnly: boolean; sameSite: "Lax" }> {
    const answer = await fetch(`${this.url}/login`, {
      method: "POST",
      redirect: "manual",
      headers: { origin: this.url, "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams(OWNER).toString(),
    });
    const [name, value] = (answer.headers.get("set-cookie") ?? "").split(";")[0]!.split("=");
    if (answer.status !== 303 || !name || !value) throw new Error(`not signed in: ${answer.status} ${await answer.text()}`);
    return { name, value, url: this.url, httpOnly: true, sameSite: "Lax" };
  }

  /** Invites somebody; the link. */
  async invite(email: string, role: string): Promise<string> {
    const { name, value } = await this.signIn();
    const headers = { origin: this.url, cookie: `${name}=${value}`, "content-type": "application/json" };
    const answer = await fetch(`${this.url}/api/v1/invitations`, { method: "POST", headers, body: JSON.stringify({ email, role }) });
    if (!answer.ok) throw new Error(`not invited: ${answer.status} ${await answer.text()}`);
    return ((await answer.json()) as { link: string }).link;
  }

  /** Pushes events; every one of them must be accepted. */
  async push(...events: Event[]): Promise<void> {
    const answer = await this.pushRaw(JSON.stringify({ events }));
    const body = await answer.text();
    const { accepted } = JSON.parse(body) as { accepted?: number };
    if (answer.status !== 200 || accepted !== events.length) throw new Error(`refused: ${answer.status} ${body}`);
  }

  async pushRaw(body: string): Promise<Response> {
    return fetch(`${this.url}/api/v1/events`, {
      method: "POST",
      headers: { authorization: `Bearer ${await this.key()}`, "content-type": "application/json" },
      body,
    });
  }
}

/** Ends a child and waits until it is gone; after ten seconds with SIGKILL. */
export async function end(child: ChildProcess | undefined, signal: NodeJS.Signals): Promise<void> {
  if (!child || child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill(signal);
  const late = setTimeout(() => child.kill("SIGKILL"), 10_000);
  await gone;
  clearTimeout(late);
}

/** A port of this machine that nobody uses. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const address = probe.address();
  probe.close();
  await once(probe, "close");
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}
