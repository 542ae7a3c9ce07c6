// The part of ECharts that the page uses, and nothing else: lines (also stacked and filled) and heat maps on a
// grid. A component that is missing here is missing on screen without an error, so a chart that needs another one
// adds it here. Bundled by `cargo xtask run` to /pkg/echarts.js, which the page loads only when a chart comes
// into view. Deliberately absent: legends (they are HTML), titles, toolbox, data zoom, SVG rendering.
import * as core from "echarts/core";
import { HeatmapChart, LineChart } from "echarts/charts";
import {
  AriaComponent,
  AxisPointerComponent,
  DatasetComponent,
  GridComponent,
  MarkAreaComponent,
  MarkLineComponent,
  TooltipComponent,
  VisualMapContinuousComponent,
} from "echarts/components";
import { CanvasRenderer } from "echarts/renderers";

core.use([
  AriaComponent,
  AxisPointerComponent,
  CanvasRenderer,
  DatasetComponent,
  GridComponent,
  HeatmapChart,
  LineChart,
  MarkAreaComponent,
  MarkLineComponent,
  TooltipComponent,
  VisualMapContinuousComponent,
]);

// charming calls the global; a module script makes none by itself.
globalThis.echarts = core;
