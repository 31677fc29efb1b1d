/** Whether everybody can use a page: what axe-core finds, and what it does not look for. */
import axe from "axe-core";
import type { Page } from "playwright-core";
import { expect } from "vitest";

/** WCAG 2.2 AA, and what axe-core recommends beyond. */
const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** Fails with what is wrong with a page, in its light and its dark colours. */
export async function audit(page: Page): Promise<void> {
  await page.emulateMedia({ colorScheme: "light" });
  const light = await findViolations(page, { runOnly: tags, rules: { "target-size": { enabled: true } } });
  await page.emulateMedia({ colorScheme: "dark" });
  await page.locator('html[data-theme="dark"]').waitFor();
  // Only the colours are others.
  const dark = await findViolations(page, {
    runOnly: { type: "rule", values: ["color-contrast", "link-in-text-block"] },
  });
  await page.emulateMedia({ colorScheme: "light" });
  const widths = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  expect([...light, ...dark.map((one) => `dark: ${one}`)]).toEqual([]);
  expect(widths[0], "the page scrolls sideways").toBeLessThanOrEqual(widths[1]!);
}

async function findViolations(page: Page, options: axe.RunOptions): Promise<string[]> {
  const isThere = await page.evaluate(() => "axe" in window);
  if (!isThere) await page.evaluate(axe.source);
  const violations = await page.evaluate(async (options) => {
    const results = await (window as unknown as { axe: typeof axe }).axe.run(document, {
      ...options,
      resultTypes: ["violations"],
    });
    return results.violations;
  }, options);
  return violations.flatMap((rule) =>
    rule.nodes.map((node) => `${rule.id}: ${node.target.join(" ")}: ${node.failureSummary?.split("\n")[1]?.trim()}`),
  );
}
