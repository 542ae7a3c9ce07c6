// People besides the owner.
import type { BrowserContext } from "@playwright/test";
import { expect } from "@playwright/test";
import type { Server } from "./server.ts";

/** Lets somebody in who was not there; their browser is signed in afterwards. */
export async function join(server: Server, context: BrowserContext, name: string, role: string): Promise<void> {
  const link = await server.invite(`${name.toLowerCase()}@example.com`, role);
  const page = await context.newPage();
  await page.goto(link);
  await page.getByLabel("Your name").fill(name);
  await page.getByLabel("Password").fill("a harbour in november");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(`${server.url}/`);
  await page.close();
}
