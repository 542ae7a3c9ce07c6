// A receiver of webhooks on this machine: answers as it is told, and keeps what it got.
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type Server as Http } from "node:http";
import type { AddressInfo } from "node:net";

export interface Got {
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
}

export class Receiver {
  readonly got: Got[] = [];
  /** Statuses of the next answers; after that 200. */
  readonly say: number[] = [];

  private constructor(
    private readonly http: Http,
    readonly address: string,
  ) {}

  static async start(): Promise<Receiver> {
    const http = createServer((request, response) => {
      let body = "";
      request.on("data", (chunk: Buffer) => (body += chunk.toString()));
      request.on("end", () => {
        receiver.got.push({ path: request.url ?? "", headers: request.headers, body });
        response.writeHead(receiver.say.shift() ?? 200).end("ok");
      });
    });
    http.listen(0, "127.0.0.1");
    await once(http, "listening");
    const receiver = new Receiver(http, `127.0.0.1:${(http.address() as AddressInfo).port}`);
    return receiver;
  }

  url(path: string): string {
    return `http://${this.address}/${path}`;
  }

  async stop(): Promise<void> {
    this.http.closeAllConnections();
    this.http.close();
    await once(this.http, "close");
  }
}
