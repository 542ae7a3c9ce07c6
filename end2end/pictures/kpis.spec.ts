// The KPI page: light, dark, on a phone, on a wall, and on paper.
import path from "node:path";
import { test as base } from "@playwright/test";
import { days, week } from "../helpers/history.ts";
import { Server } from "../helpers/server.ts";

const OUT = process.env.PICTURES ?? "test-results/pictures";

const test = base.extend<{ server: Server }>({
  server: async ({ context }, use) => {
    const server = await Server.start();
    await context.addCookies([await server.signIn()]);
    await use(server);
    for (const page of context.pages()) await page.close();
    await server.stop();
  },
});

test("the KPIs", async ({ context, page, server }) => {
  test.setTimeout(180_000);
  const theme = (value: string) => context.addCookies([{ name: "fb_theme", value, url: server.url }]);
  const shot = (name: string, fullPage = true) => page.screenshot({ path: path.join(OUT, `${name}.png`), fullPage });
  await page.setViewportSize({ width: 1440, height: 1000 });
  await page.goto(`${server.url}/kpis`);
  await shot("kpis-empty-light");
  await server.push(...days());
  await server.push(...week());
  for (const look of ["light", "dark"]) {
    await theme(look);
    for (const [width, height, size] of [[1440, 1000, ""], [390, 844, "-phone"]] as const) {
      await page.setViewportSize({ width, height });
      await page.goto(`${server.url}/kpis?period=month`);
      await page.locator("[data-figure]").first().waitFor();
      await shot(`kpis${size}-${look}`);
    }
  }
  await page.setViewportSize({ width: 1440, height: 1000 });
  await page.goto(`${server.url}/kpis?period=week`);
  for (const summary of await page.locator('[data-swap="figures"] summary, .kpis-table > summary').all()) await summary.click();
  await shot("kpis-open-dark");
  await theme("light");
  await page.goto(`${server.url}/kpis?period=week`);
  await page.locator('[data-menu="export"] > summary').click();
  await shot("kpis-export-light", false);
  await page.setViewportSize({ width: 1920, height: 1080 });
  await page.goto(`${server.url}/kpis?period=month&kiosk=1`);
  await shot("kpis-wall-light", false);
  await page.setViewportSize({ width: 1440, height: 1000 });
  await page.goto(`${server.url}/kpis?period=month`);
  await page.pdf({ path: path.join(OUT, "kpis.pdf"), preferCSSPageSize: true });
  await page.emulateMedia({ media: "print" });
  // As wide as A4 within its margins.
  await page.setViewportSize({ width: 695, height: 1010 });
  await shot("kpis-print-light");
});
