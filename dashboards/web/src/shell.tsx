/** The frame around every view: header with clock, controls, language, theme and connection. */
import { lazy, Suspense } from "preact/compat";
import { useState } from "preact/hooks";
import { useGet } from "./api";
import { feed, live, useTopics } from "./feed/topics";
import { clockTime, longDay, number } from "./format";
import { lang, setLang, t, word } from "./i18n";
import { Controls } from "./parts/controls";
import { Drawer, Empty } from "./parts/drawer";
import { Toasts } from "./parts/toast";
import { VIEWS, go, hrefOf, view, type ViewName } from "./router";
import { theme, toggleTheme } from "./theme";
import { FloorView } from "./views/floor";

const views = {
  floor: FloorView,
  orders: lazy(() => import("./views/orders").then((m) => ({ default: m.OrdersView }))),
  plan: lazy(() => import("./views/plan").then((m) => ({ default: m.PlanView }))),
  forecast: lazy(() => import("./views/forecast").then((m) => ({ default: m.ForecastView }))),
  kpis: lazy(() => import("./views/kpis").then((m) => ({ default: m.KpisView }))),
  compare: lazy(() => import("./views/compare").then((m) => ({ default: m.CompareView }))),
  devices: lazy(() => import("./views/devices").then((m) => ({ default: m.DevicesView }))),
  log: lazy(() => import("./views/log").then((m) => ({ default: m.LogView }))),
  sql: lazy(() => import("./views/sql").then((m) => ({ default: m.SqlView }))),
};

function Link(props: { name: ViewName }) {
  const { name } = props;
  return (
    <a
      href={hrefOf(name)}
      aria-current={view.value === name ? "page" : undefined}
      data-testid={`nav-${name}`}
      onClick={(event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        go(name);
      }}
    >
      {t(`nav.${name}`)}
    </a>
  );
}

function Connection() {
  const state = feed.state.value;
  return (
    <span class={`link-state ${state}`} role="status" data-testid="connection" data-state={state}>
      <svg viewBox="0 0 12 12" width={11} height={11} aria-hidden="true">
        {state === "live" ? <circle cx={6} cy={6} r={4} /> : <path d="M6 1l5.5 10H.5z" />}
      </svg>{" "}
      {word("link", state)}
    </span>
  );
}

function PlantClock() {
  useTopics("clock");
  const clock = live.clock.value.value;
  if (clock === null || clock.plant_ms <= 0) return <div class="clock" data-testid="clock"><span class="minor">{t("clock.none")}</span></div>;
  const speed = clock.speed >= 10 || Number.isInteger(clock.speed) ? number(clock.speed) : number(clock.speed, 1);
  return (
    <div class="clock" data-testid="clock" title={t(clock.state === "skipping" ? "clock.skipping" : "clock.help")}>
      <span class="clock-day">{longDay(clock.plant_ms)}</span>
      <time class="clock-time">{clockTime(clock.plant_ms)}</time>
      <span class={`pill ${clock.state}`} data-testid="run-state">{word("run", clock.state)}</span>
      {clock.state !== "skipping" && <span class="pill" data-testid="run-speed">×{speed}</span>}
    </div>
  );
}

function Header() {
  const [open, setOpen] = useState(false);
  return (
    <header class="top">
      <div class="top-row">
        <a class="brand" href="/" onClick={(event) => { event.preventDefault(); go("floor"); }}>
          <svg viewBox="0 0 32 32" width={26} height={26} aria-hidden="true">
            <rect class="brand-back" width={32} height={32} rx={7} />
            <path class="brand-seam" d="M4 21c4 0 4-9 8-9s4 9 8 9 4-9 8-9" />
          </svg>
          <span>Seamline</span> <span class="brand-zh" lang="zh">缝线工场</span>
        </a>
        <nav class="nav" aria-label={t("nav.label")}>{VIEWS.map((name) => <Link key={name} name={name} />)}</nav>
        <div class="prefs">
          <Connection />
          <button type="button" class="ghost" data-testid="language" lang={lang.value === "zh" ? "en" : "zh"} onClick={() => setLang(lang.value === "zh" ? "en" : "zh")}>{lang.value === "zh" ? "English" : "中文"}</button>
          <button type="button" class="ghost" data-testid="theme" aria-label={t(theme.value === "dark" ? "theme.to_light" : "theme.to_dark")} title={t(theme.value === "dark" ? "theme.to_light" : "theme.to_dark")} onClick={toggleTheme}>
            <span aria-hidden="true">{theme.value === "dark" ? "☀" : "☾"}</span>
          </button>
        </div>
      </div>
      <div class="top-row second">
        <PlantClock />
        <button type="button" class="fold" aria-expanded={open} data-testid="fold" onClick={() => setOpen(!open)}>{t("control.group")}</button>
        <div class={open ? "control-box open" : "control-box"}><Controls /></div>
      </div>
    </header>
  );
}

function SignIn() {
  const run = useGet("GET /api/run", "/api/run");
  if (run.status !== 401 && run.status !== 403) return null;
  return <section class="card sign-in" role="alert"><h2>{t("sign_in.title")}</h2><p>{t("sign_in.text")}</p><pre class="code">seamline demo</pre></section>;
}

export function Shell() {
  const View = views[view.value];
  lang.value;
  return (
    <>
      <a class="skip" href="#main">{t("skip")}</a>
      <Header />
      <main id="main" tabIndex={-1} data-view={view.value}>
        <SignIn />
        {feed.problem.value && <Empty bad text={feed.problem.value} />}
        <Suspense fallback={<Empty text={t("loading")} />}><View key={view.value} /></Suspense>
      </main>
      <Drawer />
      <Toasts />
    </>
  );
}
