// The provider as a child process, and the settings with which a server knows it.
import { type ChildProcess, spawn } from "node:child_process";
import path from "node:path";
import { end, freePort } from "./server.ts";

export class Provider {
  private constructor(
    private readonly child: ChildProcess,
    readonly url: string,
  ) {}

  /** Starts one that knows the server at this address. */
  static async start(of: string): Promise<Provider> {
    const port = await freePort();
    const script = path.join(import.meta.dirname, "provider.mjs");
    const child = spawn(process.execPath, [script, String(port), `${of}/login/oidc/callback`], { stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    await new Promise<void>((ready, failed) => {
      const keep = (chunk: Buffer) => {
        output += chunk.toString();
        if (/^ready$/m.test(output)) ready();
      };
      child.stdout.on("data", keep);
      child.stderr.on("data", keep);
      child.on("exit", () => failed(new Error(`the provider did not start:\n${output}`)));
    });
    return new Provider(child, `http://127.0.0.1:${port}`);
  }

  /** What a server needs to know of it. */
  settings(more: Record<string, string> = {}): Record<string, string> {
    return {
      FUSEBOARD__OUTBOUND__ALLOW: "127.0.0.1",
      FUSEBOARD__OIDC__ISSUER: this.url,
      FUSEBOARD__OIDC__CLIENT_ID: "fuseboard",
      FUSEBOARD__OIDC__CLIENT_SECRET: "a secret & more",
      FUSEBOARD__OIDC__NAME: "Acme ID",
      FUSEBOARD__OIDC__SCOPES: "openid email profile groups",
      ...more,
    };
  }

  async stop(): Promise<void> {
    await end(this.child, "SIGTERM");
  }
}
