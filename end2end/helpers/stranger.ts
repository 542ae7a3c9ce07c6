// The test of specs about coming in: nobody is signed in, and the server may be new or have an owner already.
import { type BrowserContext, expect, test as base } from "@playwright/test";
import { Guard } from "./guard.ts";
import { Server } from "./server.ts";

export { expect };

async function during(context: BrowserContext, server: Server, use: (server: Server) => Promise<void>): Promise<void> {
  await use(server);
  // A page that is still fetching would complain of a server that is gone.
  for (const page of context.pages()) await page.close();
  await server.stop();
}

export const test = base.extend<{ fresh: Server; server: Server; guard: Guard }>({
  fresh: async ({ context }, use) => during(context, await Server.startNew(), use),
  server: async ({ context }, use) => during(context, await Server.start(), use),
  guard: [
    async ({ context }, use) => {
      const guard = new Guard();
      await guard.watch(context);
      await use(guard);
      expect(guard.told, "what the pages complained about").toEqual([]);
    },
    { auto: true },
  ],
});
