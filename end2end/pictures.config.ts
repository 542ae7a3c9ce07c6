import { defineConfig } from "@playwright/test";
import { chromium } from "./helpers/chromium.ts";

// `cargo xtask pictures`: not a test, but it drives the same pages by the same names.
export default defineConfig({
  testDir: "pictures",
  workers: 1,
  timeout: 30 * 60_000,
  expect: { timeout: 20_000 },
  outputDir: "test-results",
  reporter: [["list"]],
  use: { ...chromium, deviceScaleFactor: 2 },
});
