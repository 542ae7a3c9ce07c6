import { defineConfig } from "@playwright/test";
import { chromium } from "./helpers/chromium.ts";

// One worker: the tests measure time on a machine with two cores. At a desk there are no retries: a test that passes
// the second time has found something. CI machines are shared, so there one more try is allowed and told as "flaky".
// The 86,400 frames of heap.spec.ts run only under `cargo xtask prove heap`.
export default defineConfig({
  testDir: "specs",
  testIgnore: process.env.HEAP_FRAMES ? [] : ["heap.spec.ts"],
  fullyParallel: false,
  workers: 1,
  retries: process.env.CI ? 1 : 0,
  forbidOnly: true,
  timeout: 60_000,
  expect: { timeout: 10_000 },
  outputDir: "test-results",
  reporter: [["list"]],
  use: chromium,
});
