/** A promise for one more order: where and when, and what other days would cost. */
import { useState } from "preact/hooks";
import { getJson } from "../api";
import type { PromiseLot, PromiseOption, PromiseQuote } from "../feed/types.gen";
import { day, number } from "../format";
import { lang, pick, place, t, word } from "../i18n";
import { Empty } from "./drawer";

type Asked = { style: string; pieces: number; region: string; days: number };

function Option(props: { one: PromiseOption; best: boolean }) {
  const { one, best } = props;
  return (
    <tr class={best ? "chosen" : ""}>
      <th scope="row">{day(one.arrives_ms)}</th>
      <td>{place(one.site)}</td>
      <td class="num">¥{number(one.price_yuan)}</td>
      <td class="num">¥{number(one.price_per_piece_yuan, 2)}</td>
      <td class="text">{best ? "" : pick(one)}{one.moves && ` ${t("promise.moves", { order: one.moves })}`}</td>
    </tr>
  );
}

function Lot(props: { lot: PromiseLot; number: number; of: number }) {
  const { lot } = props;
  const title = props.of > 1 ? t("promise.lot", { n: props.number, pieces: number(lot.pieces) }) : "";
  if (lot.best === null) return <Empty bad text={`${title} ${(lang.value === "zh" && lot.refused_zh) || lot.refused}`} />;
  const rows = [lot.best, ...lot.alternatives].sort((a, b) => a.arrives_ms - b.arrives_ms);
  return (
    <>
      {title && <h3>{title}</h3>}
      <div class="scroll" tabIndex={0} role="group" aria-label={t("promise.title")}>
      <table class="grid" data-testid="promise-options">
        <thead><tr><th scope="col">{t("promise.there")}</th><th scope="col">{t("promise.plant")}</th><th scope="col" class="num">{t("promise.price")}</th><th scope="col" class="num">{t("promise.piece")}</th><td /></tr></thead>
        <tbody>{rows.map((one) => <Option key={one.arrives_ms} one={one} best={one === lot.best} />)}</tbody>
      </table>
      </div>
      {!lot.in_time && <p class="minor">{t("promise.late")}</p>}
    </>
  );
}

function Answer(props: { quote: PromiseQuote }) {
  const { quote } = props;
  const shown = quote.lots.length > 4 ? [quote.lots[0], quote.lots.at(-1)] : quote.lots;
  return (
    <div data-testid="promise-answer">
      {shown.map((lot) => lot && <Lot key={quote.lots.indexOf(lot)} lot={lot} number={quote.lots.indexOf(lot) + 1} of={quote.lots.length} />)}
      <p class="minor">{t("promise.note", { orders: quote.orders, ms: number(quote.ms, 1) })}</p>
    </div>
  );
}

export function PromiseForm(props: { styles: readonly string[]; regions: readonly string[] }) {
  const { styles, regions } = props;
  const [asked, set] = useState<Asked>({ style: "", pieces: 300, region: "", days: 7 });
  const [answer, setAnswer] = useState<{ quote: PromiseQuote | null; error: string }>({ quote: null, error: "" });
  const style = asked.style || (styles[0] ?? "");
  const region = asked.region || (regions[0] ?? "");
  const ask = (event: Event) => {
    event.preventDefault();
    const query = new URLSearchParams({ style, region, pieces: String(asked.pieces), days: String(asked.days) });
    getJson<PromiseQuote>(`/api/promise?${query}`).then(
      (quote) => setAnswer({ quote, error: "" }),
      (problem: unknown) => setAnswer({ quote: null, error: (problem as Error).message }),
    );
  };
  return (
    <section class="card" aria-label={t("promise.title")} data-testid="promise">
      <header class="card-head"><h2>{t("promise.title")}</h2><span class="minor">{t("promise.hint")}</span></header>
      <form class="filters" onSubmit={ask}>
        <label>{t("orders.col.style")} <select value={style} onChange={(event) => set({ ...asked, style: event.currentTarget.value })} data-testid="promise-style">{styles.map((one) => <option key={one}>{one}</option>)}</select></label>
        <label>{t("order.pieces")} <input type="number" min={1} max={100000} value={asked.pieces} data-testid="promise-pieces" onInput={(event) => set({ ...asked, pieces: Number(event.currentTarget.value) })} /></label>
        <label>{t("promise.region")} <select value={region} onChange={(event) => set({ ...asked, region: event.currentTarget.value })}>{regions.map((one) => <option key={one} value={one}>{word("region", one)}</option>)}</select></label>
        <label>{t("promise.days")} <input type="number" min={0} max={20} value={asked.days} onInput={(event) => set({ ...asked, days: Number(event.currentTarget.value) })} /></label>
        <button type="submit" class="primary" data-testid="promise-ask">{t("promise.ask")}</button>
      </form>
      {answer.error && <Empty bad text={answer.error} />}
      {answer.quote && <Answer quote={answer.quote} />}
    </section>
  );
}
