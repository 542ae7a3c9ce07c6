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
 * Pieces of pages that a script can still reach though they are on no page. Not counted, because they are kept on purpose
 * and cannot grow: `<template>`s, of which Leptos has one for each static piece of a view, to clone it from; the empty
 * texts beside them; and the nodes of one chart, because the path builder that all of zrender shares remembers the canvas
 * it drew on last. (`Runtime.queryObjects` would tell them too, but ends Chromium 156 on a page of several WASM modules.)
 */
async function detachedNodes(session: CDPSession): Promise<number> {
  await session.send("DOM.getDocument");
  const { detachedNodes: trees } = await session.send("DOM.getDetachedDomNodes");
  type Node = (typeof trees)[number]["treeNode"];
  const isChart = (node: Node): boolean => (node.attributes ?? []).includes("data-zr-dom-id") || (node.children ?? []).some(isChart);
  const elements = trees.map((tree) => tree.treeNode).filter((node) => node.nodeType === 1 && node.localName !== "template");
  const charts = elements.filter(isChart).length;
  return elements.length - charts + Math.max(0, charts - 1);
}
