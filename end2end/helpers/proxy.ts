// A real proxy in front of a server, below a path of a host that has other pages too. Its configuration is what
// docs/OPERATIONS.md tells people to write.
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { end, freePort, ROOT, type Server } from "./server.ts";

/** The path, as in the documentation. */
export const BELOW = "/fuseboard";

/** What it is, whether it speaks TLS, and what it does with the path. */
export type Kind = { name: "nginx" | "caddy"; tls: boolean; takesOff: boolean };

export class Proxy {
  private constructor(
    private readonly child: ChildProcess,
    private readonly folder: string,
    readonly origin: string,
  ) {}

  /** Starts one, and tells the server where browsers see it. */
  static async before(server: Server, kind: Kind): Promise<Proxy> {
    const folder = await mkdtemp(path.join(tmpdir(), "fuseboard-proxy-"));
    const port = await freePort();
    const upstream = new URL(server.url).host;
    const words = kind.name === "nginx" ? await nginx(folder, port, upstream, kind) : await caddy(folder, port, upstream, kind);
    const program = process.env[kind.name.toUpperCase()] ?? kind.name;
    const child = spawn(program, words, { env: { ...process.env, HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder }, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    const keep = (chunk: Buffer) => (output = (output + chunk.toString()).slice(-20_000));
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    for (const deadline = Date.now() + 20_000; !(await listens(port)); await sleep(20)) {
      if (child.exitCode !== null || Date.now() > deadline) throw new Error(`${kind.name} did not start:\n${output}`);
    }
    const origin = `${kind.tls ? "https" : "http"}://127.0.0.1:${port}`;
    await server.restartWith({ FUSEBOARD__SERVER__EXTERNAL_URL: origin + BELOW, FUSEBOARD__SERVER__TRUSTED_PROXIES: "127.0.0.1/32" });
    return new Proxy(child, folder, origin);
  }

  /** Where browsers see the server. */
  get url(): string {
    return this.origin + BELOW;
  }

  async stop(): Promise<void> {
    await end(this.child, "SIGTERM");
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** The lines of the documentation, for this server. */
async function documented(language: string, upstream: string): Promise<string> {
  const manual = await readFile(path.join(ROOT, "docs/OPERATIONS.md"), "utf8");
  const block = manual.split(`\`\`\`${language}\n`)[1]?.split("```")[0];
  if (!block?.includes("127.0.0.1:3000")) throw new Error(`docs/OPERATIONS.md has no lines for ${language}`);
  return block.replace("127.0.0.1:3000", upstream);
}

async function nginx(folder: string, port: number, upstream: string, kind: Kind): Promise<string[]> {
  const lines = (await documented("nginx", upstream)).split("\n");
  const [map, location] = [lines.filter((line) => line.startsWith("map ")), lines.filter((line) => !line.startsWith("map "))];
  let server = location.join("\n");
  if (kind.takesOff) server = server.replace(`http://${upstream};`, `http://${upstream}/;`);
  if (kind.tls) await certificate(folder);
  const tls = kind.tls ? `ssl_certificate ${folder}/cert.pem; ssl_certificate_key ${folder}/key.pem;` : "";
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((what) => `${what}_temp_path ${folder}/${what};`);
  const config = `
    daemon off; pid ${folder}/pid; error_log stderr; ${process.getuid?.() === 0 ? "user root;" : ""}
    events { }
    http {
      access_log off; ${temporary.join(" ")}
      ${map.join("\n")}
      server {
        listen 127.0.0.1:${port}${kind.tls ? " ssl" : ""}; ${tls}
        location / { return 404; }
        ${server}
      }
    }`;
  await writeFile(`${folder}/nginx.conf`, config);
  return ["-e", "stderr", "-p", folder, "-c", `${folder}/nginx.conf`];
}

async function caddy(folder: string, port: number, upstream: string, kind: Kind): Promise<string[]> {
  let site = (await documented("caddyfile", upstream)).replace("example.org", `http://127.0.0.1:${port}`);
  if (kind.takesOff) site = site.replace("handle ", "handle_path ");
  await writeFile(`${folder}/Caddyfile`, `{\n  admin off\n  default_bind 127.0.0.1\n}\n${site}`);
  return ["run", "--adapter", "caddyfile", "--config", `${folder}/Caddyfile`];
}

async function certificate(folder: string): Promise<void> {
  const words = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1";
  await promisify(execFile)("openssl", [...words.split(" "), "-keyout", `${folder}/key.pem`, "-out", `${folder}/cert.pem`]);
}

async function listens(port: number): Promise<boolean> {
  return new Promise((answer) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      answer(true);
    });
    socket.once("error", () => answer(false));
  });
}
