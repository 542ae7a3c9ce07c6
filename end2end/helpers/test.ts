// The test that all specs use: a server of its own, and a guard that fails it when a page misbehaves.
import { type Locator, type Page, expect, test as base } from "@playwright/test";
import { Guard } from "./guard.ts";
import { Server } from "./server.ts";

export { expect };

export const test = base.extend<{ server: Server; guard: Guard; board: Board }>({
  // Somebody is signed in, in every page of the test.
  context: async ({ context, server }, use) => {
    await context.addCookies([await server.signIn()]);
    await use(context);
  },
  server: async ({}, use) => {
    const server = await Server.start();
    await use(server);
    await server.stop();
  },
  guard: [
    // After the server in order, so that it looks before the server goes and unfinished loads fail.
    async ({ context, server: _server }, use) => {
      const guard = new Guard();
      await guard.watch(context);
      await use(guard);
      expect(guard.told, "what the pages complained about").toEqual([]);
    },
    { auto: true },
  ],
  board: async ({ page, server }, use) => {
    await use(new Board(page, server));
  },
});

/** The parts of the board page that tests name. */
export class Board {
  constructor(
    readonly page: Page,
    readonly server: Server,
  ) {}

  /** Opens a page of the server and waits until it is hydrated. */
  async open(path = "/"): Promise<void> {
    await this.page.goto(this.server.url + path);
    await this.hydrated();
  }

  async hydrated(): Promise<void> {
    await expect(this.page.locator("body")).toHaveAttribute("data-hydrated", /.*/);
  }

  async live(): Promise<void> {
    await expect(this.pill).toHaveAttribute("data-live", "live");
  }

  get pill(): Locator {
    return this.page.locator("[data-live]").first();
  }

  get main(): Locator {
    return this.page.locator("main");
  }

  get verdict(): Locator {
    return this.page.locator("[data-verdict]");
  }

  get feedItems(): Locator {
    return this.page.locator("[data-feed] [data-feed-item]");
  }

  get breakers(): Locator {
    return this.page.locator("[data-breaker]");
  }

  get help(): Locator {
    return this.page.locator("[data-help]");
  }

  breaker(name: string): Locator {
    return this.page.locator(`[data-breaker="${name}"]`);
  }

  /** The detail panel while it shows this breaker. */
  detail(name: string): Locator {
    const title = this.page.locator('[data-detail="name"]', { hasText: name });
    return this.page.getByRole("complementary").filter({ has: title });
  }

  menu(name: "range" | "theme"): Locator {
    return this.page.locator(`[data-menu="${name}"]`);
  }

  kpi(name: string): Locator {
    return this.page.locator(`[data-kpi="${name}"] .v`);
  }

  chart(name: string): Locator {
    return this.page.locator(`[data-chart="${name}"]`);
  }

  provider(name: string): Locator {
    return this.page.locator(`[data-provider="${name}"]`);
  }
}
