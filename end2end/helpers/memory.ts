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
  /** ECharts instances ever made. */
  chartsEver: number;
};

/** Counts ECharts instances and finds the WASM memory; call before the page is opened. */
export async function instrument(context: BrowserContext): Promise<void> {
  await context.addInitScript(() => {
    type Chart = { isDisposed(): boolean };
    type Library = { init(...args: unknown[]): Chart };
    // Weak, so that counting keeps nothing: the library itself holds what is not disposed.
    const held = window as unknown as { __charts: WeakRef<Chart>[]; __wasm?: WebAssembly.Memory };
    held.__charts = [];
    let library: Library | undefined;
    Object.defineProperty(window, "echarts", {
      configurable: true,
      get: () => library,
      set: (real: Library) => {
        const init = (...args: unknown[]) => {
          const chart = real.init(...args);
          // A second init on the same element gives the same instance.
          if (!held.__charts.some((one) => one.deref() === chart)) held.__charts.push(new WeakRef(chart));
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
    // The library answers `undefined` until a chart is disposed.
    type Held = { __charts: WeakRef<{ isDisposed(): boolean | undefined }>[]; __wasm?: WebAssembly.Memory };
    const isAlive = (chart?: { isDisposed(): boolean | undefined }) => chart !== undefined && chart.isDisposed() !== true;
    const held = window as unknown as Held;
    return {
      charts: held.__charts.filter((chart) => isAlive(chart.deref())).length,
      chartsEver: held.__charts.length,
      wasm: held.__wasm?.buffer.byteLength ?? Number.NaN,
    };
  });
  return { heap: metric("JSHeapUsedSize"), nodes: metric("Nodes"), listeners: metric("JSEventListeners"), detached, ...seen };
}

/**
 * Elements that a script can still reach though they are on no page. Not counted, because they are kept on purpose
 * and cannot grow: `<template>`s, of which Leptos has one for each static piece of a view, to clone it from; and the
 * nodes of one chart, because the path builder that all of zrender shares remembers the canvas it drew on last.
 */
async function detachedNodes(session: CDPSession): Promise<number> {
  const { result: prototype } = await session.send("Runtime.evaluate", { expression: "Element.prototype" });
  const { objects } = await session.send("Runtime.queryObjects", { prototypeObjectId: prototype.objectId ?? "", objectGroup: "count" });
  const { result, exceptionDetails } = await session.send("Runtime.callFunctionOn", {
    objectId: objects.objectId ?? "",
    functionDeclaration: `function () {
      // Prototypes are listed too, and are no elements.
      const isElement = (one) => Object.hasOwn(one, "constructor") === false;
      const lost = (one) => !one.isConnected && one.ownerDocument === document && one.localName !== "template";
      const found = this.filter((one) => isElement(one) && lost(one));
      const top = (one) => (one.parentElement ? top(one.parentElement) : one);
      const isChart = (one) => top(one).querySelector("canvas[data-zr-dom-id]") !== null;
      const charts = new Set(found.filter(isChart).map(top));
      return found.filter((one) => !isChart(one)).length + Math.max(0, charts.size - 1);
    }`,
    returnByValue: true,
  });
  await session.send("Runtime.releaseObjectGroup", { objectGroup: "count" });
  if (typeof result.value !== "number") throw new Error(`cannot count: ${exceptionDetails?.exception?.description}`);
  return result.value;
}
