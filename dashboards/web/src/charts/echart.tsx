/** Puts an ECharts option on the page; the library itself comes when the first chart does. */
import type { EChartsCoreOption, EChartsType } from "echarts/core";
import { useEffect, useRef, useState } from "preact/hooks";
import { lang } from "../i18n";
import { calm, colour, theme } from "../theme";

/** Text, axes and tooltip in the colours of the present theme. */
export function base(): EChartsCoreOption {
  return {
    animation: !calm(),
    animationDuration: 200,
    animationDurationUpdate: 200,
    textStyle: { color: colour("ink"), fontFamily: getComputedStyle(document.body).fontFamily, fontSize: 12 },
    tooltip: {
      // Rich text keeps inline styles out of the page, which the content policy forbids.
      renderMode: "richText",
      backgroundColor: colour("panel-2"),
      borderColor: colour("line"),
      textStyle: { color: colour("ink"), fontSize: 12 },
    },
  };
}

export function axisStyle(): Record<string, unknown> {
  return {
    axisLabel: { color: colour("ink-2"), fontSize: 11 },
    axisLine: { lineStyle: { color: colour("line") } },
    axisTick: { show: false },
    splitLine: { lineStyle: { color: colour("line"), width: 1 } },
  };
}

export function EChart(props: {
  option: () => EChartsCoreOption;
  /** Draws anew when one of these changes. */
  on: readonly unknown[];
  height: number;
  label: string;
  onPick?: (id: string) => void;
}) {
  const { option, height, label } = props;
  const box = useRef<HTMLDivElement>(null);
  const [chart, setChart] = useState<EChartsType | null>(null);
  const pick = useRef(props.onPick);
  pick.current = props.onPick;

  useEffect(() => {
    let made: EChartsType | null = null;
    let gone = false;
    const watcher = new ResizeObserver(() => made?.resize());
    void import("./setup").then(({ init }) => {
      const host = box.current;
      if (gone || host === null) return;
      made = init(host, null, { renderer: "canvas" });
      made.on("click", (event) => pick.current?.(String(event.name)));
      watcher.observe(host);
      setChart(made);
    });
    return () => {
      gone = true;
      watcher.disconnect();
      made?.dispose();
      setChart(null);
    };
  }, []);

  useEffect(() => {
    chart?.setOption({ ...base(), ...option() }, { replaceMerge: ["series"] });
  }, [chart, theme.value, lang.value, ...props.on]);

  useEffect(() => chart?.resize(), [height]);

  return <div class="echart" style={{ height: `${height}px` }} ref={box} role="img" aria-label={label} data-drawn={chart !== null} />;
}
