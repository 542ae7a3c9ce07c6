// What axe finds in a page, by the rules of WCAG 2.2 A and AA.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { expect, type Page } from "@playwright/test";
import type { AxeResults } from "axe-core";

// Evaluated from outside, as text: the page's content security policy lets no foreign script in.
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Nothing is found in the page as it is now; `what` names it in a failure. */
export async function accessible(page: Page, what: string): Promise<void> {
  await page.evaluate(axe);
  const results = (await page.evaluate(`axe.run(document, {
    runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
  })`)) as AxeResults;
  const told = results.violations.map(
    (violation) => `${violation.id}: ${violation.help}\n  ${violation.nodes.map((node) => node.html).join("\n  ")}`,
  );
  expect(told, what).toEqual([]);
  // A page that says one sentence has seven rules that are about something in it.
  expect(results.passes.length, "axe looked at something").toBeGreaterThan(5);
}
