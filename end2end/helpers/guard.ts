// Fails a test when a page breaks its content security policy, throws, or complains in the console.
import type { BrowserContext } from "@playwright/test";

export class Guard {
  private readonly complaints: string[] = [];
  private readonly allowed: RegExp[] = [];

  /** Everything that pages of this context say from now on counts. */
  async watch(context: BrowserContext): Promise<void> {
    await context.exposeBinding("__violated", (_source, what: string) => {
      this.complaints.push(`content security policy: ${what}`);
    });
    await context.addInitScript(() => {
      document.addEventListener("securitypolicyviolation", (event) => {
        const report = (window as unknown as { __violated(what: string): void }).__violated;
        report(`${event.violatedDirective} blocked ${event.blockedURI} at ${event.sourceFile}:${event.lineNumber}`);
      });
    });
    context.on("console", (message) => {
      if (message.type() === "error") this.complaints.push(`console: ${message.text()} (${message.location().url})`);
    });
    context.on("weberror", (error) => this.complaints.push(`uncaught: ${error.error().message}`));
  }

  /** For a test that brings a complaint about on purpose. */
  allow(pattern: RegExp): void {
    this.allowed.push(pattern);
  }

  /** What was said and not allowed. */
  get told(): string[] {
    return this.complaints.filter((text) => !this.allowed.some((pattern) => pattern.test(text)));
  }
}
