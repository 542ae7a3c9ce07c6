// How the browser is started: the system's own, without anything that would reach beyond loopback.
import type { PlaywrightTestConfig } from "@playwright/test";

export const chromium: PlaywrightTestConfig["use"] = {
  browserName: "chromium",
  headless: true,
  viewport: { width: 1440, height: 900 },
  locale: "en-GB",
  timezoneId: "UTC",
  colorScheme: "light",
  trace: "off",
  screenshot: "only-on-failure",
  launchOptions: {
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  },
};
