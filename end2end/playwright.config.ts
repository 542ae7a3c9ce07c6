import { defineConfig } from "@playwright/test";
import { chromium } from "./helpers/chromium.ts";

// One worker: the tests measure time on a machine with two cores. No retries: a test that passes the second time
// has found something. The 30 minutes of heap.spec.ts run only under `cargo xtask prove heap`.
export default defineConfig({
  testDir: "specs",
  testIgnore: process.env.HEAP_MINUTES ? [] : ["heap.spec.ts"],
  fullyParallel: false,
  workers: 1,
  retries: 0,
  forbidOnly: true,
  timeout: 60_000,
  expect: { timeout: 10_000 },
  outputDir: "test-results",
  reporter: [["list"]],
  use: chromium,
});
