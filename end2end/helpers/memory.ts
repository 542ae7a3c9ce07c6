// What a page holds on to, seen from the browser's debugger after a forced garbage collection.
import type { BrowserContext, CDPSession, Page } from "@playwright/test";

export type Holding = {
  /** JavaScript heap in use, bytes. */
  heap: number;
  /** The WASM program's memory, bytes; it never shrinks. */
  wasm: number;
  /** DOM nodes the browser knows, attached or not. */
  nodes: number;
  /** Event listeners. */
  listeners: number;
  /** Nodes of our document that scripts hold and that are on no page. */
  detached: number;
  /** ECharts instances made and not disposed. */
  charts: number;
};

/** Counts ECharts instances and finds the WASM memory; call before the page is opened. */
export async function instrument(context: BrowserContext): Promise<void> {
  await context.addInitScript(() => {
    type Chart = { isDisposed(): boolean };
    type Library = { init(...args: unknown[]): Chart };
    const held = window as unknown as { __charts: Chart[]; __wasm?: WebAssembly.Memory; __chartsEver: number };
    held.__charts = [];
    held.__chartsEver = 0;
    let library: Library | undefined;
    Object.defineProperty(window, "echarts", {
      configurable: true,
      get: () => library,
      set: (real: Library) => {
        const init = (...args: unknown[]) => {
          const chart = real.init(...args);
          if (!held.__charts.includes(chart)) held.__chartsEver += 1;
          held.__charts = held.__charts.filter((one) => !one.isDisposed() && one !== chart).concat(chart);
          return chart;
        };
        library = { ...real, init };
      },
    });
    const keep = (instance: WebAssembly.Instance) => {
      if (instance.exports.memory instanceof WebAssembly.Memory) held.__wasm = instance.exports.memory;
    };
    const streaming = WebAssembly.instantiateStreaming;
    WebAssembly.instantiateStreaming = async (...args) => {
      const result = await streaming(...args);
      keep(result.instance);
      return result;
    };
  });
}

/** The page's debugger. */
export async function debuggerOf(page: Page): Promise<CDPSession> {
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable");
  await session.send("HeapProfiler.enable");
  await session.send("DOM.enable");
  return session;
}

export async function holding(page: Page, session: CDPSession): Promise<Holding> {
  // Twice: what only finalizers hold goes in the second round.
  await session.send("HeapProfiler.collectGarbage");
  await session.send("HeapProfiler.collectGarbage");
  const { metrics } = await session.send("Performance.getMetrics");
  const metric = (name: string) => metrics.find((one) => one.name === name)?.value ?? Number.NaN;
  const detached = await detachedNodes(session);
  const seen = await page.evaluate(() => {
    type Held = { __charts: { isDisposed(): boolean }[]; __wasm?: WebAssembly.Memory };
    const held = window as unknown as Held;
    return {
      charts: held.__charts.filter((chart) => !chart.isDisposed()).length,
      wasm: held.__wasm?.buffer.byteLength ?? Number.NaN,
    };
  });
  return { heap: metric("JSHeapUsedSize"), nodes: metric("Nodes"), listeners: metric("JSEventListeners"), detached, ...seen };
}

/** Elements that a script can still reach though they are on no page; what lies in a `<template>` is not lost. */
async function detachedNodes(session: CDPSession): Promise<number> {
  const { result: prototype } = await session.send("Runtime.evaluate", { expression: "Element.prototype" });
  const { objects } = await session.send("Runtime.queryObjects", { prototypeObjectId: prototype.objectId ?? "", objectGroup: "count" });
  const { result, exceptionDetails } = await session.send("Runtime.callFunctionOn", {
    objectId: objects.objectId ?? "",
    functionDeclaration: `function () {
      // Prototypes are listed too, and are no elements.
      const isElement = (one) => Object.hasOwn(one, "constructor") === false;
      return this.filter((one) => isElement(one) && !one.isConnected && one.ownerDocument === document).length;
    }`,
    returnByValue: true,
  });
  await session.send("Runtime.releaseObjectGroup", { objectGroup: "count" });
  if (typeof result.value !== "number") throw new Error(`cannot count: ${exceptionDetails?.exception?.description}`);
  return result.value;
}
