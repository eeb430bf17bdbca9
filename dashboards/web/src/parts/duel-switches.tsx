/** The switches of one side: rows of the published comparison that can be flipped while it runs. */
import { compare } from "../api";
import { FLAGS, OFF, ON, SCOPES, flips, type SideName } from "../duel";
import type { CompareLinks, CompareSwitch } from "../feed/types.gen";
import { t, word } from "../i18n";
import { say } from "./toast";

async function flip(side: SideName, name: CompareSwitch["name"], value: CompareSwitch["value"]): Promise<void> {
  try {
    await compare.flip({ side, name, value });
  } catch (problem) {
    say("bad", (problem as Error).message);
  }
}

async function preset(side: SideName, from: CompareLinks, to: CompareLinks): Promise<void> {
  for (const name of flips(from, to)) await flip(side, name, to[name]);
}

export function Switches(props: { side: SideName; links: CompareLinks; live: boolean }) {
  const { side, links, live } = props;
  const help = (name: string) => `${word("compare.row", name)}: ${word("compare.off", name)} → ${word("compare.on", name)}`;
  return (
    <div class="switches" role="group" aria-label={t("compare.switches", { side: word("compare.side", side) })}>
      {FLAGS.map((name) => (
        <button
          key={name}
          type="button"
          role="switch"
          class="switch"
          aria-checked={links[name]}
          disabled={!live}
          title={help(name)}
          data-testid={`switch-${side}-${name}`}
          onClick={() => void flip(side, name, !links[name])}
        >
          <span class="switch-track" aria-hidden="true"><span class="switch-knob" /></span>
          <span class="switch-text"><b>{word("compare.switch", name)}</b><small>{word("compare.row", name)}</small></span>
        </button>
      ))}
      <label class="switch scope" title={help("scope")}>
        <span class="switch-text"><b>{t("compare.switch.scope")}</b><small>{t("compare.row.scope")}</small></span>
        <select
          value={links.scope}
          disabled={!live}
          data-testid={`switch-${side}-scope`}
          onChange={(event) => void flip(side, "scope", event.currentTarget.value as CompareLinks["scope"])}
        >
          {SCOPES.map((scope) => <option key={scope} value={scope}>{word("compare.scope", scope)}</option>)}
        </select>
      </label>
    </div>
  );
}

/** Everything off or everything on, by the switches that differ. */
export function Presets(props: { side: SideName; links: CompareLinks; live: boolean }) {
  const { side, links, live } = props;
  const name = (key: "compare.all_off" | "compare.all_on") => `${t(key)}, ${word("compare.side", side)}`;
  return (
    <span class="switch-presets">
      <button type="button" class="small" disabled={!live} aria-label={name("compare.all_off")} data-testid={`preset-${side}-off`} onClick={() => void preset(side, links, OFF)}>{t("compare.all_off")}</button>
      <button type="button" class="small" disabled={!live} aria-label={name("compare.all_on")} data-testid={`preset-${side}-on`} onClick={() => void preset(side, links, ON)}>{t("compare.all_on")}</button>
    </span>
  );
}

/** Each switch, its row of the table, and what is different when it is on. */
export function SwitchTable() {
  return (
    <div class="scroll" tabIndex={0} role="group" aria-label={t("compare.legend")}>
      <table class="grid switch-table">
        <thead>
          <tr><th scope="col">{t("compare.col.row")}</th><th scope="col">{t("compare.col.switch")}</th><th scope="col">{t("compare.col.off")}</th><th scope="col">{t("compare.col.on")}</th></tr>
        </thead>
        <tbody>
          <tr><td>{t("compare.row.unchanged")}</td><th scope="row">{t("none")}</th><td class="text" colSpan={2}>{t("compare.unchanged")}</td></tr>
          {[...FLAGS, "scope"].map((name) => (
            <tr key={name}>
              <td>{word("compare.row", name)}</td>
              <th scope="row">{word("compare.switch", name)}</th>
              <td class="text">{word("compare.off", name)}</td>
              <td class="text">{word("compare.on", name)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
